"""The live support report: its rows follow every gesture; when all is quiet the engine judges what
it learned from, and then polishes it."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import CrossCheck, Polish, Polished, SupportRef, Topic
from annotator.flows.live_support import LiveSupport
from annotator.flows.support_report import SupportReport, SupportRow
from engines.exchange import CrossScores

QUIET_MS = 600  # after the last support set; while a person draws nothing is judged
LONGEST_WAIT_S = 10.0  # for answers still open: a gallery may be too large to wait for

_logger = logging.getLogger(__name__)


class LiveReport(QObject):
    """Asks the engine to judge the marked images, and to polish its answer, when it is idle.

    ``idle`` says whether no image waits for an answer.
    """

    changed = Signal()
    polished = Signal()  # the engine answers otherwise, and better, from now on

    def __init__(
        self,
        supports: LiveSupport,
        lane: EngineLane,
        idle: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._supports = supports
        self._lane = lane
        self._idle = idle
        self._image_ids: tuple[ImageId, ...] = ()
        self._since = 0.0
        self._ticket = 0
        self._wanted: list[CrossCheck | Polish] = []  # in this order, one at a time
        self._broken = False
        self._muted: frozenset[ImageId] = frozenset()
        self._effects: dict[ImageId, float | None] = {}
        self._figures = SupportReport()
        self._report: SupportReport | None = SupportReport()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(QUIET_MS)
        self._timer.timeout.connect(self._ask)

    @property
    def report(self) -> SupportReport:
        """As it stands; made when it is asked for."""
        if self._report is None:
            self._report = self._made()
        return self._report

    def touch(self, muted: frozenset[ImageId]) -> None:
        """Marks or mutes are other ones."""
        self._muted = muted
        self._tell()

    def renew(self, support: SupportRef) -> None:
        """The engine was told a support set: judge it a moment after the last of these."""
        self.hold()
        self._image_ids = support.image_ids
        self._wanted = [Polish()] if support.shots else []
        if support.shots and not self._broken:
            self._wanted.insert(0, CrossCheck())
        self._figures = replace(self._figures, tier="instant")
        self.go_on()
        if not support.shots:
            self._put(CrossScores(support_version=support.version))

    def stop(self) -> None:
        """Judge nothing until there is another support set."""
        self._wanted = []
        self.hold()

    def hold(self) -> None:
        """Ask nothing until `go_on`."""
        self._timer.stop()
        self._lane.cancel(Topic.REPORT)
        self._ticket = 0

    def go_on(self) -> None:
        """Ask in a moment, unless all was done for the present support set."""
        self._since = time.monotonic()
        if self._wanted:
            self._timer.start()

    def mend(self) -> None:
        """Method or backbone are other ones: what failed before may work."""
        self._broken = False

    def begin_anew(self) -> None:
        """The engine is another process, which knows the support set but polished nothing."""
        if self._figures.tier == "polished":
            self._figures = replace(self._figures, tier="instant")
            self._wanted = [Polish()]
            self._tell()
            self.go_on()

    def take(self, ticket: int, answer: object) -> None:
        """The engine has judged, or polished."""
        if ticket != self._ticket:
            return
        if isinstance(answer, CrossScores):
            self._next()
            self._put(answer)
        elif isinstance(answer, Polished):
            self._next()
            if answer.changed:
                self._figures = replace(self._figures, tier="polished")
                self._tell()
                self.polished.emit()

    def give_up(self, sentence: str) -> None:
        """The engine cannot, or died of it: with this method it is not asked to judge again."""
        _logger.warning("The marked images could not be judged: %s", sentence)
        self._broken, self._wanted = True, []

    def _ask(self) -> None:
        waited_s = time.monotonic() - self._since
        if self._idle() or waited_s > LONGEST_WAIT_S:
            self._ticket = self._lane.ask(self._wanted[0])
        else:
            self._timer.start()

    def _next(self) -> None:
        del self._wanted[:1]
        self._ticket = 0
        self.go_on()

    def _put(self, scores: CrossScores) -> None:
        self._effects = dict(zip(self._image_ids, scores.effects, strict=False))
        self._figures = SupportReport(
            expected=scores.expected,
            interval=scores.interval,
            curve=scores.curve,
            version=scores.support_version,
            tier=self._figures.tier,
        )
        self._tell()

    def _tell(self) -> None:
        self._report = None
        self.changed.emit()

    def _made(self) -> SupportReport:
        rows = tuple(self._row(image_id) for image_id in self._supports.marked_images())
        strokes = sum(row.cue_count for row in rows if not row.muted)
        return replace(self._figures, rows=rows, stroke_count=strokes)

    def _row(self, image_id: ImageId) -> SupportRow:
        muted = image_id in self._muted
        effect = None if muted else self._effects.get(image_id)
        return SupportRow(image_id, self._supports.cue_count(image_id), effect, muted)
