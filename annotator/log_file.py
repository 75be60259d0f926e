"""The log: one file that rolls over, and the newest lines in memory for whoever shows them.

Set up once by whoever starts the program. Modules only say ``logging.getLogger(__name__)``.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

import platformdirs

LOG_VARIABLE = "ANNOTATOR_LOGS"
FILE_NAME = "annotator.log"
FILE_BYTES = 1 << 20
OLD_FILES = 3
LINES_KEPT = 10_000
LINE_FORM = "%(asctime)s  %(levelname)-8s %(name)s  %(message)s"
_QT = "qt"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry. ``number`` counts up from 0; ``text`` may hold a traceback on further lines."""

    number: int
    when: datetime
    level: int
    source: str
    text: str

    @property
    def level_name(self) -> str:
        """'INFO', 'WARNING', 'ERROR' ..."""
        return logging.getLevelName(self.level)

    @property
    def headline(self) -> str:
        """The first line of the text."""
        return self.text.split("\n", 1)[0]

    def whole(self) -> str:
        """All of it, as the file has it."""
        stamp = self.when.isoformat(" ", "milliseconds")
        return f"{stamp}  {self.level_name:<8} {self.source}  {self.text}"


class LogRing(logging.Handler):
    """The newest lines. Written from any thread, read from any other."""

    def __init__(self, kept: int = LINES_KEPT) -> None:
        super().__init__()
        self._lines: deque[LogLine] = deque(maxlen=kept)
        self._count = 0
        self._guard = threading.Lock()
        self._plain = logging.Formatter("%(message)s")

    @property
    def count(self) -> int:
        """How many lines there ever were: the number of the next one."""
        return self._count

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; called by logging."""
        text = self._plain.format(record)
        when = datetime.fromtimestamp(record.created)
        with self._guard:
            self._lines.append(LogLine(self._count, when, record.levelno, record.name, text))
            self._count += 1

    def since(self, number: int) -> tuple[LogLine, ...]:
        """The kept lines from that number on, oldest first."""
        with self._guard:
            if number >= self._count:
                return ()
            skipped = max(0, number - (self._count - len(self._lines)))
            return tuple(self._lines)[skipped:]

    def newest(self, limit: int) -> tuple[LogLine, ...]:
        """At most ``limit`` lines, the newest ones, oldest first."""
        return self.since(max(0, self._count - limit))


@dataclass(frozen=True, slots=True)
class Log:
    """The log at work. ``note`` is one sentence where no file could be opened."""

    folder: Path
    ring: LogRing
    note: str | None
    _close: Callable[[], None]

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self.folder / FILE_NAME

    def close(self) -> None:
        """Stop listening and close the file."""
        self._close()


def log_folder() -> Path:
    """Where logs and crash reports are; ``ANNOTATOR_LOGS`` names another folder."""
    wish = os.environ.get(LOG_VARIABLE)
    return Path(wish) if wish else platformdirs.user_log_path("annotator", appauthor=False)


def start_logging(folder: Path | None = None, *, level: int = logging.INFO) -> Log:
    """Begin: everything from ``level`` on goes to the file and the ring. Close it before again.

    A folder that cannot be written costs only the file: the ring works, and ``note`` says so.
    """
    place = folder or log_folder()
    root, ring = logging.getLogger(), LogRing()
    before = root.level
    file, note = _opened(place)
    heard = [ring] if file is None else [ring, file]
    for one in heard:
        root.addHandler(one)
    root.setLevel(level)
    logging.captureWarnings(True)

    def close() -> None:
        logging.captureWarnings(False)
        root.setLevel(before)
        for one in heard:
            root.removeHandler(one)
            one.close()

    return Log(place, ring, note, close)


def rolling_file(path: Path) -> RotatingFileHandler:
    """A log file that never grows beyond `FILE_BYTES`; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = RotatingFileHandler(
        path,
        maxBytes=FILE_BYTES,
        backupCount=OLD_FILES,
        encoding="utf-8",
        errors="backslashreplace",
    )
    made.setFormatter(logging.Formatter(LINE_FORM))
    return made


def hear_qt() -> Callable[[], None]:
    """Send Qt's own messages to the log, under the name 'qt'; call the answer to stop."""
    from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
        QtMsgType.QtFatalMsg: logging.CRITICAL,
    }

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        category = getattr(context, "category", None)
        source = _QT if category in (None, "default") else f"{_QT}.{category}"
        logging.getLogger(source).log(levels.get(kind, logging.WARNING), "%s", text)

    before = qInstallMessageHandler(hear)

    def stop() -> None:
        qInstallMessageHandler(before)

    return stop


def tail(path: Path, limit: int, *, most_bytes: int = 1 << 18) -> tuple[str, ...]:
    """The last lines of a text file, at most ``limit``; none where it cannot be read."""
    try:
        with path.open("rb") as stream:
            length = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, length - most_bytes))
            data = stream.read(most_bytes)
    except OSError:
        return ()
    return tuple(data.decode("utf-8", "replace").splitlines()[-limit:])


def _opened(folder: Path) -> tuple[RotatingFileHandler | None, str | None]:
    try:
        return rolling_file(folder / FILE_NAME), None
    except OSError as error:
        return None, f"The log cannot be written to '{folder}': {error.strerror or error}."
