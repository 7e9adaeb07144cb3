"""``python -m dltoolkit``: the command line."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The arguments after the program's name. Defaults to those of this process.

    Returns:
        int: The exit code: 0 when all went well.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [
        "doctor"
    ]:  # before anything else is imported: it also comes to a broken installation
        from dltoolkit import doctor

        return doctor.main(arguments[1:])
    from dltoolkit import cli

    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
