"""One open project in the window: its workspace, live loop and pages, made and closed together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.live_flow import LiveFlow
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.proposal_shelf import LIMIT_BYTES
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace
from annotator.window.actions import ActionSet
from annotator.window.data_page import DataPage
from annotator.window.label_page import LabelPage
from annotator.window.pages import Place
from annotator.window.review_page import ReviewPage


@dataclass(frozen=True, slots=True)
class EngineWish:
    """What a person set for the engine: None for what is chosen by itself."""

    device: str | None = None
    models_dir: Path | None = None
    shelf_bytes: int = LIMIT_BYTES


class ProjectView(QObject):
    """Makes the label page at once, and the others when they are first wanted."""

    told = Signal(str)
    changed = Signal()  # a gesture was committed, undone or redone
    place_wished = Signal(object)  # Place
    page_made = Signal(object)  # QWidget

    def __init__(
        self, workspace: Workspace, lane: EngineLane, actions: ActionSet, wish: EngineWish
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.live = LiveFlow(
            workspace,
            lane,
            SegmentOptions(device=wish.device),
            models_dir=wish.models_dir,
            shelf_bytes=wish.shelf_bytes,
            parent=self,
        )
        self.census = PixelCensus(workspace)
        self.label = LabelPage(workspace, self.live, self.census, actions)
        self.label.told.connect(self.told)
        self.live.told.connect(self.told)
        self._lane = lane
        lane.state_changed.connect(self.label.method.show_state)
        self.label.method.show_state(lane.state)
        self._made: dict[Place, QWidget] = {Place.LABEL: self.label}
        self._makers: dict[Place, Callable[[], QWidget]] = {
            Place.REVIEW: self._make_review,
            Place.DATA: self._make_data,
        }
        self._unsubscribe = workspace.subscribe(self._on_changes)

    def page(self, place: Place) -> QWidget | None:
        """The page of a place, made now if it was never wanted; None for places of the window."""
        if place not in self._made and place in self._makers:
            self._made[place] = self._makers[place]()
            self.page_made.emit(self._made[place])
        return self._made.get(place)

    @property
    def review(self) -> ReviewPage | None:
        """The review page if it was ever wanted."""
        page = self._made.get(Place.REVIEW)
        return page if isinstance(page, ReviewPage) else None

    def data(self) -> DataPage:
        """The data page, made now if need be."""
        page = self.page(Place.DATA)
        if not isinstance(page, DataPage):
            raise TypeError("The data page is no data page.")
        return page

    def counts(self) -> tuple[int, int, int]:
        """Images, images with marks, images with labels."""
        project = self.workspace.project
        marked, labelled = project.image_ids_with_cues(), project.image_ids_with_labels()
        return len(project.images), len(marked), len(labelled)

    def close(self) -> None:
        """End all work and give the project free; everything is saved already."""
        self._unsubscribe()
        self._lane.state_changed.disconnect(self.label.method.show_state)
        for page in self._made.values():
            if isinstance(page, LabelPage | ReviewPage | DataPage):
                page.close_all()
        self.live.close()
        self.census.close()
        for page in self._made.values():
            page.deleteLater()
        self.workspace.close()
        self.census.deleteLater()
        self.deleteLater()

    def _make_review(self) -> ReviewPage:
        page = ReviewPage(self.workspace, self.live)
        page.told.connect(self.told)
        page.image_chosen.connect(self._edit)
        page.export_wished.connect(lambda: self.place_wished.emit(Place.DATA))
        return page

    def _make_data(self) -> DataPage:
        page = DataPage(self.workspace, self.census)
        page.told.connect(self.told)
        page.review_wished.connect(lambda: self.place_wished.emit(Place.REVIEW))
        return page

    def _edit(self, image_id: int) -> None:
        self.label.gallery.choose(ImageId(image_id))
        self.place_wished.emit(Place.LABEL)

    def _on_changes(self, _changes: Changes, _initiator: object) -> None:
        self.changed.emit()
