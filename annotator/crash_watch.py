"""Watching for crashes: what nobody caught becomes a report, and the window goes on.

Native crashes cannot be survived: faulthandler leaves its traces in a file, and the next start
makes a report of them.
"""

import atexit
import contextlib
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, Qt, Signal

from annotator.crash_report import (
    LOG_LINES,
    Failure,
    file_part,
    log_part,
    report_text,
    trace_of,
    write_report,
)
from annotator.log_file import FILE_NAME, Log, tail

NATIVE_PREFIX = "native-"
REPORTS_LIMIT = 20  # in one run: what fails in every paint must not fill the disk
NATIVE_BYTES = 1 << 18
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CrashNotice:
    """One sentence for the person, and the report; None where even that could not be written."""

    sentence: str
    report: Path | None


class CrashWatch(QObject):
    """Catches what nobody else did, on every thread. ``happened`` tells on the window's thread.

    Make it before the window and call `start`; `close` gives the hooks back.
    """

    happened = Signal(object)  # CrashNotice
    _heard = Signal(object)

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log
        self._seen: set[str] = set()
        self._native: IO[str] | None = None
        self._native_path = log.folder / f"{NATIVE_PREFIX}{os.getpid()}.txt"
        self._restore: list[Callable[[], None]] = []
        self._heard.connect(self.happened, Qt.ConnectionType.QueuedConnection)

    def start(self) -> CrashNotice | None:
        """Set all hooks; a notice if the program crashed natively when it last ran."""
        notice = self._left_behind()
        self._hook_python()
        self._hook_native()
        atexit.register(self.close)
        return notice

    def close(self) -> None:
        """Give the hooks back; the run ended well, so its empty trace file goes."""
        atexit.unregister(self.close)
        while self._restore:
            self._restore.pop()()
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None
            self._native_path.unlink(missing_ok=True)

    # -- Python ----------------------------------------------------------------------------------

    def _hook_python(self) -> None:
        before = (sys.excepthook, threading.excepthook, sys.unraisablehook)

        def on_error(*failure: object) -> None:
            if isinstance(failure[1], Exception):
                self._report(failure, "in the window", told=True)  # type: ignore[arg-type]
            else:
                before[0](*failure)  # type: ignore[arg-type]  # Ctrl-C and exits are no crashes

        def on_thread(event: threading.ExceptHookArgs) -> None:
            if isinstance(event.exc_value, Exception):
                failure = (event.exc_type, event.exc_value, event.exc_traceback)
                name = event.thread.name if event.thread is not None else "unknown"
                self._report(failure, f"in the thread '{name}'", told=True)

        def on_unraisable(event: "sys.UnraisableHookArgs") -> None:
            failure = (event.exc_type, event.exc_value, event.exc_traceback)
            self._report(failure, "while tidying up", told=False)

        def restore() -> None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = before

        sys.excepthook, threading.excepthook, sys.unraisablehook = (
            on_error, on_thread, on_unraisable,
        )  # fmt: skip
        self._restore.append(restore)

    def _report(self, failure: Failure, where: str, *, told: bool) -> None:
        """Write it down once for each place it happens at; must never raise itself."""
        key = _place_of(failure)
        if key in self._seen or len(self._seen) >= REPORTS_LIMIT:
            return
        self._seen.add(key)
        what = f"{failure[0].__name__} {where}"
        _logger.error("%s", what, exc_info=failure)  # type: ignore[arg-type]
        path = self._written(f"Nobody caught: {what}.", trace_of(failure))
        if told:
            sentence = (
                f"Something went wrong {where} ({failure[0].__name__}); your work is saved, and "
                "you can go on."
            )
            self._heard.emit(CrashNotice(sentence, path))

    def _written(self, what: str, trace: str) -> Path | None:
        log = log_part(self._log.ring.newest(LOG_LINES))
        try:
            return write_report(self._log.folder, report_text(what, trace, log))
        except OSError as error:
            _logger.error("The report cannot be written: %s", error)
            return None

    # -- native ----------------------------------------------------------------------------------

    def _hook_native(self) -> None:
        try:
            self._log.folder.mkdir(parents=True, exist_ok=True)
            self._native = self._native_path.open("w", encoding="utf-8")
            _claim(self._native)
        except OSError as error:
            _logger.warning("Native crashes cannot be noted: %s", error)
            self._native = None
            return
        faulthandler.enable(self._native, all_threads=True)

    def _left_behind(self) -> CrashNotice | None:
        """Make reports of the traces of dead processes; the newest is told."""
        notice = None
        for path in sorted(self._log.folder.glob(f"{NATIVE_PREFIX}*.txt")):
            trace = _taken(path)
            if trace is None:
                continue
            log = file_part(tail(self._log.folder / FILE_NAME, LOG_LINES))
            with contextlib.suppress(OSError):
                text = report_text("The program was ended by a native crash.", trace, log)
                notice = CrashNotice(
                    "The program crashed when it last ran; all you had made was saved.",
                    write_report(self._log.folder, text),
                )
        return notice


def _place_of(failure: Failure) -> str:
    """Where an error was raised: the same place is reported once in a run."""
    kind, _, trace = failure
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{kind.__name__} {where}"


def _taken(path: Path) -> str | None:
    """What a dead process left, which is removed; None while it lives, or where nothing is."""
    try:
        with path.open("r+", encoding="utf-8", errors="replace") as stream:
            _claim(stream)
            trace = stream.read(NATIVE_BYTES)
        path.unlink()
    except OSError:  # another window writes to it
        return None
    return trace if trace.strip() else None


if sys.platform == "win32":

    def _claim(stream: IO[str]) -> None:
        """Windows lets nobody remove a file that another process has open: that is claim enough."""

else:
    import fcntl

    def _claim(stream: IO[str]) -> None:
        """Hold the file for as long as this process lives; raises `OSError` if another does."""
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
