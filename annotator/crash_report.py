"""What a crash report says: versions, the machine, the traceback and the log; never a picture.

A report is a plain text file beside the log, for the person to read before giving it to anybody.
Paths below the home directory begin with ~, and any name that ends like a picture's is left out.
"""

import importlib.metadata
import os
import platform
import re
import sys
import traceback
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from annotator import __version__
from annotator.log_file import LogLine
from annotator.log_lines import PICTURES

PREFIX = "crash-"
REPORTS_KEPT = 20
LOG_LINES = 200
_PACKAGES = (
    "PySide6-Essentials", "torch", "torchvision", "numpy", "scipy", "scikit-image", "Pillow",
    "tifffile", "imagecodecs", "safetensors", "pycocotools",
)  # fmt: skip
_PICTURE_END = r"\.(?:png|jpe?g|jfif|tiff?|bmp|gif|webp|jp2|avif|heic|pgm|ppm|pnm|npy|dcm)(?!\w)"
_LEFT_OUT = "(a picture)"
# From the first quote, slash or drive of a line to the last picture's ending: a name may hold
# blanks and quotes of its own, so rather too much is left out than a part of a name kept.
_QUOTED = re.compile(rf"(?i)(?:['\"/\\~]|\b[a-z]:[\\/])[^\n]*{_PICTURE_END}")
_BARE = re.compile(rf"(?i)[^\s'\"/\\]*{_PICTURE_END}")

Failure = tuple[type[BaseException], BaseException | None, TracebackType | None]


def private(text: str, home: str | None = None) -> str:
    """The text without names of pictures, and with ~ for the home directory."""
    place = home if home is not None else str(Path.home())
    spellings = {place, place.replace("\\", "/"), place.replace("\\", "\\\\")}
    for spelling in sorted((s for s in spellings if len(s) > 1), key=len, reverse=True):
        text = re.sub(re.escape(spelling) + r"(?![\w.-])", "~", text)
    return _BARE.sub(_LEFT_OUT, _QUOTED.sub(_LEFT_OUT, text))


def trace_of(failure: Failure) -> str:
    """The traceback as Python prints it."""
    kind, error, trace = failure
    return "".join(traceback.format_exception(kind, error, trace))


def log_part(lines: Iterable[LogLine]) -> tuple[str, ...]:
    """Log lines for a report; lines about single pictures are only counted."""
    shown: list[str] = []
    left_out = 0
    for line in lines:
        if line.source == PICTURES:
            left_out += 1
        else:
            shown.append(line.whole())
    if left_out:
        shown.append(f"({left_out} lines about single pictures are left out)")
    return tuple(shown)


def file_part(lines: Iterable[str]) -> tuple[str, ...]:
    """The same for lines that were read from a log file."""
    kept = [line for line in lines if f" {PICTURES} " not in line]
    return tuple(kept)


def report_text(what: str, trace: str, log: Sequence[str]) -> str:
    """The whole report. ``what`` is one sentence; all of it goes through `private`."""
    parts = (
        f"annotator {__version__}: crash report of {datetime.now().isoformat(' ', 'seconds')}",
        "It holds no pictures and no names of pictures. Read it before you pass it on.",
        "",
        what,
        "",
        trace.rstrip(),
        "",
        "-- Versions " + "-" * 60,
        *_versions(),
        "",
        f"-- The last {len(log)} lines of the log " + "-" * 40,
        *log,
        "",
    )
    return private("\n".join(parts))


def write_report(folder: Path, text: str) -> Path:
    """Write a report under a name of its own and let the oldest ones go; raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    number = 1
    while True:
        path = folder / f"{PREFIX}{stamp}-{number}.txt"
        try:
            with path.open("x", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(text)
        except FileExistsError:
            number += 1
            continue
        _let_old_ones_go(folder)
        return path


def reports_in(folder: Path) -> tuple[Path, ...]:
    """The reports there are, oldest first."""
    return tuple(sorted(folder.glob(f"{PREFIX}*.txt"), key=_age))


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def _let_old_ones_go(folder: Path) -> None:
    for path in reports_in(folder)[:-REPORTS_KEPT]:
        path.unlink(missing_ok=True)


def _versions() -> list[str]:
    lines = [
        f"Python {sys.version.split()[0]} ({sys.executable})",
        f"{platform.platform()}, {platform.machine()}, {os.cpu_count()} processors",
    ]
    for name in _PACKAGES:
        try:
            lines.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(f"{name} is not there")
    return lines + _screen()


def _screen() -> list[str]:
    """What Qt draws on, if it was loaded at all."""
    gui = sys.modules.get("PySide6.QtGui")
    app = None if gui is None else gui.QGuiApplication.instance()
    if gui is None or app is None:
        return []
    ratio = gui.QGuiApplication.instance().devicePixelRatio()
    return [f"Qt platform {gui.QGuiApplication.platformName()}, scale {ratio:g}"]
