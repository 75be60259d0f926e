"""The desk: which image is in view, what is drawn on it, and what the engine says about it."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from annotator.canvas.pyramid import ImagePyramid
from annotator.canvas.tool import ClassPicked, Outcome, StrokeDraft
from annotator.document.changes import Changes
from annotator.document.classes import ClassId
from annotator.document.edits import AddCue, Edit, remove_images
from annotator.document.errors import DocumentError
from annotator.document.images import ImageId
from annotator.document.label_map import LabelMap
from annotator.flows.live_flow import LiveFlow
from annotator.flows.method_cards import reads_text
from annotator.flows.ranking import NOT_ANSWERED
from annotator.flows.workspace import Workspace, gesture
from annotator.settings import Settings
from annotator.window.drawing import preview_of, step_of
from annotator.window.picture_loader import PictureLoader

if TYPE_CHECKING:
    from annotator.window.label_page import LabelPage

USUAL_RADIUS = Settings().pen_radius
PEN_SHARE = 1 / 120  # of the long side of the first picture
SMALLEST_PEN = 1.5  # pixels
PREVIEWED = "scribble"  # the tool whose growing stroke is answered before it is let go


class Desk(QObject):
    """Carries gestures of the canvas to the workspace, and labels and answers to the panels."""

    told = Signal(str)
    pointed = Signal(float, float)  # image coordinates
    settled = Signal(str)  # what this sentence told is no longer so
    drawn = Signal()  # a gesture was committed

    def __init__(self, workspace: Workspace, live: LiveFlow, page: "LabelPage") -> None:
        super().__init__(page)
        self._workspace, self._live, self._page = workspace, live, page
        self.image_id: ImageId | None = None
        self.shown: ImageId | None = None  # whose picture is on the canvas
        self._pen_fits = False
        self._labels: LabelMap | None = None  # those on the canvas
        self._complaint = ""  # what was told of marks that teach nothing yet
        self.loader = PictureLoader(self)
        self._arrival = QTimer(self, singleShot=True, interval=0)  # once the gallery has heard too
        self._arrival.timeout.connect(self._show_any)
        self._unsubscribe = workspace.subscribe(self._on_changes)
        self._connect()

    def begin(self) -> None:
        """Show the first image with its labels, and the answers that are there."""
        self._recolour()
        self._on_ranking()
        self._show_prompts()
        self._page.gallery.step(0)

    def close(self) -> None:
        """Follow the project no longer."""
        self._unsubscribe()
        self.loader.close()

    # -- from the person to the document ---------------------------------------------------------

    def _connect(self) -> None:
        canvas, gallery, classes = self._page.canvas, self._page.gallery, self._page.classes
        gallery.image_chosen.connect(lambda image_id: self._go(ImageId(image_id)))
        gallery.in_view.connect(self._live.set_visible)
        self.loader.loaded.connect(self._on_loaded)
        self.loader.failed.connect(self._on_unreadable)
        classes.class_chosen.connect(lambda i: canvas.set_target(ClassId(i)))
        classes.hidden_changed.connect(self._on_hidden)
        drawn = (
            canvas.stroke_drawn, canvas.box_drawn, canvas.polygon_drawn,
            canvas.polygon_edited, canvas.patch_painted,
        )  # fmt: skip
        for signal in drawn:
            signal.connect(self._on_drawn)
        canvas.stroke_growing.connect(self._on_growing)
        canvas.stroke_ended.connect(self._on_ended)
        canvas.class_picked.connect(self._on_picked)
        canvas.pointer_moved.connect(self.pointed)
        self._live.proposal_changed.connect(self._on_proposal)
        self._live.ranking_changed.connect(self._on_ranking)
        self._live.support_failed.connect(self._on_cannot_learn)
        self._live.image_failed.connect(self._on_problem)

    def _on_drawn(self, outcome: Outcome) -> None:
        if self.shown is None:
            return
        locked = self._page.classes.locked
        try:
            made = step_of(outcome, self._workspace.project, self.shown, locked=locked)
            if made is None:
                return
            self._foresee(made[1])
            self._workspace.do(made[0], made[1], initiator=self)
        except DocumentError as error:
            self._live.preview_cue(self.shown, None)
            self._page.canvas.set_cues(self._workspace.project.cues(self.shown))
            self.told.emit(str(error))
            return
        self.drawn.emit()

    def _foresee(self, edits: list[Edit]) -> None:
        """The engine begins to answer a new mark while it is being saved."""
        if self.shown is not None and len(edits) == 1 and isinstance(edits[0], AddCue):
            self._live.foresee(self.shown, edits[0].cue)

    def _on_growing(self, draft: StrokeDraft) -> None:
        if self.shown is not None and self._page.canvas.tool.name == PREVIEWED:
            self._live.preview_cue(self.shown, preview_of(draft))

    def _on_ended(self) -> None:
        """A stroke that was given up teaches nothing; one that was drawn comes as an edit next."""
        if self.image_id is not None:
            self._live.preview_cue(self.image_id, None)

    def _on_picked(self, picked: ClassPicked) -> None:
        self._page.classes.choose(picked.class_id)

    def set_prompt(self, class_id: int, text: str) -> None:
        """Describe a class in words."""
        try:
            self._live.set_prompt(ClassId(class_id), text)
        except DocumentError as error:
            self.told.emit(str(error))

    def remove_images(self, image_ids: tuple[int, ...]) -> None:
        """Take images out of the project; their files stay, and undo brings them back."""
        edit = remove_images(self._workspace.project, tuple(ImageId(i) for i in image_ids))
        count = f"{len(image_ids)} image{'s' * (len(image_ids) != 1)}"
        self._workspace.do(gesture("Remove", count), [edit], initiator=self)

    # -- the image in view -----------------------------------------------------------------------

    def _go(self, image_id: ImageId) -> None:
        if image_id == self.image_id or image_id not in self._workspace.project.images:
            return
        self.image_id = image_id
        self._page.answers.show_image(image_id)
        entry = self._workspace.project.images[image_id]
        if entry.problem is not None:
            self._on_unreadable(image_id, entry.problem)
            return
        self.shown = None  # nothing is drawn on the old picture under the new name
        self._page.canvas.show_loading(PurePosixPath(entry.path).name)
        self.loader.ask(image_id, self._workspace.project.image_path(image_id), entry.page)
        self._live.set_current(image_id)

    def _show_any(self) -> None:
        """Images have come or gone and none is in view: go to the first."""
        if self.image_id is None:
            self._page.gallery.step(0)

    def _on_unreadable(self, _image_id: ImageId, sentence: str) -> None:
        self._page.canvas.show_notice(sentence, "problem")
        self.shown = None

    def _on_loaded(self, image_id: ImageId, pyramid: ImagePyramid) -> None:
        entry = self._workspace.project.images.get(image_id)
        if entry is None or image_id != self.image_id:
            return
        if pyramid.size != entry.size:
            self._on_unreadable(
                image_id,
                f"'{entry.path}' has another size than when it was added; scan the folder again.",
            )
            return
        self._page.canvas.show_image(pyramid)
        self.shown = image_id
        self._fit_pen(max(pyramid.size))
        self._show_labels()
        self._show_proposal()

    def _fit_pen(self, long_side: int) -> None:
        """At first the pen fits the picture: nobody has chosen a size yet."""
        canvas = self._page.canvas
        if not self._pen_fits and canvas.pen.radius == USUAL_RADIUS:
            canvas.set_radius(max(SMALLEST_PEN, long_side * PEN_SHARE))
        self._pen_fits = True

    def _show_labels(self, *, anew: bool = True) -> None:
        """Marks and accepted pixels; the latter only if they are others, unless all is ``anew``."""
        project, image_id = self._workspace.project, self.shown
        if image_id is None:
            return
        label_map = project.label_map(image_id)
        if anew or label_map is not self._labels:
            self._labels = label_map  # read-only: every edit makes another one
            self._page.canvas.set_accepted(project.visible_classes(image_id), label_map.provenance)
        self._page.canvas.set_cues(project.cues(image_id))

    def _show_proposal(self) -> None:
        if self.shown is None:
            return
        proposal = self._live.proposal(self.shown)
        doubt = self._live.uncertainty(self.shown)
        canvas = self._page.canvas
        canvas.set_proposal(None if proposal is None else proposal.classes)
        canvas.set_uncertainty(None if doubt is None else doubt.astype(np.float32) / 255)
        self._page.answers.refresh()

    # -- what became known -----------------------------------------------------------------------

    def _on_proposal(self, image_id: ImageId) -> None:
        proposal = self._live.proposal(image_id)
        if proposal is not None and self._complaint:
            self.settled.emit(self._complaint)
            self._complaint = ""
        model = self._page.gallery.model
        model.set_version(self._live.version)
        if proposal is None:
            model.drop_answer(image_id)
        else:
            model.set_answer(
                image_id, proposal.classes, doubt=proposal.doubt, version=proposal.support_version
            )
        if image_id == self.shown:
            self._show_proposal()

    def _on_ranking(self) -> None:
        ranking = self._live.ranking
        ranks = {one.image_id: place for place, one in enumerate(ranking)}
        reasons = {one.image_id: one.reason for one in ranking if one.reason != NOT_ANSWERED}
        self._page.gallery.model.set_ranks(ranks, reasons)

    def _on_cannot_learn(self, sentence: str) -> None:
        self._complaint = sentence
        self.told.emit(sentence)

    def _on_problem(self, image_id: ImageId, sentence: str) -> None:
        self._page.gallery.model.set_problem(image_id, sentence)
        if image_id == self.image_id:
            self.told.emit(sentence)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.classes:
            self._recolour()
        if changes.classes or changes.prompts or changes.settings:
            self._show_prompts()
        if self.image_id is not None and self.image_id not in self._workspace.project.images:
            self.image_id = self.shown = None
            self.loader.forget()
            self._live.set_current(None)
            self._page.canvas.show_image(None)
            self._page.answers.show_image(None)
        if self.image_id is None and changes.image_list:
            self._arrival.start()
        if self.shown is not None and (self.shown in changes.images or changes.classes):
            self._show_labels(anew=changes.classes)
            self._page.answers.refresh()

    def _on_hidden(self, hidden: frozenset[ClassId]) -> None:
        self._page.canvas.set_hidden_classes(tuple(hidden))
        self._page.gallery.model.set_classes(self._workspace.project.classes, hidden)

    def _show_prompts(self) -> None:
        ids = self._workspace.project.classes.ids()
        prompts = {class_id: self._live.prompt(class_id) for class_id in ids}
        self._page.classes.set_prompts(prompts, used=reads_text(self._live.options.method))

    def _recolour(self) -> None:
        """Stored ids of merged classes get the colour of the class that took them over."""
        classes = self._workspace.project.classes
        shown = classes.lookup()
        colours = {int(row.class_id): row.colour for row in classes}
        every = {i: colours[int(shown[i])] for i in range(256) if int(shown[i]) in colours}
        self._page.canvas.set_class_colours(every)
