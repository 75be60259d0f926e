"""The census: how many labelled pixels each class has, counted beside everything else.

Images are counted one after the other on a thread of low priority, those that changed just now
first; the window never waits. What is kept of an image is a count for each stored class id, so a
merge or a removed class needs no pixel to be looked at again.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import perf_counter
from types import MappingProxyType

import numpy as np
from PySide6.QtCore import QObject, QThread, QThreadPool, QTimer, Signal, Slot

from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, IGNORE, ClassId
from annotator.document.errors import DocumentError
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_reading import label_counts
from annotator.document.project import Project
from annotator.flows.workspace import Workspace

BATCH = 256  # images at most between two looks at what has changed meanwhile
BATCH_S = 0.2
PAUSE_MS = 20  # after a batch: readers of the project file and the interpreter get their turn

_Counts = Mapping[int, int]  # stored class id -> pixels; only those that occur


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one image came to; ``ticket`` says which asking this answers."""

    image_id: ImageId
    ticket: int
    counts: _Counts


class PixelCensus(QObject):
    """Follows a workspace until `close`, which must come before the workspace is closed.

    ``counted`` tells of new numbers, a few times a second while there is much to count;
    ``images_counted`` of the images they come from; ``finished`` that nothing is left to count.
    """

    counted = Signal()
    images_counted = Signal(tuple)  # of ImageId
    finished = Signal()
    _batch_done = Signal(object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = workspace.project
        self._waiting: OrderedDict[ImageId, int] = OrderedDict()  # image -> ticket, next one first
        self._tickets = 0
        self._by_image: dict[ImageId, _Counts] = {}
        self._totals: Counter[int] = Counter()  # stored class id -> pixels
        self._kinds: Counter[frozenset[int]] = Counter()  # stored classes of an image -> images
        self._pixels: Mapping[ClassId, int] = MappingProxyType({})
        self._images: Mapping[ClassId, int] = MappingProxyType({})
        self._busy = False
        self._closing = Event()
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setThreadPriority(QThread.Priority.LowestPriority)
        self._batch_done.connect(self._on_batch)
        self._soon = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._soon.timeout.connect(self._begin_batch)
        self._unsubscribe = workspace.subscribe(self._on_changes)
        self._sum_up()
        self._ask(self._project.image_ids_with_labels())

    # -- what was found --------------------------------------------------------------------------

    @property
    def pixels(self) -> Mapping[ClassId, int]:
        """Labelled pixels of every live class, in display order; background is none of them."""
        return self._pixels

    @property
    def images(self) -> Mapping[ClassId, int]:
        """How many images have at least one labelled pixel of each live class."""
        return self._images

    @property
    def background(self) -> int:
        """Pixels that were drawn, accepted or imported as background."""
        table = self._project.classes
        gone = (k for k in self._totals if k not in (BACKGROUND, IGNORE) and k in table
                and table.resolve(ClassId(k)) is None)  # fmt: skip
        return self._totals[BACKGROUND] + sum(self._totals[k] for k in gone)

    @property
    def labelled_images(self) -> int:
        """Images of the project with at least one labelled pixel, among those counted."""
        return len(self._by_image)

    @property
    def waiting(self) -> int:
        """Images that are still to be counted."""
        return len(self._waiting)

    def counted_images(self) -> tuple[ImageId, ...]:
        """Every image with labels that was counted."""
        return tuple(self._by_image)

    def stored_classes(self, image_id: ImageId) -> frozenset[ClassId]:
        """Stored ids of the classes an image's labels hold, without background and ignored."""
        found = self._by_image.get(image_id, {})
        return frozenset(ClassId(k) for k in found) - {BACKGROUND, IGNORE}

    def close(self) -> None:
        """Stop counting, at once but for the image under way, and follow nothing any more."""
        self._unsubscribe()
        self._soon.stop()
        self._waiting.clear()
        self._closing.set()
        self._pool.waitForDone()

    # -- asking ----------------------------------------------------------------------------------

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        project = self._project
        if changes.image_list:
            gone = [i for i in (*self._by_image, *self._waiting) if i not in project.images]
            for image_id in gone:
                self._waiting.pop(image_id, None)
                self._put(image_id, {})
        labelled = {i for i in changes.images & project.images.keys() if project.has_labels(i)}
        bare = [i for i in changes.images - labelled if i in self._by_image or i in self._waiting]
        for image_id in bare:
            self._waiting.pop(image_id, None)
            self._put(image_id, {})
        self._ask(sorted(labelled), sooner=True)
        if changes.classes or changes.image_list or bare:
            self._tell(bare)

    def _ask(self, image_ids: Iterable[ImageId], *, sooner: bool = False) -> None:
        for image_id in image_ids:
            self._tickets += 1
            self._waiting[image_id] = self._tickets
            if sooner:
                self._waiting.move_to_end(image_id, last=False)
        if self._waiting and not self._busy:
            self._soon.start()

    @Slot()
    def _begin_batch(self) -> None:
        if self._busy or self._closing.is_set():
            return
        batch: list[tuple[ImageEntry, int]] = []
        for image_id, ticket in self._waiting.items():
            if len(batch) == BATCH:
                break
            batch.append((self._project.image(image_id), ticket))
        if batch:
            self._busy = True
            self._pool.start(partial(self._count, batch))  # a QRunnable would never be let go of

    def _count(self, batch: list[tuple[ImageEntry, int]]) -> None:
        """On the thread of the pool: as many as fit into the time."""
        found, until = [], perf_counter() + BATCH_S
        for entry, ticket in batch:
            if self._closing.is_set():
                return
            found.append(_Counted(entry.image_id, ticket, _counts_of(self._project, entry)))
            if perf_counter() > until:
                break
        self._batch_done.emit(found)

    # -- adding up -------------------------------------------------------------------------------

    @Slot(object)
    def _on_batch(self, found: list[_Counted]) -> None:
        self._busy = False
        if self._closing.is_set():
            return
        valid = [item for item in found if self._waiting.get(item.image_id) == item.ticket]
        for item in valid:
            del self._waiting[item.image_id]
            self._put(item.image_id, item.counts)
        if valid:
            self._tell([item.image_id for item in valid])
        if self._waiting:
            self._soon.start()
        else:
            self.finished.emit()

    def _put(self, image_id: ImageId, counts: _Counts) -> None:
        before = self._by_image.pop(image_id, None)
        if before is not None:
            self._totals.subtract(before)
            self._kinds[frozenset(before)] -= 1
        if counts:
            self._by_image[image_id] = counts
            self._totals.update(counts)
            self._kinds[frozenset(counts)] += 1

    def _tell(self, image_ids: Iterable[ImageId]) -> None:
        self._sum_up()
        self.counted.emit()
        told = tuple(image_ids)
        if told:
            self.images_counted.emit(told)

    def _sum_up(self) -> None:
        """From stored ids to the classes of now: merges followed, removed classes left out."""
        table = self._project.classes
        now = table.lookup().tolist()
        pixels, images = dict.fromkeys(table.ids(), 0), dict.fromkeys(table.ids(), 0)
        for stored, count in self._totals.items():
            if now[stored] in pixels:
                pixels[ClassId(now[stored])] += count
        for kinds, count in self._kinds.items():
            for class_id in {now[stored] for stored in kinds} & images.keys():
                images[ClassId(class_id)] += count
        self._pixels, self._images = MappingProxyType(pixels), MappingProxyType(images)


def _counts_of(project: Project, entry: ImageEntry) -> _Counts:
    """Counts of one image; none where its labels cannot be read, which whoever shows it tells."""
    try:
        counts = label_counts(project, entry)
    except DocumentError:
        return {}
    return {int(k): int(counts[k]) for k in np.flatnonzero(counts)}
