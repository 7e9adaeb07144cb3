"""``python -m dltoolkit``: the command line."""

import sys

from dltoolkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
