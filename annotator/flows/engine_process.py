"""The engine's own process: takes one request at a time, answers, and never outlives the desk."""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, MutableSequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from annotator.engine_log import redirect_engine
from annotator.flows.errors import PLAIN_ERRORS
from annotator.flows.lane_messages import (
    Answered,
    Ask,
    Configure,
    CrossCheck,
    Done,
    EngineSettings,
    Envelope,
    Judged,
    Learn,
    Polish,
    Polished,
    Progress,
    Refused,
    Reply,
    Request,
    Stopped,
)
from annotator.flows.shared_arrays import VisitedBlock
from engines.errors import Cancelled, EngineError

if TYPE_CHECKING:  # torch comes with it, and the desk imports this module
    from annotator.flows.engine_desk import EngineDesk

CANCEL, BEAT, PULSE, CONTROL_LENGTH = 0, 1, 2, 3  # places in the shared numbers
BEAT_S = 0.2
PROGRESS_S = 0.05
MOST_THREADS = 8  # images are small: more threads would mostly wait for each other
MEMORY_EXIT = 77  # the exit code that says: memory ran out

Control = MutableSequence[
    int
]  # shared int64: cancel up to this sequence, heartbeats, steps of work
OpenDesk = Callable[[EngineSettings], "EngineDesk"]

_logger = logging.getLogger(__name__)


def open_desk(settings: EngineSettings) -> "EngineDesk":
    """The real desk; imports torch."""
    from annotator.flows.engine_desk import EngineDesk

    return EngineDesk(settings)


def run_engine(connection: Connection, control: Any, opening: OpenDesk) -> None:
    """Serve until the desk says goodbye or is gone."""
    redirect_engine()
    _leave_room()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the desk, which then closes us
    block = VisitedBlock()
    threading.Thread(target=_beat, args=(control, block), daemon=True).start()
    server = _Server(connection, control, block, opening)
    while True:
        try:
            envelope = connection.recv()
            if envelope is None:
                return
            connection.send(server.reply(envelope))
        except (EOFError, OSError):  # the desk is gone
            return


class _Server:
    """Turns envelopes into replies; whatever a request raises becomes a reply too."""

    def __init__(
        self, connection: Connection, control: Control, block: VisitedBlock, opening: OpenDesk
    ) -> None:
        self._connection = connection
        self._control = control
        self._block = block
        self._opening = opening
        self._desk: EngineDesk | None = None

    def reply(self, envelope: Envelope) -> Reply:
        """Do what is asked. Leaves the process where memory ran out: its state is not trusted."""
        sequence = envelope.sequence
        reporter = PipeReporter(self._connection, self._control, sequence)
        try:
            reporter.raise_if_cancelled()
            return self._served(self._block.read(envelope.block), reporter, sequence)
        except Cancelled:
            return Stopped(sequence)
        except MemoryError:
            os._exit(MEMORY_EXIT)
        except ConnectionError:
            raise
        except PLAIN_ERRORS as error:
            return Refused(sequence, str(error))
        except Exception as error:
            if _out_of_memory(error):
                os._exit(MEMORY_EXIT)
            _logger.exception("The engine met an error of its own")
            return Refused(
                sequence,
                f"The engine met an error of its own ({type(error).__name__}: {error}); the log "
                "has the details, and other images are not affected.",
            )

    def _served(self, request: Request, reporter: "PipeReporter", sequence: int) -> Reply:
        if isinstance(request, Configure):
            return Done(sequence, self._configured(request.settings))
        desk = self._open_desk()
        if isinstance(request, Learn):
            desk.learn(request.support, reporter)
            return Done(sequence)
        if isinstance(request, CrossCheck):
            return Judged(sequence, desk.cross_check(reporter))
        if isinstance(request, Polish):
            return Polished(sequence, desk.polish(reporter))
        if not isinstance(request, Ask):
            desk.encode(request.image, reporter)
            return Done(sequence)
        started = time.perf_counter()
        rows, uncertainty, doubt, version = desk.answer(request.image, request.fixed, reporter)
        insight = desk.insight(request.image, rows, uncertainty, reporter)
        self._block.write(rows, uncertainty)
        seconds = time.perf_counter() - started
        h, w = uncertainty.shape
        size = request.image.size
        return Answered(sequence, size, (h, w), doubt, version, seconds, *insight)

    def _configured(self, settings: EngineSettings) -> str:
        before, self._desk = self._desk, None  # after a failure nothing answers from the old one
        if before is not None and before.adopt(settings):
            self._desk = before
        else:
            self._desk = self._opening(settings)
        return self._desk.device_text

    def _open_desk(self) -> "EngineDesk":
        if self._desk is None:
            raise EngineError("The engine has no method open; choose a method and a backbone.")
        return self._desk


class PipeReporter:
    """Tells the desk how far the work is and stops it once the desk has said so."""

    def __init__(self, connection: Connection, control: Control, sequence: int) -> None:
        self._connection = connection
        self._control = control
        self._sequence = sequence
        self._told = time.monotonic()

    def progress(self, fraction: float, message: str = "") -> None:
        """Send it, but not more often than an eye can follow."""
        self._control[PULSE] += 1
        now = time.monotonic()
        if now - self._told >= PROGRESS_S:
            self._told = now
            self._connection.send(Progress(self._sequence, fraction, message))

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the desk no longer wants this request."""
        self._control[PULSE] += 1
        if self._control[CANCEL] >= self._sequence:
            raise Cancelled("The work was stopped.")


def _leave_room() -> None:
    """All cores but one compute, and sleep while they wait: the window needs one to stay fluent.

    Measured on two cores: two threads that wait for each other are slower than one while anybody
    else works. Said here, for torch reads it while it loads.
    """
    threads = min((os.cpu_count() or 1) - 1, MOST_THREADS)
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, threads)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _beat(control: Control, block: VisitedBlock) -> None:
    """Show that this process is alive, and leave at once when the desk is not."""
    desk = multiprocessing.parent_process()
    watched = [] if desk is None else [desk.sentinel]
    while not wait(watched, BEAT_S):
        control[BEAT] += 1
    block.abandon()
    os._exit(0)


def _out_of_memory(error: Exception) -> bool:
    from engines.sessions.memory_ladder import is_memory_error

    return is_memory_error(error)
