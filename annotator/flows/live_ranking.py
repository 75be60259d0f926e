"""The live ranking: follows answers and gestures, but not more often than an eye wants it to."""

import time
from collections.abc import Collection

import numpy.typing as npt
from numpy import uint8
from PySide6.QtCore import QObject, QTimer, Signal

from annotator.document.classes import ClassId
from annotator.document.images import ImageId
from annotator.flows.lane_messages import LaneAnswer
from annotator.flows.live_support import LiveSupport
from annotator.flows.muting import muted_images
from annotator.flows.ranking import Ranked, Sight, Sights, Standing, ranked
from annotator.flows.workspace import Workspace

PAUSE_MS = 500
SHARE = 0.05  # of the window's time at most: 100,000 images are ranked more seldom


class LiveRanking(QObject):
    """Between two `changed` signals `ranking` stays as it is.

    ``problems`` are the images that cannot be answered, as they stand at any time.
    """

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        supports: LiveSupport,
        problems: Collection[ImageId],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._supports = supports
        self._problems = problems
        self._sights = Sights()
        self._oldest = 0
        self._ranking: tuple[Ranked, ...] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def ranking(self) -> tuple[Ranked, ...]:
        """All images, the most useful one first."""
        if self._ranking is None:
            started = time.perf_counter()
            self._ranking = self._made()
            spent_ms = (time.perf_counter() - started) * 1e3
            self._timer.setInterval(max(PAUSE_MS, round(spent_ms / SHARE)))
        return self._ranking

    def next_useful(self, after: ImageId | None) -> ImageId | None:
        """The most useful image, or the one that follows another; the first again after the last.

        None where every image is marked, accepted or cannot be read.
        """
        standing = self._standing()
        shut = {*standing.settled, *standing.broken}
        open_ids = [one.image_id for one in self.ranking if one.image_id not in shut]
        open_ids = [image_id for image_id in open_ids if image_id in standing.images]
        if not open_ids:
            return None
        if after not in open_ids:
            return open_ids[0]
        following = open_ids[(open_ids.index(after) + 1) % len(open_ids)]
        return None if following == after else following

    def note(self, answer: LaneAnswer, classes_by_row: npt.NDArray[uint8]) -> None:
        """An image was answered."""
        if answer.support_version < self._oldest:
            return
        lookup = self._workspace.project.classes.lookup()
        classes = tuple(
            (ClassId(int(lookup[classes_by_row[row]])), doubt, pixels)
            for row, doubt, pixels in answer.class_doubt
        )
        self._sights.note(answer.image_id, Sight(answer.doubt, classes, answer.descriptor))
        self.touch()

    def touch(self) -> None:
        """Something it depends on is another one."""
        if not self._timer.isActive():
            self._timer.start()

    def clear(self, *, version: int) -> None:
        """Features are other ones from that version of the support on."""
        self._oldest = version
        self._sights.clear()
        self.touch()

    def stop(self) -> None:
        """Tell nothing more."""
        self._timer.stop()

    def _tell(self) -> None:
        self._ranking = None
        self.changed.emit()

    def _made(self) -> tuple[Ranked, ...]:
        names = {row.class_id: row.name for row in self._workspace.project.classes.rows}
        # An answer may still tell of a class whose adding was undone since.
        return ranked(self._sights, self._standing(), lambda class_id: names.get(class_id, "?"))

    def _standing(self) -> Standing:
        project = self._workspace.project
        muted = muted_images(project)
        marked = frozenset(self._supports.marked_images())
        pixels = self._supports.marked_pixels(muted)
        images = project.images
        return Standing(
            images=images.keys(),
            marked=marked - muted,
            settled=marked.union(project.image_ids_with_cues(), project.image_ids_with_labels()),
            broken={i for i, e in images.items() if e.problem is not None}.union(self._problems),
            pixels={class_id: pixels[class_id] for class_id in project.classes.ids()},
        )
