"""``python -m approxir``, and where the commands ``approxir`` and ``approx-opt`` begin.

An interrupt while the command lines are still being loaded ends as quietly as a later one.
"""

import sys

_INTERRUPTED = 128 + 2


def main() -> int:
    """The command line ``approxir``."""
    try:
        from approxir.cli import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


def approx_opt() -> int:
    """The command line ``approx-opt``."""
    try:
        from approxir.cli.approx_opt import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
