"""How long an update takes on 1, 2 and more processes, and what of it is the sum of the gradients: ``python bench/scale.py``.

All processes share this machine, so that only the all-reduce is measured, over loopback; the computing does not get faster.
"""

import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

PROCESSES = (1, 2, 4)  # the more, the longer they wait for the same cores
FLOATS = (10_000, 250_000, 5_000_000)  # 40 kB to 20 MB of gradients
REPEATS = 5
BATCH, ROWS, WIDTHS = 256, 2_048, (64, 512)


def all_reduce(floats):
    """Seconds to sum so many numbers over all processes, median."""
    import jax
    import numpy as np

    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
    cut = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
    whole = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
    own = np.ones((jax.device_count(), floats), "float32")
    parts = jax.make_array_from_callback(own.shape, cut, lambda index: own[index])
    total = jax.jit(lambda values: values.sum(axis=0), out_shardings=whole)
    return _median(lambda: total(parts).block_until_ready())


def update(width):
    """Seconds an update of a network takes through `training.fit`, and the bytes of its gradients."""
    import numpy as np
    import pandas as pd

    from dltoolkit import Problem, Schema, data, models, preprocessing, training

    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(ROWS, 20)), columns=[f"x{i}" for i in range(20)])
    frame["y"] = np.where(frame["x0"] > 0, "p", "n")
    problem = Problem.infer(frame, "y")
    splits = data.split(frame, problem, near=False)
    preprocessor = preprocessing.fit(splits.train, Schema.infer(splits.train, "y"))
    model = models.mlp(problem, preprocessor, units=(width, width))
    options = {"epochs": 4, "batch_size": BATCH, "progress": False, "early_stopping": False}
    run = training.fit(model, preprocessor, splits, problem, **options)
    updates = -(-len(splits.train) // BATCH)
    return float(run.history["seconds"].iloc[1:].median()) / updates, 4 * model.count_params()


def _median(call):
    call()
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _measure(out):
    import jax

    found = {"all_reduce": {4 * n: all_reduce(n) for n in FLOATS}}
    found["update"] = {size: seconds for seconds, size in map(update, WIDTHS)}
    if jax.process_index() == 0:
        pathlib.Path(out).write_text(json.dumps(found))


def main():
    """Print one line a payload: milliseconds for each number of processes."""
    from dltoolkit.cli import _launch

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in PROCESSES:
            out = pathlib.Path(folder) / f"{n}.json"
            _launch.launch(_launch.plan(n, None, None), os.path.abspath(__file__), [str(out)])
            results[n] = json.loads(out.read_text())
            print(n, "processes:", json.dumps(results[n]), flush=True)
    print("".join(["what         bytes      ", *(f"{n:>4} processes" for n in PROCESSES)]))
    for what in ("all_reduce", "update"):
        for size in results[1][what]:
            each = "".join(f"{1e3 * results[n][what][size]:>11.2f} ms" for n in PROCESSES)
            print(f"{what:<12} {int(size):<10,} {each}")


if __name__ == "__main__":
    _measure(sys.argv[1]) if len(sys.argv) > 1 else main()
