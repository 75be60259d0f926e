"""The live loop: every gesture becomes a support set, every image an answer, the nearest first."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy.typing as npt
from numpy import uint8
from PySide6.QtCore import QObject, Signal, Slot

from annotator.document.annotations import Bitmap, Cue
from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.document.proposal import Proposal
from annotator.flows.accept_diff import AcceptDiff
from annotator.flows.answer_book import AnswerBook
from annotator.flows.answer_feed import ASKING, AnswerFeed
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import (
    Configure,
    EngineKind,
    EngineSettings,
    EngineState,
    LaneAnswer,
    Learn,
    SupportRef,
    Topic,
)
from annotator.flows.live_choices import LiveChoices
from annotator.flows.live_ranking import LiveRanking
from annotator.flows.live_report import LiveReport
from annotator.flows.live_support import LiveSupport, PreviewCue
from annotator.flows.method_cards import reads_text
from annotator.flows.proposal_shelf import LIMIT_BYTES
from annotator.flows.ranking import Ranked
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.soon import Soon
from annotator.flows.support_report import SupportReport
from annotator.flows.workspace import Workspace, gesture


class LiveFlow(LiveChoices):
    """Joins a workspace and a lane. The lane is started and closed by whoever made it.

    Every support set that is sent has a version; proposals bear the version they come from.
    ``options`` hold where the project keeps no choice of its own. Call `close` at the end.
    """

    proposal_changed = Signal(object)  # ImageId: there is another proposal, or none any more
    all_answered = Signal(int)  # version: every usable image was answered or has a problem
    image_failed = Signal(object, str)  # ImageId, sentence
    support_failed = Signal(str)  # nothing can be learned from what is marked: the sentence
    progressed = Signal(object, float, str)  # Topic, fraction, message
    engine_state = Signal(object)  # EngineState
    report_changed = Signal()
    ranking_changed = Signal()  # at most twice a second

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
        super().__init__(workspace, options or SegmentOptions(), models_dir, parent)
        self._lane = lane
        self._settings = EngineSettings(self.options, workspace.cache_folder, models_dir)
        self._supports = LiveSupport(workspace.project)
        self._feed = AnswerFeed(workspace.project, self._supports, lane)
        self._book = AnswerBook(workspace.project, self._supports, shelf_bytes=shelf_bytes)
        self._preview: PreviewCue | None = None
        self._preview_moved = False
        self._taught: tuple[object, ...] | None = None  # key of the support the engine was told
        self._can_answer = False
        self._paused = self._closed = False
        self._announced = -1
        self._engine_awaited = lane.state.kind is not EngineKind.READY
        self._soon = Soon(self._refresh, self)
        self._report = LiveReport(self._supports, lane, lambda: self._feed.idle, self)
        self._report.changed.connect(self.report_changed)
        self._report.polished.connect(self._answer_anew)
        self._report.touch(self._muted)
        self._ranking = LiveRanking(workspace, self._supports, self._book.problems, self)
        self._ranking.changed.connect(self.ranking_changed)
        lane.answered.connect(self._on_answered)
        lane.failed.connect(self._on_failed)
        lane.progressed.connect(self._on_progressed)
        lane.state_changed.connect(self.engine_state)
        lane.state_changed.connect(self._on_state)
        self._unsubscribe = workspace.subscribe(self._on_changes)
        lane.ask(Configure(self._settings))
        self._soon.start()

    # -- what is shown ---------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Of the support set that answers are being given for."""
        return self._feed.version

    @property
    def progress(self) -> tuple[int, int]:
        """How many images are answered at the present version, of how many that can be."""
        return self._feed.progress

    @property
    def report(self) -> SupportReport:
        """What is marked, what each marked image is worth, and what to expect of others."""
        return self._report.report

    @property
    def ranking(self) -> tuple[Ranked, ...]:
        """All images, the one most useful to mark next first."""
        return self._ranking.ranking

    @property
    def latency_ms(self) -> float | None:
        """Of the last answer for the image in view, from asking to having it."""
        return self._feed.latency_ms

    def next_useful(self, after: ImageId | None) -> ImageId | None:
        """The image to mark next, or the one after another; None where nothing is left to do."""
        return self._ranking.next_useful(after)

    def proposal(self, image_id: ImageId) -> Proposal | None:
        """The newest proposal at hand, stale if its version is not `version`."""
        return self._book.proposal(image_id)

    def uncertainty(self, image_id: ImageId) -> npt.NDArray[uint8] | None:
        """(h, w) uint8 over the whole image, reduced; 255 for quite unsure."""
        return self._book.uncertainty(image_id)

    def problem(self, image_id: ImageId) -> str | None:
        """Why an image has no answer."""
        return self._book.problems.get(image_id)

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

    def foresee(self, image_id: ImageId, cue: Cue) -> None:
        """A cue is about to be committed: let the engine begin while the document is saved.

        The commit then finds that the engine was told the same already. Call `preview_cue` with
        None if the commit fails.
        """
        if self._paused or not self._can_answer:
            return
        self._preview = PreviewCue(image_id, cue)
        support = self._supports.support(self._preview, version=self.version + 1, muted=self._muted)
        if support.key != self._taught:
            self._teach(support)
        self._feed.ask(self._preview)

    def accept(self, image_id: ImageId, where: Bitmap | None = None) -> bool:
        """Make a proposal truth, all of it or ``where`` (H, W); False if nothing would change.

        What a person drew since the proposal was made stands as drawn.
        """
        patch = self._book.patch(image_id, where)
        if patch is None:
            return False
        name = self._workspace.project.images[image_id].path
        self._workspace.do(gesture("Accept", name), [patch], self)
        return True

    def accept_all(self, image_ids: Iterable[ImageId]) -> int:
        """Make the proposals of several images truth as one step; how many images changed."""
        patches = [p for one in image_ids if (p := self._book.patch(one, None)) is not None]
        if patches:
            count = f"{len(patches)} image{'s' * (len(patches) != 1)}"
            self._workspace.do(gesture("Accept", count), patches, self)
        return len(patches)

    def accept_diff(self, image_id: ImageId, where: Bitmap | None = None) -> AcceptDiff | None:
        """What `accept` would change; None where there is no proposal."""
        return self._book.diff(image_id, where)

    def reject(self, image_id: ImageId) -> None:
        """Let a proposal vanish; the image is answered again when something new was learned."""
        self._book.rejected.add(image_id)
        self._feed.withdraw(image_id)
        self._feed.close(image_id, self.version)
        self._drop(image_id)
        self._ask_on()

    def pause(self) -> None:
        """Ask nothing more until `resume`."""
        self._paused = True
        self._feed.stop()
        self._report.hold()

    def resume(self) -> None:
        """Go on, with everything that was drawn meanwhile."""
        self._paused = self._closed
        self._report.go_on()
        self._soon.start()

    def restart_engine(self) -> None:
        """Begin anew with a fresh engine after it failed."""
        self._lane.restart()

    def close(self) -> None:
        """Hear and ask nothing more; the workspace and the lane may go on with others."""
        if self._closed:
            return
        self._closed = True
        self.pause()
        self._soon.stop()
        self._report.stop()
        self._ranking.stop()
        self._lane.cancel(Topic.FIT)
        self._unsubscribe()
        self._lane.answered.disconnect(self._on_answered)
        self._lane.failed.disconnect(self._on_failed)
        self._lane.progressed.disconnect(self._on_progressed)
        self._lane.state_changed.disconnect(self.engine_state)
        self._lane.state_changed.disconnect(self._on_state)

    # -- from the document to the engine ---------------------------------------------------------

    def _on_changes(self, changes: Changes, _initiator: object) -> None:
        self._supports.forget(changes)
        if changes.settings:
            self._take_up()
        if self._preview and self._preview.image_id in changes.images:
            self._preview = None  # the stroke was let go: it is in the document now
        for image_id in self._book.voided() if changes.classes else ():
            self._drop(image_id)
        if changes.image_list:
            self._announced = -1
            self._feed.rewind()
            for image_id in set(self._book.image_ids()) - self._workspace.project.images.keys():
                self._drop(image_id)
        for image_id in (changes.images & self._muted) - self._book.rejected:
            self._feed.reopen(image_id)  # the support stays as it was, but not this answer
        self._report.touch(self._muted)
        self._ranking.touch()
        self._soon.start()

    def _take_up(self) -> None:
        """The project keeps other choices now: tell the engine, and everything is answered anew."""
        before = self.options
        if not self._take_up_choices():
            return
        if self.options.backbone != before.backbone:
            self._feed.look_again()
            self._ranking.clear(version=self.version + 1)
        self._report.mend()
        self._settings = replace(self._settings, options=self.options)
        self._taught = None
        self._lane.ask(Configure(self._settings))

    @Slot()
    def _refresh(self) -> None:
        """Tell the engine what is new, if anything is, and ask what is open."""
        self._tell_complaints()
        if self._paused:
            return
        self._preview_moved = self._preview is not None and self._feed.awaits_current
        if self._preview_moved:  # taken up when the answer is there
            return
        support = self._supports.support(self._preview, version=self.version + 1, muted=self._muted)
        if support.key != self._taught and (self._answerable(support) or self.version > 0):
            self._teach(support)
        self._ask_on()

    def _teach(self, support: SupportRef) -> None:
        self._taught = support.key
        self._feed.renew()
        self._book.begin(support.version)
        self._can_answer = self._answerable(support)
        self._report.renew(support)
        if self._can_answer:
            self._lane.ask(Learn(support))
            return
        self._lane.cancel(Topic.FIT)
        for image_id in self._book.image_ids():
            self._drop(image_id)

    @Slot()
    def _answer_anew(self) -> None:
        """Ask every image again at the same version; what is shown stands until its turn comes."""
        self._announced = -1
        self._feed.reopen_all()
        for image_id in self._book.rejected:
            self._feed.close(image_id, self.version)
        self._ask_on()

    def _answerable(self, support: SupportRef) -> bool:
        """Words alone are enough for a method that reads them."""
        return bool(support.shots or (support.class_ids and reads_text(self.options.method)))

    def _look_at(self, topic: Topic, image_ids: Sequence[ImageId]) -> None:
        """Images whose proposal had to leave the shelf are asked again when they come into view."""
        self._feed.show(topic, image_ids)
        for image_id in image_ids:
            if self._book.is_wanting(image_id):
                self._feed.reopen(image_id)
        if not self._soon.active:
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
        if topic is Topic.REPORT:
            self._report.take(ticket, answer)
        elif isinstance(answer, LaneAnswer) and answer.image_id not in self._book.rejected:
            self._feed.close(answer.image_id, answer.support_version)
            self._put(answer)
        self._go_on(topic)

    def _put(self, answer: LaneAnswer) -> None:
        by_row = self._book.classes_by_row(answer)
        if by_row is None:
            return
        self._ranking.note(answer, by_row)
        if self._book.put(answer, by_row):
            self.proposal_changed.emit(answer.image_id)

    @Slot(object, int, str)
    def _on_failed(self, topic: Topic, ticket: int, sentence: str) -> None:
        image_id = self._feed.returned(topic, ticket)
        if topic is Topic.FIT:
            self._cannot_learn(sentence)
        elif topic is Topic.REPORT:
            self._report.give_up(sentence)
        elif topic in ASKING and image_id is not None:
            self._feed.close(image_id, self.version)
            self._book.problems[image_id] = sentence
            self.image_failed.emit(image_id, sentence)
        self._go_on(topic)

    def _cannot_learn(self, sentence: str) -> None:
        self._can_answer = False
        self._feed.stop()
        self._report.stop()
        if self._preview is not None:  # half a stroke may be too little; told if the whole one is
            self._taught = None
        else:
            self.support_failed.emit(sentence)

    def _go_on(self, topic: Topic) -> None:
        if self._preview_moved and topic in (Topic.CURRENT, Topic.FIT):
            self._refresh()
        else:
            self._ask_on()

    @Slot(object)
    def _on_state(self, state: EngineState) -> None:
        if state.kind in (EngineKind.STARTING, EngineKind.RESTARTING):
            self._engine_awaited = True
        elif self._engine_awaited and state.kind in (EngineKind.READY, EngineKind.BUSY):
            self._engine_awaited = False
            self._feed.engine_came()
            self._report.begin_anew()

    @Slot(object, int, float, str)
    def _on_progressed(self, topic: Topic, _ticket: int, fraction: float, message: str) -> None:
        self.progressed.emit(topic, fraction, message)

    def _drop(self, image_id: ImageId) -> None:
        if self._book.drop(image_id):
            self.proposal_changed.emit(image_id)
