"""``python -m approxir``: the command line."""

import sys

from approxir.cli import main

if __name__ == "__main__":
    sys.exit(main())
