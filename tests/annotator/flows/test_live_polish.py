"""Polishing in the live loop: after everything else, and every image is answered once more."""

from typing import Any

import pytest
from lane_faults import LongPolishingDesk, PolishingDesk
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from annotator.document.annotations import Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue
from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import LaneAnswer, Polish, Polished, Topic
from annotator.flows.live_flow import LiveFlow
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace

LIMIT_MS = 60_000


class _Loop:
    """A workspace at work with an engine of some kind; ``answers``: (image, version) as told."""

    def __init__(self, workspace: Workspace, opening: Any) -> None:
        self.workspace = workspace
        self.lane = EngineLane(opening=opening)
        self.flow = LiveFlow(workspace, self.lane, SegmentOptions(backbone="filters"))
        self.answers: list[tuple[ImageId, int]] = []
        self.lane.answered.connect(self._note)
        self.lane.start()

    def _note(self, _topic: Topic, _ticket: int, answer: object) -> None:
        if isinstance(answer, LaneAnswer):
            self.answers.append((answer.image_id, answer.support_version))

    def draw(self, target: ClassId, x: float) -> None:
        project = self.workspace.project
        cue = Stroke(project.next_cue_id(), target, ((x, 34.0), (x, 46.0)), 4.0)
        self.workspace.do("Stroke", [AddCue(next(iter(project.images)), cue)])

    def teach(self) -> None:
        self.draw(ClassId(1), 30)
        self.draw(BACKGROUND, 110)

    def close(self) -> None:
        self.flow.close()
        self.lane.close()


def test_a_better_answer_comes_for_every_image_at_the_same_version_without_a_gap(
    qtbot: QtBot, discs: Workspace
) -> None:
    loop = _Loop(discs, PolishingDesk)
    ids = list(discs.project.images)
    gaps: list[ImageId] = []
    loop.flow.proposal_changed.connect(
        lambda image_id: gaps.append(image_id) if loop.flow.proposal(image_id) is None else None
    )
    loop.teach()
    qtbot.waitUntil(lambda: loop.flow.report.tier == "polished", timeout=LIMIT_MS)
    version = loop.flow.version
    qtbot.waitUntil(lambda: len(loop.answers) >= 12, timeout=LIMIT_MS)
    assert sorted(loop.answers) == sorted((image_id, version) for image_id in ids * 2)
    assert gaps == []
    qtbot.waitUntil(lambda: loop.flow.progress == (6, 6), timeout=LIMIT_MS)
    loop.close()


def test_an_image_that_was_turned_away_is_not_asked_again(qtbot: QtBot, discs: Workspace) -> None:
    loop = _Loop(discs, PolishingDesk)
    last = list(discs.project.images)[-1]
    loop.flow.all_answered.connect(lambda _: loop.flow.reject(last))
    loop.teach()
    qtbot.waitUntil(lambda: loop.flow.report.tier == "polished", timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: len(loop.answers) >= 11, timeout=LIMIT_MS)
    qtbot.wait(300)
    assert [image_id for image_id, _ in loop.answers].count(last) == 1
    assert loop.flow.proposal(last) is None
    loop.close()


def test_a_stroke_does_not_wait_for_polishing_and_ends_what_was_polished(
    qtbot: QtBot, discs: Workspace
) -> None:
    loop = _Loop(discs, LongPolishingDesk)
    loop.flow.set_current(next(iter(discs.project.images)))
    polishing: list[bool] = []
    loop.lane.state_changed.connect(lambda _: polishing.append(_is_polishing(loop.lane)))
    loop.flow.all_answered.connect(lambda _: QTimer.singleShot(0, loop.flow._report._ask))
    loop.teach()
    qtbot.waitUntil(lambda: _is_polishing(loop.lane), timeout=LIMIT_MS)
    version = loop.flow.version
    loop.draw(BACKGROUND, 100)
    qtbot.waitUntil(
        lambda: any(of > version for _, of in loop.answers),
        timeout=20_000,  # it would take 60 s
    )
    assert loop.flow.report.tier == "instant"
    loop.close()


@pytest.mark.parametrize("ticket_is_right", [True, False])
def test_polish_is_only_taken_under_the_ticket_it_was_asked_with(
    discs: Workspace, ticket_is_right: bool
) -> None:
    lane = EngineLane()
    flow = LiveFlow(discs, lane)
    flow._report._ticket = lane.ask(Polish())
    flow._report.take(flow._report._ticket + (not ticket_is_right), Polished(1, True))
    assert flow.report.tier == ("polished" if ticket_is_right else "instant")
    flow.close()


def _is_polishing(lane: EngineLane) -> bool:
    return lane._flight is not None and isinstance(lane._flight.request, Polish)
