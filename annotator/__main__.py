"""Start: the window, or the command line, and the exit code of either."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from annotator.cli import COMMANDS


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window or run a command; 0 done, 1 failed or stopped, 2 wrongly asked."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        if wants_window(arguments):
            return _window(arguments)
        from annotator.cli.run import run

        return run(arguments)
    except KeyboardInterrupt:  # while modules were still being imported: nothing was begun
        sys.stderr.write("annotator: Stopped before anything was done.\n")
        return 1


def wants_window(arguments: Sequence[str]) -> bool:
    """Whether nothing was asked but to open the window, perhaps with a folder in it."""
    if not arguments:
        return True
    first = arguments[0]
    return len(arguments) == 1 and first not in COMMANDS and Path(first).is_dir()


def has_display() -> bool:
    """Whether a window could be seen, or was asked to be drawn without being seen."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def _window(arguments: Sequence[str]) -> int:
    if not has_display():
        sys.stderr.write(
            "annotator: There is no display for the window; 'annotator --help' lists what works "
            "without one.\n"
        )
        return 1
    from annotator.app import run_window

    return run_window(Path(arguments[0]) if arguments else None)


if __name__ == "__main__":
    sys.exit(main())
