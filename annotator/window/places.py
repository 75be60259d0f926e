"""Places outside the window: files and folders shown with whatever the system shows them with."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from annotator.crash_watch import CrashNotice
from annotator.window.feedback import Message, Tone


def show_place(path: Path) -> bool:
    """Open a file or folder outside; of what is not there, the nearest folder above that is."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(there)))


def folder_of(path: Path) -> Path:
    """The folder that holds a file, whether or not the file is there yet."""
    return path if path.is_dir() else path.parent


def crash_message(notice: CrashNotice, *, earlier: bool = False) -> Message:
    """What the window says of a crash; of an ``earlier`` run quietly, and with its place."""
    tone = Tone.QUIET if earlier else Tone.BAD
    report = notice.report
    if report is None:
        return Message(notice.sentence, tone)
    where = f" The report is '{report.name}'." if earlier else ""
    return Message(f"{notice.sentence}{where}", tone, "Show report", lambda: show_place(report))
