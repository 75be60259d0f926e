"""Work off the window's thread, one piece at a time: progress, a way to stop, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThreadPool, Signal

from annotator.flows.errors import PLAIN_ERRORS, Cancelled
from annotator.flows.reporting import CancelToken, Reporter, SilentReporter

Work = Callable[[Reporter], object]
STOPPED = "Stopped; nothing was changed."
UNFORESEEN = "This failed for a reason that was not foreseen; the log tells more."


@dataclass(frozen=True, slots=True, eq=False)
class Ending:
    """How a piece of work ended: ``value`` is its answer, unless ``sentence`` says what was wrong.

    ``error`` is what was raised; None where the person stopped the work.
    """

    value: object = None
    sentence: str = ""
    error: Exception | None = None

    @property
    def good(self) -> bool:
        """Whether there is an answer."""
        return not self.sentence


class _Telling(SilentReporter):
    """Sends progress to the window's thread."""

    def __init__(self, token: CancelToken, wish: int, said: "_Said") -> None:
        super().__init__(token)
        self._wish, self._said = wish, said

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how far it is."""
        self._said.progressed.emit(self._wish, fraction, message)


class _Said(QObject):
    """Carries what a thread says to the window's thread."""

    progressed = Signal(int, float, str)
    ended = Signal(int, object)  # Ending


class _Piece:
    def __init__(self, wish: int, work: Work, token: CancelToken, said: _Said) -> None:
        self._wish, self._work, self._token, self._said = wish, work, token, said

    def run(self) -> None:
        """Work, and say which of the ends it came to."""
        ending = Ending(sentence=UNFORESEEN)
        try:
            ending = self._ending()
        finally:  # a fault of the program is told by whoever watches for those
            self._said.ended.emit(self._wish, ending)

    def _ending(self) -> Ending:
        reporter = _Telling(self._token, self._wish, self._said)
        try:
            reporter.raise_if_cancelled()
            return Ending(self._work(reporter))
        except Cancelled:
            return Ending(sentence=STOPPED)
        except PLAIN_ERRORS as error:
            return Ending(sentence=str(error), error=error)
        except OSError as error:
            reason = error.strerror or str(error)
            where = f" '{error.filename}'" if error.filename else ""
            return Ending(sentence=f"The disk refused{where}: {reason}.", error=error)
        except MemoryError as error:
            return Ending(sentence="There is no memory for this; close others.", error=error)


class BackgroundWork(QObject):
    """Does one piece of work at a time; a newer piece stops the one before and takes its place.

    Signals come on the window's thread, and only for the newest piece.
    """

    progressed = Signal(float, str)  # 0 to 1, and a few words
    ended = Signal(object)  # Ending

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._said = _Said(self)
        self._said.progressed.connect(self._on_progressed)
        self._said.ended.connect(self._on_ended)
        self._token: CancelToken | None = None
        self._wish = 0

    @property
    def running(self) -> bool:
        """Whether a piece is under way or about to be told of."""
        return self._token is not None

    def start(self, work: Work) -> None:
        """Do this now."""
        self.stop()
        self._wish += 1
        self._token = CancelToken()
        # A callable, and no clearing of the pool: PySide keeps a QRunnable that was cleared, and
        # takes other objects at the same address for it. A stopped piece ends at once by itself.
        self._pool.start(_Piece(self._wish, work, self._token, self._said).run)

    def stop(self) -> None:
        """Ask the piece under way to stop at its next convenient point; it still tells its end."""
        if self._token is not None:
            self._token.cancel()

    def close(self) -> None:
        """Stop, wait for it, and tell nobody."""
        self.stop()
        self._wish += 1
        self._token = None
        self._pool.waitForDone()

    def _on_progressed(self, wish: int, fraction: float, message: str) -> None:
        if wish == self._wish:
            self.progressed.emit(fraction, message)

    def _on_ended(self, wish: int, ending: Ending) -> None:
        if wish == self._wish:
            self._token = None
            self.ended.emit(ending)
