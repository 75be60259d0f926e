"""The lane to the engine: one process, one request at a time, the newest and most urgent first."""

import logging
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from annotator.engine_log import last_words
from annotator.flows.engine_child import EngineChild, Watch
from annotator.flows.engine_process import OpenDesk, open_desk
from annotator.flows.lane_messages import (
    Answered,
    Ask,
    Done,
    EngineKind,
    EngineState,
    Envelope,
    Judged,
    LaneAnswer,
    Polished,
    Progress,
    Refused,
    Request,
    Stopped,
    Topic,
    answer_bytes,
)
from annotator.flows.lane_queue import KEPT, LaneQueue, Pending
from annotator.flows.shared_arrays import OwnedBlock
from annotator.log_lines import engine_is
from engines.errors import EngineError

DEATHS_LIMIT = 6  # deaths in a row without one answer in between
END_S = 1.0

_logger = logging.getLogger(__name__)
_AGAIN = "it is starting again, and nothing you made is lost."
_GIVEN_UP = "it is not started again by itself; choose another method or backbone, or restart it."


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """Seconds after which an engine counts as hanging: without heartbeat, without any progress."""

    beat_s: float = 20.0
    work_s: float = 180.0
    look_s: float = 0.5


class EngineLane(QObject):
    """Lives on the window's thread and never waits for the engine, except where it is ended.

    Of each topic only the newest request is served. `Configure` and `Learn` are kept, and told
    again to a new process when one died. Call `close` before the application ends.
    """

    answered = Signal(
        object, int, object
    )  # topic, ticket, LaneAnswer | CrossScores | Polished | text
    progressed = Signal(object, int, float, str)  # topic, ticket, fraction, message
    failed = Signal(object, int, str)  # topic, ticket, sentence
    state_changed = Signal(object)  # EngineState
    _heard = Signal(object, object)  # child, reply; emitted by the listening thread

    def __init__(
        self,
        *,
        opening: OpenDesk = open_desk,
        limits: LaneLimits | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        limits = limits or LaneLimits()
        self._opening = opening
        self._child: EngineChild | None = None
        self._block = OwnedBlock()
        self._queue = LaneQueue()
        self._flight: Pending | None = None
        self._sequence = 0
        self._deaths = 0
        self._hung = False
        self._device = ""
        self._state = EngineState(EngineKind.CLOSED)
        self._watch = Watch(look_s=limits.look_s, beat_s=limits.beat_s, work_s=limits.work_s)
        self._timer = QTimer(self)
        self._timer.setInterval(round(limits.look_s * 1e3))
        self._timer.timeout.connect(self._look)
        self._heard.connect(self._on_heard, Qt.ConnectionType.QueuedConnection)

    @property
    def state(self) -> EngineState:
        """What the engine is doing."""
        return self._state

    @property
    def process_id(self) -> int | None:
        """The engine's process, if there is one."""
        return None if self._child is None else self._child.process_id

    def start(self) -> None:
        """Start the engine; nothing happens if it runs. Requests may be asked before."""
        if self._child is None:
            self._deaths = 0
            self._show(EngineKind.STARTING)
            self._start_child()

    def restart(self) -> None:
        """Begin anew with a fresh process, also after the lane has given up."""
        self._end_child(0.0)
        if self._flight is not None:
            self._queue.put_back(self._flight)
            self._flight = None
        self.start()

    def ask(self, request: Request) -> int:
        """Queue a request in place of an older one of its topic; the ticket it will answer with."""
        if self._flight is not None and self._flight.yields_to(request.topic):
            self._stop_flight(again=self._flight.topic is not request.topic)
        ticket = self._queue.add(request).ticket
        if request.topic is Topic.CONFIGURE and self._state.kind is EngineKind.FAILED:
            self._show(EngineKind.STARTING)
            if self._child is None:
                self.start()
        self._dispatch()
        self._show_work()
        return ticket

    def cancel(self, topic: Topic) -> None:
        """Drop what waits under a topic and stop what runs; nothing is told of either."""
        self._queue.drop(topic)
        if self._flight is not None and self._flight.topic is topic:
            self._stop_flight(again=False)

    def close(self) -> None:
        """End the engine, within two seconds, and give all shared memory back."""
        self._queue.clear()
        self._end_child(END_S)
        self._flight = None
        self._block.release()
        self._show(EngineKind.CLOSED)

    # -- serving ---------------------------------------------------------------------------------

    def _stop_flight(self, *, again: bool) -> None:
        if self._flight is not None and self._child is not None:
            self._flight.stopped, self._flight.again = True, again
            self._child.cancel(self._sequence)

    def _dispatch(self) -> None:
        """Send the most urgent request, if the engine is free."""
        if self._child is None or self._flight is not None:
            return
        pending = self._queue.take(only_settings=self._state.kind is EngineKind.FAILED)
        if pending is None:
            return
        self._sequence += 1
        try:
            self._block.write(pending.request, room=_room(pending.request))
        except (EngineError, OSError) as error:
            sentence = str(error)  # told later: whoever asks does not know the ticket yet
            QTimer.singleShot(0, self, lambda: self._not_sent(pending, sentence))
            return
        self._flight = pending
        self._child.send(Envelope(self._sequence, self._block.name))

    def _not_sent(self, pending: Pending, sentence: str) -> None:
        self.failed.emit(pending.topic, pending.ticket, sentence)
        self._dispatch()

    @Slot(object, object)
    def _on_heard(self, child: EngineChild, reply: object) -> None:
        if child is not self._child:
            return
        if reply is None:
            self._on_death(child)
            return
        flight = self._flight
        if flight is None or getattr(reply, "sequence", None) != self._sequence:
            return
        if isinstance(reply, Progress):
            self.progressed.emit(flight.topic, flight.ticket, reply.fraction, reply.message)
            return
        answer = self._copied(flight.request, reply)
        self._flight = None
        if isinstance(reply, Stopped):
            self._queue.put_back(flight)
        self._note(flight, reply)
        self._dispatch()  # before the answer is looked at: the engine need not wait for that
        self._tell(flight, reply, answer)
        self._show_work()

    def _copied(self, request: Request, reply: object) -> object:
        """The answer, taken out of the shared block, which the next request will use."""
        if isinstance(reply, Answered) and isinstance(request, Ask):
            rows, uncertainty = self._block.read(reply.size, reply.uncertainty_size)
            return LaneAnswer(
                request.image_id,
                rows,
                uncertainty,
                reply.doubt,
                reply.support_version,
                reply.seconds,
                reply.class_doubt,
                reply.descriptor,
            )
        if isinstance(reply, Judged):
            return reply.report
        if isinstance(reply, Polished):
            return reply
        return reply.text if isinstance(reply, Done) else None

    def _note(self, flight: Pending, reply: object) -> None:
        """What a reply says of the engine as a whole."""
        if flight.topic is Topic.CONFIGURE and isinstance(reply, Done):
            self._device = reply.text
            self._show(EngineKind.READY, self._device)
        elif flight.topic is Topic.CONFIGURE and isinstance(reply, Refused):
            self._show(EngineKind.FAILED, reply.sentence)
        elif flight.topic not in KEPT and isinstance(reply, Answered | Done):
            self._deaths = 0

    def _tell(self, flight: Pending, reply: object, answer: object) -> None:
        if isinstance(reply, Answered | Done | Judged | Polished):
            self.answered.emit(flight.topic, flight.ticket, answer)
        elif isinstance(reply, Refused):
            self.failed.emit(flight.topic, flight.ticket, reply.sentence)

    # -- life and death --------------------------------------------------------------------------

    def _start_child(self) -> None:
        self._hung = False
        self._watch.restart()
        try:
            self._child = EngineChild(self._opening, self._heard.emit)
        except OSError as error:
            self._show(EngineKind.FAILED, f"The engine could not be started ({error.strerror}).")
            return
        self._queue.tell_again(*KEPT)
        self._timer.start()
        self._dispatch()

    def _end_child(self, limit_s: float) -> None:
        child, self._child = self._child, None
        self._timer.stop()
        if child is not None:
            child.end(limit_s)

    def _look(self) -> None:
        if self._child is None or self._hung:
            return
        flight = self._flight
        opening = flight is not None and flight.topic is Topic.CONFIGURE
        if self._watch.hangs(self._child, working=flight is not None, opening=opening):
            self._hung = True
            self._child.kill()  # its end is then heard like any other

    def _on_death(self, child: EngineChild) -> None:
        cause = child.cause_of_death()
        cause = "The engine no longer answered and was ended" if self._hung else cause
        _logger.warning("%s%s", cause, last_words())
        self._end_child(0.0)
        self._deaths += 1
        flight, self._flight = self._flight, None
        lost = flight if flight is not None and self._queue.fail(flight) else None
        if self._deaths >= DEATHS_LIMIT or (lost and lost.topic is Topic.CONFIGURE):
            self._show(EngineKind.FAILED, f"{cause}; {_GIVEN_UP}")
        else:
            self._show(EngineKind.RESTARTING, f"{cause}; {_AGAIN}")
            self._start_child()
        if lost:
            sentence = f"{cause}, twice while doing the same, which is therefore left out."
            self.failed.emit(lost.topic, lost.ticket, sentence)

    # -- what is shown ---------------------------------------------------------------------------

    def _show_work(self) -> None:
        if self._state.kind in (EngineKind.READY, EngineKind.BUSY):
            busy = self._flight is not None or bool(self._queue)
            self._show(EngineKind.BUSY if busy else EngineKind.READY, self._device)

    def _show(self, kind: EngineKind, text: str = "") -> None:
        state = EngineState(kind, text)
        if state != self._state:
            self._state = state
            engine_is(kind.value, text)
            self.state_changed.emit(state)


def _room(request: Request) -> int:
    return answer_bytes(request.image.size) if isinstance(request, Ask) else 0
