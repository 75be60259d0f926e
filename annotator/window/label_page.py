"""The label page: classes on the left, the picture in the middle, the gallery on the right."""

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from annotator.canvas.overlay import Layer
from annotator.canvas.pyramid import ImagePyramid
from annotator.canvas.tool import ClassPicked, Outcome, StrokeDraft
from annotator.canvas.toolbox import all_tools
from annotator.canvas.view import CanvasView
from annotator.document.changes import Changes
from annotator.document.classes import ClassId
from annotator.document.errors import DocumentError
from annotator.document.images import ImageId
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.panels.classes import ClassPanel
from annotator.panels.gallery import GalleryPanel
from annotator.window.drawing import preview_of, step_of
from annotator.window.picture_loader import PictureLoader

FIRST_TOOL = "scribble"


class LabelPage(QWidget):
    """Shows one workspace and its live answers; what a person draws becomes edits of it."""

    told = Signal(str)  # one sentence for the status line
    pointed = Signal(float, float)  # image coordinates
    image_changed = Signal(object)  # ImageId

    def __init__(self, workspace: Workspace, live: LiveFlow) -> None:
        super().__init__()
        self._workspace, self._live = workspace, live
        self._image_id: ImageId | None = None
        self._shown: ImageId | None = None  # whose picture is on the canvas
        self.classes, self.canvas, self.gallery = ClassPanel(), CanvasView(), GalleryPanel()
        self.loader = PictureLoader(self)
        self.tools = all_tools(self.canvas.sight)
        self._lay_out()
        self._connect()
        workspace.subscribe(self._on_changes)
        self.classes.show_workspace(workspace)
        self.gallery.show_workspace(workspace)
        self.take_tool(FIRST_TOOL)
        self._recolour()
        self.gallery.step(0)

    @property
    def image_id(self) -> ImageId | None:
        """The image in view."""
        return self._image_id

    def take_tool(self, name: str) -> None:
        """Draw with another tool."""
        self.canvas.set_tool(self.tools[name])

    def accept(self, *, only_chosen: bool = False) -> None:
        """Make the proposal for the image in view true, whole or for the chosen class."""
        if self._image_id is None:
            return
        proposal = self._live.proposal(self._image_id)
        if proposal is None:
            self.told.emit("There is no answer for this image yet.")
            return
        where = proposal.classes == self.classes.chosen if only_chosen else None
        if not self._live.accept(self._image_id, where):
            self.told.emit("Nothing would change: all of this is accepted already.")

    def reject(self) -> None:
        """Drop the proposal for the image in view."""
        if self._image_id is not None:
            self._live.reject(self._image_id)

    def close_all(self) -> None:
        """End what runs in the background."""
        self.loader.close()
        self.gallery.thumbnails.close()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        for widget, width in ((self.classes, 264), (self.canvas, 800), (self.gallery, 300)):
            splitter.addWidget(widget)
            widget.resize(width, widget.height())
        splitter.setSizes([264, 800, 300])
        splitter.setStretchFactor(1, 1)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        self.gallery.image_chosen.connect(lambda image_id: self._go(ImageId(image_id)))
        self.gallery.in_view.connect(self._live.set_visible)
        self.loader.loaded.connect(self._on_loaded)
        self.loader.failed.connect(lambda _, sentence: self.told.emit(sentence))
        self.classes.class_chosen.connect(lambda i: self.canvas.set_target(ClassId(i)))
        self.classes.hidden_changed.connect(self._on_hidden)
        self.classes.refused.connect(self.told)
        drawn = (
            self.canvas.stroke_drawn, self.canvas.box_drawn, self.canvas.polygon_drawn,
            self.canvas.polygon_edited, self.canvas.patch_painted,
        )  # fmt: skip
        for signal in drawn:
            signal.connect(self._on_drawn)
        self.canvas.stroke_growing.connect(self._on_growing)
        self.canvas.class_picked.connect(self._on_picked)
        self.canvas.pointer_moved.connect(self.pointed)
        self._live.proposal_changed.connect(self._on_proposal)
        self._live.support_failed.connect(self.told)

    def _go(self, image_id: ImageId) -> None:
        if image_id == self._image_id:
            return
        self._image_id = image_id
        entry = self._workspace.project.images[image_id]
        self.image_changed.emit(image_id)
        if entry.problem is not None:
            self.canvas.show_image(None)
            self._shown = None
            self.told.emit(entry.problem)
            return
        self.loader.ask(image_id, self._workspace.project.image_path(image_id), entry.page)
        self._live.set_current(image_id)

    def _on_loaded(self, image_id: ImageId, pyramid: ImagePyramid) -> None:
        self.canvas.show_image(pyramid)
        self._shown = image_id
        self._show_labels()
        self._show_proposal()

    def _show_labels(self) -> None:
        project, image_id = self._workspace.project, self._shown
        if image_id is not None:
            provenance = project.label_map(image_id).provenance
            self.canvas.set_accepted(project.visible_classes(image_id), provenance)
            self.canvas.set_cues(project.cues(image_id))

    def _show_proposal(self) -> None:
        if self._shown is None:
            return
        proposal = self._live.proposal(self._shown)
        doubt = self._live.uncertainty(self._shown)
        self.canvas.set_proposal(None if proposal is None else proposal.classes)
        self.canvas.set_uncertainty(None if doubt is None else doubt.astype(np.float32) / 255)

    def _on_proposal(self, image_id: ImageId) -> None:
        proposal = self._live.proposal(image_id)
        self.gallery.model.set_version(self._live.version)
        if proposal is not None:
            self.gallery.model.set_answer(
                image_id, proposal.classes, doubt=proposal.doubt, version=proposal.support_version
            )
        if image_id == self._shown:
            self._show_proposal()

    def _on_drawn(self, outcome: Outcome) -> None:
        if self._shown is None:
            return
        try:
            made = step_of(outcome, self._workspace.project, self._shown)
            if made is not None:
                self._workspace.do(made[0], made[1], initiator=self)
        except DocumentError as error:
            self.told.emit(str(error))

    def _on_growing(self, draft: StrokeDraft) -> None:
        if self._shown is not None and self.canvas.tool.name == FIRST_TOOL:
            self._live.preview_cue(self._shown, preview_of(draft))

    def _on_picked(self, picked: ClassPicked) -> None:
        self.classes.choose(picked.class_id)

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        if changes.classes:
            self._recolour()
        if self._shown is not None and (self._shown in changes.images or changes.classes):
            self._show_labels()

    def _on_hidden(self, hidden: frozenset[ClassId]) -> None:
        self.canvas.set_hidden_classes(tuple(hidden))
        self.gallery.model.set_classes(self._workspace.project.classes, hidden)

    def _recolour(self) -> None:
        rows = self._workspace.project.classes
        self.canvas.set_class_colours({int(row.class_id): row.colour for row in rows})

    def toggle(self, layers: tuple[Layer, ...], visible: bool) -> None:
        """Show or hide layers of the canvas."""
        for layer in layers:
            self.canvas.set_visible(layer, visible)
