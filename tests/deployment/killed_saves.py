"""Run as a script: kill saves into one folder at each of their file operations, and at random times; print the sums.

Each save runs in a fork of this process, so that TensorFlow is imported once.
"""

import collections
import json
import os
import pathlib
import random
import signal
import sys
import time

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}
STEP, RANDOM_KILLS = 4, 5  # all of the 50 or so operations take a minute


class Operations:
    """Counts file operations inside a folder, and kills the process at the one with a given number."""

    def __init__(self, folder, fatal=None):
        self.folder, self.fatal, self.count = str(folder), fatal, 0
        sys.addaudithook(self)

    def __call__(self, event, arguments):
        if event in EVENTS and any(str(a).startswith(self.folder) for a in arguments):
            self.count += 1
            if self.count == self.fatal:
                os.kill(os.getpid(), signal.SIGKILL)


def forked(work):
    """Start `work` in a fork that always ends here."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def main(run_folder, folder):
    from dltoolkit import deployment, training

    run, folder = training.load(run_folder), pathlib.Path(folder)
    deployment.save(folder, run, metadata={"number": 0})
    (folder / "notes.txt").write_text("mine")
    seen = collections.Counter()

    def number():
        return deployment.load(folder).card["metadata"]["number"]

    def save(fatal=None):
        operations = Operations(folder, fatal)
        deployment.save(folder, run, metadata={"number": before + 1})
        (folder.parent / "count").write_text(str(operations.count))

    def outcome(pid):
        killed = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        seen["killed" if killed else "done"] += 1
        seen["new" if number() > before else "old"] += 1

    before = 0
    started = time.monotonic()
    outcome(forked(save))
    seconds = time.monotonic() - started
    total = int((folder.parent / "count").read_text())
    for fatal in range(1, total + 1, STEP):
        before = number()
        outcome(forked(lambda fatal=fatal: save(fatal)))
    draw = random.Random(0)
    for _ in range(RANDOM_KILLS):
        before = number()
        pid = forked(save)
        time.sleep(draw.uniform(0, seconds))
        os.kill(pid, signal.SIGKILL)
        outcome(pid)
    before = number()
    bundle = deployment.save(folder, run, metadata={"number": before + 1})
    left = sorted(set(os.listdir(folder)) - {e["name"] for e in bundle.manifest["files"].values()})
    print(json.dumps({**seen, "operations": total, "left": left}))


if __name__ == "__main__":
    main(*sys.argv[1:])
