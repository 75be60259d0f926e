"""The review page: one large picture before and after, a queue by doubt, single keys."""

from pathlib import Path, PurePosixPath

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent

from annotator.canvas.pyramid import ImagePyramid
from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.window.review_bar import WAITING
from annotator.window.review_desk import ReviewDesk
from annotator.window.review_keys import ReviewKeys
from annotator.window.review_order import Verdict
from annotator.window.review_pictures import LookAhead
from annotator.window.review_rooms import End, ReviewRooms

SORT_MS = 700  # answers stream in; the list must not dance
LOOK_AHEAD = 3


class ReviewPage(ReviewRooms):
    """Walks through answers. ``image_chosen``: edit this one on the label page."""

    told = Signal(str)
    image_chosen = Signal(int)
    export_wished = Signal()

    def __init__(self, workspace: Workspace, live: LiveFlow) -> None:
        self._workspace, self._live = workspace, live
        self.desk = ReviewDesk(workspace, live)
        super().__init__(self._locate, self.desk.row)
        self._image_id: ImageId | None = None
        self._shown: ImageId | None = None  # whose picture is on the canvas
        self._closed = False
        self.pictures = LookAhead(self._locate, self)
        self._later = QTimer(self, singleShot=True, interval=SORT_MS)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._connect()
        self._listen_to_keys()
        self._unsubscribe = workspace.subscribe(self._on_changes)

    @property
    def image_id(self) -> ImageId | None:
        """The image in view."""
        return self._image_id

    # -- what a person does ----------------------------------------------------------------------

    def accept(self) -> None:
        """Make the answer in view true, and go on."""
        image_id = self._image_id
        if image_id is None:
            return
        if self._live.proposal(image_id) is None:
            self.told.emit(WAITING)
            return
        self.desk.order.verdicts[image_id] = Verdict.ACCEPTED
        self._live.accept(image_id)
        self._go_on()

    def reject(self) -> None:
        """Drop the answer in view, and go on."""
        image_id = self._image_id
        if image_id is None or self._live.proposal(image_id) is None:
            return
        self.desk.order.verdicts[image_id] = Verdict.REJECTED
        self._go_on()
        self._live.reject(image_id)

    def step(self, by: int) -> None:
        """Look at another image without a word on this one."""
        goal = self.desk.order.step(self._image_id, by)
        if goal is not None:
            self.go(goal)

    def edit(self) -> None:
        """Go on with this image on the label page."""
        if self._image_id is not None:
            self.image_chosen.emit(self._image_id)

    def go(self, image_id: ImageId) -> None:
        """Look at this image."""
        entry = self._workspace.project.images.get(image_id)
        if entry is None:
            return
        self._image_id = image_id
        self.desk.order.visit(image_id)
        self.name.setText(entry.path)
        self.bar.show_waiting("")
        if self._shown != image_id and not self.pictures.held(image_id):
            self._shown = None
            self.canvas.show_loading(PurePosixPath(entry.path).name)
        ahead = self._ahead(image_id)
        self.show_end(End.NOT_YET)
        self.pictures.show(image_id, ahead)
        self._live.set_current(image_id)
        self._live.set_visible(ahead)
        self.queue.choose(image_id)
        self.show_progress(*self.desk.progress)

    def close_all(self) -> None:
        """End what runs in the background, and hear of project and engine no more."""
        if self._closed:
            return
        self._closed = True
        self._unsubscribe()
        self._live.proposal_changed.disconnect(self._on_proposal)
        self._live.ranking_changed.disconnect(self._later.start)
        self._later.stop()
        self._soon.stop()
        self.pictures.close()
        self.thumbnails.close()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 - Qt's name
        super().showEvent(event)
        self.desk.look_again()
        self.desk.ranked()
        self._recolour()
        self._show_queue()
        here, rows = self._image_id, self.desk.order.rows
        at = here if here in rows else self.desk.next_open(None)
        if at is None:
            self._show_end()
        else:
            self.go(at)
            self.canvas.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102 - Qt's name
        self._later.stop()
        super().hideEvent(event)

    # -- inside ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.queue.image_chosen.connect(lambda image_id: self.go(ImageId(image_id)))
        self.pictures.loaded.connect(self._on_loaded)
        self.pictures.failed.connect(self._on_failed)
        self.bar.accepted.connect(self.accept)
        self.bar.rejected.connect(self.reject)
        self.bar.edit_wished.connect(self.edit)
        self.bar.stepped.connect(self.step)
        self.way_chosen.connect(self._show_way)
        self.end_step_taken.connect(self._on_end_step)
        self._later.timeout.connect(self._on_later)
        self._soon.timeout.connect(self._show_answer)
        self._live.proposal_changed.connect(self._on_proposal)
        self._live.ranking_changed.connect(self._later.start)

    def _listen_to_keys(self) -> None:
        key = Qt.Key
        acts = {
            key.Key_Return: self.accept,
            key.Key_Enter: self.accept,
            key.Key_Escape: self.reject,
            key.Key_D: lambda: self.step(1),
            key.Key_Right: lambda: self.step(1),
            key.Key_A: lambda: self.step(-1),
            key.Key_Left: lambda: self.step(-1),
            key.Key_C: self.compare.click,
            key.Key_X: self.difference.click,
            key.Key_E: self.edit,
        }
        self._keys = ReviewKeys(self, acts)

    def _locate(self, image_id: ImageId) -> tuple[Path, int]:
        project = self._workspace.project
        return project.image_path(image_id), project.image(image_id).page

    def _ahead(self, image_id: ImageId) -> tuple[ImageId, ...]:
        """The images that will be wanted next."""
        found: list[ImageId] = []
        at: ImageId | None = image_id
        while len(found) < LOOK_AHEAD:
            at = self.desk.next_open(at)
            if at is None or at == image_id or at in found:
                break
            found.append(at)
        return tuple(found)

    def _go_on(self) -> None:
        following = self.desk.next_open(self._image_id)
        self._show_queue()
        if following is None:
            self._show_end()
        else:
            self.go(following)

    def _show_queue(self) -> None:
        self.queue.show_ids(self.desk.order.rows, self._image_id)
        self.show_progress(*self.desk.progress)

    def _show_end(self) -> None:
        _, total = self.desk.progress
        if not total:
            self.show_end(End.NO_IMAGES)
        else:
            waiting = End.AWAITED if self.desk.has_answers else End.NO_ANSWERS
            self.show_end(End.ALL_REVIEWED if self.desk.all_reviewed else waiting)
        self.show_progress(*self.desk.progress)

    def _on_end_step(self, end: End) -> None:
        if end is End.ALL_REVIEWED:
            self.export_wished.emit()
        else:
            first = next(iter(self._workspace.project.images), ImageId(0))
            self.image_chosen.emit(self._image_id or first)

    # -- what the picture shows ------------------------------------------------------------------

    def _on_loaded(self, image_id: ImageId, pyramid: ImagePyramid) -> None:
        if image_id != self._image_id:
            return
        if self._shown != image_id:
            self.canvas.show_image(pyramid)
            self._shown = image_id
        self._show_accepted()
        self._show_answer()

    def _on_failed(self, image_id: ImageId, sentence: str) -> None:
        if image_id == self._image_id:
            self._shown = None
            self.canvas.show_notice(sentence, "problem")
            self.bar.show_waiting(sentence)

    def _show_accepted(self) -> None:
        project, image_id = self._workspace.project, self._shown
        if image_id is not None and image_id in project.images:
            provenance = project.label_map(image_id).provenance
            self.canvas.set_accepted(project.visible_classes(image_id), provenance)

    def _show_answer(self) -> None:
        """Picture and figures of the answer in view."""
        image_id = self._shown
        if image_id is None or image_id != self._image_id:
            return
        proposal = self._live.proposal(image_id)
        self.canvas.set_proposal(None if proposal is None else proposal.classes)
        diff = self._live.accept_diff(image_id)
        if diff is None:
            self.canvas.set_difference(None)
            rejected = self.desk.order.verdicts.get(image_id) is Verdict.REJECTED
            self.bar.show_waiting("Rejected." if rejected else WAITING)
        else:
            self.canvas.set_difference(diff.kinds if self.difference.isChecked() else None)
            self.bar.show_diff(diff)

    def _show_way(self) -> None:
        self.canvas.set_comparing(self.compare.isChecked())
        self._show_answer()

    def _recolour(self) -> None:
        classes = self._workspace.project.classes
        self.canvas.set_class_colours({int(line.class_id): line.colour for line in classes})
        self.canvas.set_comparing(self.compare.isChecked())

    # -- what is told ----------------------------------------------------------------------------

    def _on_proposal(self, image_id: ImageId) -> None:
        self.desk.answered(image_id)
        if image_id == self._image_id and self.isVisible():
            self._soon.start()
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _on_later(self) -> None:
        """Answers came in: order what was not seen yet, and begin if there was nothing to see."""
        if not self.isVisible():
            return
        self.desk.ranked()
        self.desk.sort()
        self._show_queue()
        first = self.desk.next_open(None)
        if self.ended in (End.NO_ANSWERS, End.AWAITED) and first is not None:
            self.go(first)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        back = self.desk.taken_back(changes)
        if not self.isVisible():
            return
        if changes.classes:
            self._recolour()
        if changes.image_list:
            self.desk.look_again()
            self._show_queue()
        if self._image_id not in self._workspace.project.images:
            self._image_id = self._shown = None
            self._go_on()
        elif back is not None:
            self.go(back)
        if self._shown is not None and (self._shown in changes.images or changes.classes):
            self._show_accepted()
            self._soon.start()
        self._show_queue()
