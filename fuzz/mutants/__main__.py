"""``python -m approxir.testing.mutants``."""

import sys

from approxir.testing.mutants.running import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
