"""A lane that answers at once, without an engine: the real queue, made-up answers, no torch."""

import dataclasses
import random
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from annotator.document.images import ImageId
from annotator.flows.lane_messages import (
    Ask,
    Configure,
    EngineKind,
    EngineState,
    LaneAnswer,
    Learn,
    Request,
    SupportRef,
    Topic,
)
from annotator.flows.lane_queue import KEPT, LaneQueue
from engines.exchange import Mark, MarkKind
from engines.row_map import paint

DEVICE = "stand-in"
DEATH = "The engine stopped unexpectedly (code 1); it is starting again."
NOTHING = EngineState(EngineKind.CLOSED)


class StandInLane(QObject):
    """Serves one request each time the event loop comes round. Answers hold what was marked.

    With ``trouble``, a chance in [0, 1] for each request, it refuses, or dies and starts again.
    """

    answered = Signal(object, int, object)
    progressed = Signal(object, int, float, str)
    failed = Signal(object, int, str)
    state_changed = Signal(object)

    def __init__(self, seed: int = 0, *, trouble: float = 0.0) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self._trouble = trouble
        self._queue = LaneQueue()
        self.support: SupportRef | None = None
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._serve)
        self._open = False
        self.state = NOTHING
        self.process_id = None
        self.served = 0
        self.deaths = 0

    def start(self) -> None:
        """Be ready from now on."""
        self._open = True
        self._show(EngineState(EngineKind.READY, DEVICE))
        self._turn.start()

    def restart(self) -> None:
        """Forget what was learned and be told it again."""
        self.support = None
        self._queue.tell_again(*KEPT)
        self.start()

    def ask(self, request: Request) -> int:
        """Take a request in place of an older one of its topic."""
        ticket = self._queue.add(request).ticket
        if self._open:
            self._show(EngineState(EngineKind.BUSY, DEVICE))
            self._turn.start()
        return ticket

    def cancel(self, topic: Topic) -> None:
        """Drop what waits under a topic."""
        self._queue.drop(topic)

    def close(self) -> None:
        """Answer nothing more."""
        self._queue.clear()
        self._open = False
        self._turn.stop()
        self._show(NOTHING)

    # -- inside ----------------------------------------------------------------------------------

    def _serve(self) -> None:
        pending = self._queue.take() if self._open else None
        if pending is None:
            if self._open:
                self._show(EngineState(EngineKind.READY, DEVICE))
            return
        self._turn.start()
        luck = self._chance.random()
        if luck < self._trouble / 2 and pending.topic not in KEPT:
            self.deaths += 1
            self._show(EngineState(EngineKind.RESTARTING, DEATH))
            self._queue.put_back(pending)
            self.restart()
            return
        if luck < self._trouble:
            self.failed.emit(pending.topic, pending.ticket, "The stand-in does not want to.")
            return
        self.served += 1
        self.progressed.emit(pending.topic, pending.ticket, 0.5, "Standing in")
        self.answered.emit(pending.topic, pending.ticket, self._answer(pending.request))

    def _answer(self, request: Request) -> object:
        if isinstance(request, Configure):
            self.support = None
            return DEVICE
        if isinstance(request, Learn):
            self.support = request.support
            return ""
        if not isinstance(request, Ask):
            return ""
        support = self.support
        classes = 0 if support is None else len(support.class_ids)
        version = 0 if support is None else support.version
        return made_up_answer(
            request.image_id, request.image.size, classes, request.fixed.marks(), version
        )

    def _show(self, state: EngineState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def made_up_answer(
    image_id: ImageId,
    size: tuple[int, int],
    class_count: int,
    marks: tuple[Mark, ...],
    version: int,
) -> LaneAnswer:
    """Bands of every row, another arrangement for each image and version, marks painted last."""
    H, W = size
    y, x = np.mgrid[:H, :W]
    rows = (((x + 3 * y + 7 * int(image_id) + 5 * version) // 9) % (class_count + 1)).astype("u1")
    for mark in marks:
        if mark.kind is not MarkKind.BOX:
            paint(rows, mark)
    uncertainty = ((x[::2, ::2] * 2) % 256).astype(np.uint8)
    counts = np.bincount(rows[rows <= class_count].ravel(), minlength=class_count + 1)
    turn = 0.1 * int(image_id)
    known: dict[str, Any] = {
        "image_id": image_id,
        "rows": rows,
        "uncertainty": uncertainty,
        "doubt": (int(image_id) % 7) / 7,
        "support_version": version,
        "seconds": 0.001,
        "class_doubt": tuple((row, 0.2, int(n)) for row, n in enumerate(counts) if n),
        "descriptor": np.array([np.cos(turn), np.sin(turn)], np.float32),
    }
    fields = [field.name for field in dataclasses.fields(LaneAnswer)]
    return LaneAnswer(**{name: known[name] for name in fields})
