"""Keeps the lane supplied: one question of every topic; before any support, looks ahead."""

import time
from collections.abc import Sequence

from annotator.document.images import ImageId
from annotator.document.project import Project
from annotator.flows.answer_plan import AnswerPlan
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import Topic
from annotator.flows.live_support import LiveSupport, PreviewCue

ASKING = (Topic.CURRENT, Topic.VISIBLE, Topic.REST)


class AnswerFeed:
    """Asks what the plan says; knows which ticket was for which image."""

    def __init__(self, project: Project, supports: LiveSupport, lane: EngineLane) -> None:
        self._supports = supports
        self._lane = lane
        self._plan = AnswerPlan(project)
        self._ahead = AnswerPlan(project)  # images looked at before anything is marked
        self._ahead.renew(1)
        self._asked_at: dict[Topic, float] = {}
        self._came_at = 0.0
        self.latency_ms: float | None = None  # of the last answer for the image in view

    @property
    def version(self) -> int:
        """Of the support set that answers are wanted for."""
        return self._plan.version

    @property
    def progress(self) -> tuple[int, int]:
        """How many images are answered at that version, of how many."""
        return self._plan.progress

    @property
    def idle(self) -> bool:
        """Whether no question is under way."""
        return all(self._plan.under_way(topic) is None for topic in ASKING)

    @property
    def awaits_current(self) -> bool:
        """Whether the image in view is being answered."""
        return self._plan.under_way(Topic.CURRENT) is not None

    def renew(self) -> None:
        """Stop asking; everything is to be answered anew, for the next version."""
        self.stop()
        self._plan.renew(self._plan.version + 1)

    def rewind(self) -> None:
        """The list of images is another one."""
        self._plan.rewind()
        self._ahead.rewind()

    def look_again(self) -> None:
        """The backbone is another one: nothing was looked at with it."""
        self._cancel(Topic.ENCODE)
        self._ahead.renew(self._ahead.version + 1)

    def show(self, topic: Topic, image_ids: Sequence[ImageId]) -> None:
        """What is in view (CURRENT) or visible; a question no longer wanted first is withdrawn."""
        for plan in (self._plan, self._ahead):
            plan.show(topic, image_ids)
        under_way = self._plan.under_way(topic)
        if under_way is not None and under_way not in image_ids:
            self._cancel(topic)

    def reopen(self, image_id: ImageId) -> None:
        """Ask an image again though it was answered."""
        self._plan.reopen(image_id)

    def reopen_all(self) -> None:
        """Ask all images again."""
        self._plan.reopen_all()

    def close(self, image_id: ImageId, version: int) -> None:
        """An image needs no further answer at that version."""
        self._plan.note_done(image_id, version)

    def withdraw(self, image_id: ImageId) -> None:
        """Take back a question about an image."""
        for topic in ASKING:
            if self._plan.under_way(topic) == image_id:
                self._cancel(topic)

    def ask(self, preview: PreviewCue | None) -> None:
        """Fill what is free; while a cue is being drawn only for the image in view."""
        for topic in ASKING if preview is None else (Topic.CURRENT,):
            if topic is Topic.REST and self._plan.has_open(Topic.VISIBLE):
                return  # else the engine would take one of the rest between two visible ones
            image_id = self._plan.next_image(topic)
            if image_id is not None:
                question = self._supports.question(topic, image_id, preview)
                self._asked_at[topic] = time.perf_counter()
                self._plan.note_asked(topic, self._lane.ask(question), image_id)

    def look_ahead(self) -> None:
        """Let the engine look at the next image, so that its answer will come at once."""
        if self._ahead.under_way(Topic.ENCODE) is not None:
            return
        images = (self._ahead.next_image(topic) for topic in ASKING)
        image_id = next((image_id for image_id in images if image_id is not None), None)
        if image_id is not None:
            ticket = self._lane.ask(self._supports.look_ahead(image_id))
            self._ahead.note_asked(Topic.ENCODE, ticket, image_id)

    def returned(self, topic: Topic, ticket: int) -> ImageId | None:
        """The image a ticket was for; None for a ticket that was taken back."""
        if topic is not Topic.ENCODE:
            found = self._plan.take_back(topic, ticket)
            if found is not None and topic is Topic.CURRENT:
                self.latency_ms = (time.perf_counter() - self._begun(topic)) * 1e3
            return found
        image_id = self._ahead.take_back(topic, ticket)
        if image_id is not None:
            self._ahead.note_done(image_id, self._ahead.version)
        return image_id

    def engine_came(self) -> None:
        """The engine is there only now: waiting for it to start is no latency of an answer."""
        self._came_at = time.perf_counter()

    def _begun(self, topic: Topic) -> float:
        return max(self._asked_at[topic], self._came_at)

    def stop(self) -> None:
        """Take back all questions."""
        for topic in (*ASKING, Topic.ENCODE):
            self._cancel(topic)

    def _cancel(self, topic: Topic) -> None:
        self._lane.cancel(topic)
        (self._ahead if topic is Topic.ENCODE else self._plan).forget_asked(topic)
