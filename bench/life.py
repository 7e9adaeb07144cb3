"""Time of the whole life on the largest table that is shipped: `dltoolkit run` on flights (336,776 rows, 17 columns).

Asked: less than 4 minutes in all on 2 cores, reading the CSV, three baselines, search, bundle and report included.

    python bench/life.py [table] [--fast]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from dltoolkit import data


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", default="flights")
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "table.csv"), pathlib.Path(folder, "out")
        data.load(options.table).to_csv(source, index=False)
        target = data.CATALOGUE[options.table].target
        command = [
            sys.executable,
            "-m",
            "dltoolkit",
            "run",
            str(source),
            "--target",
            target,
            "--out",
            str(out),
        ]
        started = time.perf_counter()
        subprocess.run(command + ["--fast"] * options.fast, check=True)
        took = time.perf_counter() - started
        report = json.loads((out / "report.json").read_text())
    for step, seconds in report["timings"].items():
        print(f"{step:12s} {seconds:8.1f} s")
    print(f"{options.table}: {took:.0f} s in all, the start of Python included (asked for flights: 240)")


if __name__ == "__main__":
    main()
