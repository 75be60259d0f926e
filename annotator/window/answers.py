"""Accepting and rejecting on the label page: whole, by class, region or box, with a look first."""

from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QObject, Signal

from annotator.canvas.tool import AreaChosen, RegionChosen
from annotator.canvas.view import CanvasView
from annotator.document.annotations import Bitmap
from annotator.document.images import ImageId
from annotator.flows.accept_diff import box_where, region_at
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.panels.classes import ClassPanel
from annotator.window.accept_bar import AcceptBar


class Answers(QObject):
    """Turns wishes into accepts; one that touches accepted pixels is shown before it is done."""

    told = Signal(str)
    shown = Signal()  # there is a proposal for the image in view
    accepted = Signal()

    def __init__(
        self,
        workspace: Workspace,
        live: LiveFlow,
        canvas: CanvasView,
        classes: ClassPanel,
        bar: AcceptBar,
    ) -> None:
        super().__init__(canvas)  # it goes with the picture
        self._workspace, self._live = workspace, live
        self._canvas, self._classes, self._bar = canvas, classes, bar
        self._image_id: ImageId | None = None
        self._pending: Bitmap | None = None  # what waits for a second "accept"
        self._asking = False
        bar.accept_pressed.connect(self.accept)
        bar.reject_pressed.connect(self.reject)
        canvas.region_chosen.connect(self._on_region)
        canvas.area_chosen.connect(self._on_area)

    @property
    def asking(self) -> bool:
        """Whether a difference is shown and waits for yes or no."""
        return self._asking

    def show_image(self, image_id: ImageId | None) -> None:
        """Answers are about this image now."""
        self._forget()
        self._image_id = image_id
        self.refresh()

    def refresh(self) -> None:
        """The proposal or the labels of the image are others: what was asked is void."""
        self._forget()
        image_id = self._image_id
        offered = image_id is not None and self._live.proposal(image_id) is not None
        self._bar.show_offer(possible=offered)
        if offered:
            self.shown.emit()

    def accept(self, *, only_chosen: bool = False) -> None:
        """Accept the proposal, or only the chosen class; the second time what was asked about."""
        if self._asking:
            where = self._pending
            self._forget()
            self._do(where)
            return
        proposal = None if self._image_id is None else self._live.proposal(self._image_id)
        if proposal is None:
            self.told.emit("There is no answer for this image yet.")
            return
        if self._canvas.sight.scene is None:
            self.told.emit("The picture is not on the screen yet; look before you accept.")
            return
        where = proposal.classes == self._classes.chosen if only_chosen else None
        self._wish(where)

    def reject(self) -> None:
        """Give up what is asked, else drop the proposal."""
        if self._asking:
            self.refresh()
        elif self._image_id is not None and self._live.proposal(self._image_id) is not None:
            self._live.reject(self._image_id)
            self.refresh()

    def accept_all(self, image_ids: Iterable[ImageId]) -> None:
        """Accept several images at once, as one step; what is accepted there already stays."""
        done = self._live.accept_all(image_ids)
        self.told.emit(
            f"Accepted {done} image{'s' * (done != 1)}." if done else "Nothing to accept."
        )

    def reject_all(self, image_ids: Iterable[ImageId]) -> None:
        """Drop the proposals of several images; new ones come when something new was learned."""
        for image_id in image_ids:
            self._live.reject(image_id)
        self.refresh()

    def _wish(self, where: Bitmap | None) -> None:
        """Show first what would change where something was accepted before."""
        if self._image_id is None:
            return
        where = self._less_locked(where)
        diff = self._live.accept_diff(self._image_id, where)
        if diff is not None and diff.touches_accepted:
            self._pending, self._asking = where, True
            self._canvas.set_difference(diff.kinds)
            self._bar.show_difference(diff)
            return
        self._do(where)

    def _do(self, where: Bitmap | None) -> None:
        if self._image_id is None:
            return
        if self._live.accept(self._image_id, where):
            self.accepted.emit()
        else:
            self.told.emit("Nothing would change: all of this is accepted already.")

    def _less_locked(self, where: Bitmap | None) -> Bitmap | None:
        """Locked classes stay as they are, and get no more pixels."""
        locked = sorted(int(class_id) for class_id in self._classes.locked)
        proposal = None if self._image_id is None else self._live.proposal(self._image_id)
        if not locked or proposal is None:
            return where
        held = self._workspace.project.visible_classes(proposal.image_id)
        free: Bitmap = ~(np.isin(proposal.classes, locked) | np.isin(held, locked))
        return free if where is None else free & where

    def _on_region(self, chosen: RegionChosen) -> None:
        proposal = None if self._image_id is None else self._live.proposal(self._image_id)
        if proposal is None:
            self.told.emit("There is no answer for this image yet.")
            return
        self._forget()
        self._wish(region_at(proposal.classes, chosen.x, chosen.y))

    def _on_area(self, chosen: AreaChosen) -> None:
        proposal = None if self._image_id is None else self._live.proposal(self._image_id)
        if proposal is None:
            self.told.emit("There is no answer for this image yet.")
            return
        self._forget()
        self._wish(box_where(proposal.classes.shape, chosen.box))

    def _forget(self) -> None:
        if self._asking:
            self._pending, self._asking = None, False
            if self._canvas.sight.scene is not None:
                self._canvas.set_difference(None)
