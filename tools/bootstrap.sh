#!/bin/sh
# Find a Python that can run tools/bootstrap.py, which makes .venv and fills it. Arguments are handed on.
# PYTHON=/path/to/python chooses one. TensorFlow's wheels decide which versions fit: see tools/bootstrap.py.
cd "$(dirname "$0")/.." || exit 1

FITS='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
RUNS='import sys; sys.exit(sys.version_info < (3, 8))'

if [ -n "$PYTHON" ] && ! "$PYTHON" -c "$FITS" 2>/dev/null; then
    echo "PYTHON=$PYTHON: expected a Python from 3.11 to 3.13, got: $("$PYTHON" --version 2>&1 | head -n 1)." >&2
    exit 1
fi
for test in "$FITS" "$RUNS"; do
    for python in "$PYTHON" python3 python3.13 python3.12 python3.11 python; do
        if [ -n "$python" ] && "$python" -c "$test" >/dev/null 2>&1; then
            exec "$python" tools/bootstrap.py "$@"
        fi
    done
done
if command -v uv >/dev/null 2>&1; then
    exec uv run --quiet --no-project --python '>=3.11,<3.14' python tools/bootstrap.py "$@"
fi
echo "Python: expected one from 3.11 to 3.13 on the PATH, found none." >&2
echo "Install it from https://www.python.org/downloads/ or with your system's package manager, then run make again." >&2
exit 1
