"""Start: hand the command line over and return its exit code."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; 0 done, 1 failed or stopped, 2 wrongly asked."""
    try:
        from annotator.cli.run import run

        return run(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:  # while modules were still being imported: nothing was begun
        sys.stderr.write("annotator: Stopped before anything was done.\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
