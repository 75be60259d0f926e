"""Tells the status line: engine, latency, progress of the gallery, the pixel pointed at."""

from PySide6.QtCore import QObject, Slot

from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import EngineState
from annotator.window.feedback import StatusLine
from annotator.window.project_view import ProjectView
from annotator.window.status_words import engine_words, pixel_words


class StatusTeller(QObject):
    """Follows the lane and the open project."""

    def __init__(self, status: StatusLine, lane: EngineLane) -> None:
        super().__init__(status)
        self._status, self._lane = status, lane
        self._project: ProjectView | None = None
        lane.state_changed.connect(self._on_engine)
        self._on_engine(lane.state)

    def follow(self, project: ProjectView | None) -> None:
        """Another project, or none."""
        self._project = project
        self._status.show_job(None)
        self._status.show_readout("")
        if project is None:
            return
        project.label.desk.pointed.connect(self._on_pointed)
        project.live.proposal_changed.connect(self._on_answer)
        project.live.progressed.connect(self._on_progress)
        project.live.all_answered.connect(lambda _: self._status.show_job(None))

    @Slot(object)
    def _on_engine(self, state: EngineState) -> None:
        latency = None if self._project is None else self._project.live.latency_ms
        self._status.show_engine(*engine_words(state, latency))

    def _on_answer(self, _image_id: object) -> None:
        self._on_engine(self._lane.state)
        if self._project is None:
            return
        fresh, of = self._project.live.progress
        done = fresh >= of
        self._status.show_job(
            None if done else f"Answered {fresh:,} of {of:,} images", fresh / max(of, 1)
        )

    def _on_progress(self, _topic: object, fraction: float, text: str) -> None:
        self._status.show_job(text, fraction)

    def _on_pointed(self, x: float, y: float) -> None:
        project = self._project
        image_id = None if project is None else project.label.image_id
        if project is None or image_id is None:
            return
        images, classes = project.workspace.project.images, project.workspace.project.classes
        if image_id in images:
            proposal = project.live.proposal(image_id)
            words = pixel_words(images[image_id], (x, y), proposal, classes)
            self._status.show_readout(words)
