"""What the document says of each image, told to the gallery: its state, and its small labels.

Labels are read on a few threads and only of images that are on screen. States of very many images
at once are looked up bit by bit while nobody is doing anything.
"""

from collections import deque
from collections.abc import Iterable
from functools import partial
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Slot

from annotator.document.changes import Changes
from annotator.document.errors import ProjectDamaged
from annotator.document.images import ImageId
from annotator.document.label_reading import SmallLabels, small_labels
from annotator.document.project import Project
from annotator.flows.workspace import Workspace
from annotator.panels.gallery_cells import cells_of, state_of
from annotator.panels.gallery_masks import SIDE
from annotator.panels.gallery_model import GalleryModel
from annotator.panels.newest_first import NewestFirst

AT_ONCE = 64  # images of one gesture that are looked up before anything else is done
SLICE_S = 0.004
PAUSE_MS = 20  # between slices: a fifth of one core, and the window stays quick


class GalleryTruth(QObject):
    """Keeps a gallery's model true to a project. ``close`` it before the project is closed."""

    def __init__(self, model: GalleryModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._project: Project | None = None
        self._unsure: deque[ImageId] = deque()
        self._desk = NewestFirst(self)
        self._desk.done.connect(self._on_labels)
        self._idle = QTimer(self, interval=PAUSE_MS)
        self._idle.timeout.connect(self._on_idle)

    def show(self, workspace: Workspace | None) -> None:
        """Tell of this project from now on, or of none."""
        self._desk.clear()
        self._unsure.clear()
        self._project = None if workspace is None else workspace.project
        if self._project is None:
            self._model.set_cells([])
            self._idle.stop()
            return
        self._model.set_classes(self._project.classes)
        self._list_images(self._project, carry_over=False)

    def close(self) -> None:
        """Wait for what is being read; nothing is read any more."""
        self._idle.stop()
        self._desk.close()
        self._project = None

    def follow(self, changes: Changes) -> None:
        """A gesture was committed."""
        project = self._project
        if project is None:
            return
        if changes.classes:
            self._model.set_classes(project.classes)
        if changes.images:
            self._forget_labels(changes)
        if changes.image_list:
            self._list_images(project, carry_over=True)
            return
        present = changes.images & project.images.keys()
        if len(present) > AT_ONCE:
            self._unsure.extend(sorted(present))
            self._idle.start()
            return
        for image_id in present:
            self._look_up(project, image_id)

    def complete(self, image_ids: Iterable[ImageId]) -> None:
        """These are on screen: read the labels of those that have some, in this order."""
        project = self._project
        if project is None:
            return
        wanted = [
            image_id
            for image_id in image_ids
            if project.has_labels(image_id) and not self._model.masks.has_labels(image_id)
        ]
        for image_id in reversed(wanted):  # the newest wish is served first
            entry = project.image(image_id)
            self._desk.ask(image_id, partial(small_labels, project, entry, SIDE))

    # -- inside ----------------------------------------------------------------------------------

    def _list_images(self, project: Project, *, carry_over: bool) -> None:
        cells, unsure = cells_of(project)
        self._model.set_cells(cells, carry_over=carry_over)
        self._unsure = deque(unsure)
        self._idle.start()

    def _forget_labels(self, changes: Changes) -> None:
        """What is being read of these images may be what was there before."""
        for image_id in changes.images:
            self._desk.withdraw(image_id)
            if self._model.masks.has_labels(image_id):
                self._model.drop_labels(image_id)

    def _look_up(self, project: Project, image_id: ImageId) -> None:
        entry = project.image(image_id)
        if entry.problem is not None:
            self._model.set_problem(image_id, entry.problem)
            return
        self._model.set_state(image_id, state_of(project, entry, proposed=False))

    @Slot()
    def _on_idle(self) -> None:
        """One slice: states that are still unsure, then keys for sorting by name."""
        project, until = self._project, perf_counter() + SLICE_S
        while project is not None and self._unsure and perf_counter() < until:
            image_id = self._unsure.popleft()
            if image_id in project.images:
                self._look_up(project, image_id)
        ready = not self._unsure
        while ready and perf_counter() < until:
            if self._model.learn_names():
                self._idle.stop()
                return

    @Slot(object, object)
    def _on_labels(self, image_id: ImageId, answer: object) -> None:
        if isinstance(answer, SmallLabels):
            self._model.put_labels(image_id, answer)
        elif isinstance(answer, ProjectDamaged):  # and not one that was closed meanwhile
            self._model.set_problem(image_id, str(answer))
