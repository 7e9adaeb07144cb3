# make lab      JupyterLab, with the notebooks           make test   everything that has to pass
# make check    format, lint, import direction, types    make notebooks   every notebook, executed into build/notebooks
# make bench    the measurements in bench/               make lock   requirements.txt from pyproject.toml
# make pretrained   weights of a BERT and of an EfficientNet (100 MB), for notebooks 30 and 31
# make clean    remove .venv and what was built
#
# Each makes .venv when it is not there. To choose: make PYTHON=/usr/bin/python3.12 lab; make LAB_ARGS="--port 9000" lab;
# make WORKERS=4 test; make NOTEBOOK_ARGS=--full notebooks.

PY = .venv/bin/python
WORKERS = 2
# One thread a worker: with more, the workers get in each other's way.
ONE_THREAD = TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1

.PHONY: lab pretrained test check notebooks bench lock clean

lab:
	@PYTHON='$(PYTHON)' sh tools/bootstrap.sh lab
	@$(PY) tools/lab.py $(LAB_ARGS)

pretrained:
	@PYTHON='$(PYTHON)' sh tools/bootstrap.sh pretrained

test: check
	$(ONE_THREAD) $(PY) -m pytest -n $(WORKERS) --dist worksteal $(TEST_ARGS)

check: .dev
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	.venv/bin/lint-imports --no-logo
	$(PY) -m mypy
	$(PY) tools/check_notebooks.py

notebooks: .dev
	$(PY) tools/run_notebooks.py --out build/notebooks --parallel $(WORKERS) $(NOTEBOOK_ARGS)

bench: .dev
	@for file in bench/*.py $(filter-out %/common.py,$(wildcard bench/quality/*.py)); do echo "== $$file"; $(PY) "$$file" || exit 1; done

lock:
	uv pip compile --universal --fork-strategy fewest --python-version 3.11 --extra dev --no-annotate --upgrade \
		--custom-compile-command "make lock" --output-file requirements.txt pyproject.toml

.PHONY: .dev
.dev:
	@PYTHON='$(PYTHON)' sh tools/bootstrap.sh dev

clean:
	rm -rf .venv build dist dltoolkit.egg-info .pytest_cache .ruff_cache .mypy_cache .import_linter_cache
	find dltoolkit tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +
