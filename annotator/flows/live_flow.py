"""The live loop: every gesture becomes a support set, every image an answer, the nearest first."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy.typing as npt
from numpy import uint8
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from annotator.document.annotations import Bitmap, Cue
from annotator.document.changes import Changes
from annotator.document.edits import accept_patch
from annotator.document.images import ImageId
from annotator.document.proposal import Proposal
from annotator.flows.answer_feed import ASKING, AnswerFeed
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import (
    Configure,
    EngineSettings,
    LaneAnswer,
    Learn,
    SupportRef,
    Topic,
)
from annotator.flows.live_support import LiveSupport, PreviewCue
from annotator.flows.proposal_shelf import LIMIT_BYTES, LiveProposal, ProposalShelf
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.support import RowTable
from annotator.flows.workspace import Workspace, gesture

TABLES_KEPT = 8  # versions whose late answers can still be read


class LiveFlow(QObject):
    """Joins a workspace and a lane. The lane is started and closed by whoever made it.

    Every support set that is sent has a version; proposals bear the version they come from.
    """

    proposal_changed = Signal(object)  # ImageId: there is another proposal, or none any more
    all_answered = Signal(int)  # version: every usable image was answered or has a problem
    image_failed = Signal(object, str)  # ImageId, sentence
    support_failed = Signal(str)  # nothing can be learned from what is marked: the sentence
    progressed = Signal(object, float, str)  # Topic, fraction, message
    engine_state = Signal(object)  # EngineState

    def __init__(
        self,
        workspace: Workspace,
        lane: EngineLane,
        options: SegmentOptions | None = None,
        *,
        models_dir: Path | None = None,
        shelf_bytes: int = LIMIT_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._lane = lane
        options = options or SegmentOptions()
        self._settings = EngineSettings(options, workspace.cache_folder, models_dir)
        self._supports = LiveSupport(workspace.project)
        self._feed = AnswerFeed(workspace.project, self._supports, lane)
        self._shelf = ProposalShelf(shelf_bytes)
        self._problems: dict[ImageId, str] = {}
        self._rejected: set[ImageId] = set()
        self._tables: dict[int, RowTable] = {}
        self._preview: PreviewCue | None = None
        self._preview_moved = False
        self._taught: tuple[object, ...] | None = None  # key of the support the engine was told
        self._can_answer = False
        self._paused = False
        self._announced = -1
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._refresh)
        lane.answered.connect(self._on_answered)
        lane.failed.connect(self._on_failed)
        lane.progressed.connect(self._on_progressed)
        lane.state_changed.connect(self.engine_state)
        workspace.subscribe(self._on_changes)
        lane.ask(Configure(self._settings))
        self._soon.start()

    # -- what is shown ---------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Of the support set that answers are being given for."""
        return self._feed.version

    @property
    def options(self) -> SegmentOptions:
        """Method, backbone and the rest, as chosen last."""
        return self._settings.options

    def proposal(self, image_id: ImageId) -> Proposal | None:
        """The newest proposal at hand, stale if its version is not `version`."""
        live = self._shelf.get(image_id)
        return None if live is None else live.proposal

    def uncertainty(self, image_id: ImageId) -> npt.NDArray[uint8] | None:
        """(h, w) uint8 over the whole image, reduced; 255 for quite unsure."""
        live = self._shelf.get(image_id)
        return None if live is None else live.uncertainty

    def problem(self, image_id: ImageId) -> str | None:
        """Why an image has no answer."""
        return self._problems.get(image_id)

    # -- what a person does ----------------------------------------------------------------------

    def set_current(self, image_id: ImageId | None) -> None:
        """Answer this image before all others."""
        self._look_at(Topic.CURRENT, () if image_id is None else (image_id,))

    def set_visible(self, image_ids: Sequence[ImageId]) -> None:
        """Answer these next, in this order."""
        self._look_at(Topic.VISIBLE, image_ids)

    def preview_cue(self, image_id: ImageId, cue: Cue | None) -> None:
        """Answer the image in view as if the cue were drawn; None: it is not drawn after all.

        While one such answer is awaited newer cues only take each other's place.
        """
        self._preview = None if cue is None else PreviewCue(image_id, cue)
        self._soon.start()

    def set_method(self, name: str) -> None:
        """Answer with another method; as with all settings, everything is answered anew."""
        self._choose(replace(self.options, method=name))

    def set_backbone(self, name: str) -> None:
        """Answer from other features."""
        self._feed.look_again()
        self._choose(replace(self.options, backbone=name))

    def set_refine(self, refine: bool) -> None:
        """Let answers follow the edges of the image, or not."""
        self._choose(replace(self.options, refine=refine))

    def accept(self, image_id: ImageId, where: Bitmap | None = None) -> bool:
        """Make a proposal truth, all of it or ``where`` (H, W); False if nothing would change.

        What a person drew since the proposal was made stands as drawn.
        """
        proposal, project = self.proposal(image_id), self._workspace.project
        if proposal is None:
            return False
        classes = self._supports.with_human_pixels(image_id, proposal.classes)
        patch = accept_patch(project, image_id, classes, where=where)
        if patch is None:
            return False
        self._workspace.do(gesture("Accept", project.images[image_id].path), [patch], self)
        return True

    def reject(self, image_id: ImageId) -> None:
        """Let a proposal vanish; the image is answered again when something new was learned."""
        self._rejected.add(image_id)
        self._feed.withdraw(image_id)
        self._feed.close(image_id, self.version)
        self._drop(image_id)
        self._ask_on()

    def pause(self) -> None:
        """Ask nothing more until `resume`."""
        self._paused = True
        self._feed.stop()

    def resume(self) -> None:
        """Go on, with everything that was drawn meanwhile."""
        self._paused = False
        self._soon.start()

    # -- from the document to the engine ---------------------------------------------------------

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        self._supports.forget(changes)
        if self._preview and self._preview.image_id in changes.images:
            self._preview = None  # the stroke was let go: it is in the document now
        if changes.image_list:
            self._announced = -1
            self._feed.rewind()
            for image_id in set(self._shelf.image_ids()) - self._workspace.project.images.keys():
                self._drop(image_id)
        self._soon.start()

    def _choose(self, options: SegmentOptions) -> None:
        if options == self.options:
            return
        self._settings = replace(self._settings, options=options)
        self._taught = None
        self._lane.ask(Configure(self._settings))
        self._soon.start()

    @Slot()
    def _refresh(self) -> None:
        """Tell the engine what is new, if anything is, and ask what is open."""
        if self._paused:
            return
        self._preview_moved = self._preview is not None and self._feed.awaits_current
        if self._preview_moved:  # taken up when the answer is there
            return
        support = self._supports.support(self._preview, version=self.version + 1)
        if support.key != self._taught and (support.shots or self.version > 0):
            self._teach(support)
        self._ask_on()

    def _teach(self, support: SupportRef) -> None:
        self._taught = support.key
        self._feed.renew()
        self._problems.clear()
        self._rejected.clear()
        self._can_answer = bool(support.shots)
        if self._can_answer:
            self._tables[support.version] = RowTable.of(self._workspace.project)
            self._tables.pop(support.version - TABLES_KEPT, None)
            self._lane.ask(Learn(support))
            return
        self._lane.cancel(Topic.FIT)
        for image_id in self._shelf.image_ids():
            self._drop(image_id)

    def _look_at(self, topic: Topic, image_ids: Sequence[ImageId]) -> None:
        """Images whose proposal had to leave the shelf are asked again when they come into view."""
        self._feed.show(topic, image_ids)
        for image_id in image_ids:
            settled = image_id in self._problems or image_id in self._rejected
            if image_id not in self._shelf and not settled:
                self._feed.reopen(image_id)
        if not self._soon.isActive():
            self._ask_on()

    def _ask_on(self) -> None:
        """Keep one request of every topic with the lane."""
        if self._paused:
            return
        if not self._can_answer:
            self._feed.look_ahead()
            return
        self._feed.ask(self._preview)
        if self._feed.idle and self._preview is None and self._announced != self.version:
            self._announced = self.version
            self.all_answered.emit(self._announced)

    # -- from the engine to the desk -------------------------------------------------------------

    @Slot(object, int, object)
    def _on_answered(self, topic: Topic, ticket: int, answer: object) -> None:
        self._feed.returned(topic, ticket)
        if isinstance(answer, LaneAnswer) and answer.image_id not in self._rejected:
            self._feed.close(answer.image_id, answer.support_version)
            self._put(answer)
        self._go_on(topic)

    def _put(self, answer: LaneAnswer) -> None:
        image_id, version = answer.image_id, answer.support_version
        table = self._tables.get(version)
        if table is None or image_id not in self._workspace.project.images:
            return
        proposal = Proposal(image_id, table.classes_by_row()[answer.rows], answer.doubt, version)
        if self._shelf.put(LiveProposal(proposal, answer.uncertainty)):
            self.proposal_changed.emit(image_id)

    @Slot(object, int, str)
    def _on_failed(self, topic: Topic, ticket: int, sentence: str) -> None:
        image_id = self._feed.returned(topic, ticket)
        if topic is Topic.FIT:
            self._cannot_learn(sentence)
        elif topic in ASKING and image_id is not None:
            self._feed.close(image_id, self.version)
            self._problems[image_id] = sentence
            self.image_failed.emit(image_id, sentence)
        self._go_on(topic)

    def _cannot_learn(self, sentence: str) -> None:
        self._can_answer = False
        self._feed.stop()
        if self._preview is not None:  # half a stroke may be too little; told if the whole one is
            self._taught = None
        else:
            self.support_failed.emit(sentence)

    def _go_on(self, topic: Topic) -> None:
        if self._preview_moved and topic in (Topic.CURRENT, Topic.FIT):
            self._refresh()
        else:
            self._ask_on()

    @Slot(object, int, float, str)
    def _on_progressed(self, topic: Topic, _ticket: int, fraction: float, message: str) -> None:
        self.progressed.emit(topic, fraction, message)

    def _drop(self, image_id: ImageId) -> None:
        if self._shelf.drop(image_id):
            self.proposal_changed.emit(image_id)
