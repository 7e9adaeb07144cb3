"""Run the tour in README.md and paste what it prints under each snippet.

    python tools/readme_tour.py            rewrite README.md with the real output
    python tools/readme_tour.py --check    compare instead; numbers may differ, words may not

The tour is what stands between the two ``tour`` comments: ``python`` snippets, which share one session, and ``sh`` snippets,
which share its folder; each is followed by a ``text`` block.
"""

import argparse
import contextlib
import difflib
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"
TOUR = re.compile(r"(?<=<!-- tour -->\n).*?(?=<!-- end of the tour -->)", re.DOTALL)
SNIPPET = re.compile(
    r"```(?P<language>python|sh)\n(?P<code>.*?)```\n(?:\n?```text\n(?P<output>.*?)```\n)?", re.DOTALL
)
NUMBER = re.compile(r"[-+]?\d[\d,.]*(?:e[-+]?\d+)?%?|\bnan\b")


def main(arguments: list[str]) -> int:
    """Run the tour; returns 1 when ``--check`` finds that its words have changed."""
    parser = argparse.ArgumentParser(description="Run README.md's tour and paste its output.")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args(arguments)
    os.environ.update(
        TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1"
    )  # another number, other last digits
    old = README.read_text(encoding="utf-8")
    new = rewritten(old)
    if not options.check:
        README.write_text(new, encoding="utf-8")
        return 0
    changes = difference(old, new)
    print("\n".join(changes) or "README.md shows what its tour prints.")
    return 1 if changes else 0


def rewritten(readme: str) -> str:
    """The text of a README with its tour run anew, in a folder of its own."""
    session: dict[str, object] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return TOUR.sub(lambda tour: SNIPPET.sub(lambda found: played(found, session), tour[0]), readme)


def played(found: re.Match[str], session: dict[str, object]) -> str:
    """A snippet with the output of this run."""
    output = run_python(found["code"], session) if found["language"] == "python" else run_shell(found["code"])
    shown = "\n".join(line.rstrip() for line in output.strip("\n").splitlines())
    text = f"```{found['language']}\n{found['code']}```\n"
    return text + (f"\n```text\n{shown}\n```\n" if shown else "")


def run_python(code: str, session: dict[str, object]) -> str:
    """Run a snippet in the session; what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(code, "README.md", "exec"), session)
    return printed.getvalue()


def run_shell(code: str) -> str:
    """Run the lines of a snippet with this Python's programs first on the PATH; what they print."""
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    answer = subprocess.run(
        ["sh", "-ec", code], capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    if answer.returncode:
        raise RuntimeError(f"README.md: {code!r} ended with exit code {answer.returncode}:\n{answer.stderr}")
    return answer.stdout


def difference(old: str, new: str) -> list[str]:
    """How two READMEs differ, word by word: numbers, rules, gaps and where a line breaks do not count."""

    def words(text: str) -> list[str]:
        return re.sub(r"[-─━]{2,}", " ", NUMBER.sub("#", text)).split()

    return list(difflib.unified_diff(words(old), words(new), "README.md", "this run", lineterm="", n=8))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
