"""Report and ranking of the live loop with a real engine: after the answers, never before them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lane_faults import PonderousDesk
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from annotator.document.annotations import BitMask, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, label_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import LaneAnswer, Topic
from annotator.flows.lane_queue import Pending
from annotator.flows.live_flow import LiveFlow
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace
from engines.exchange import CrossScores

DISC = ClassId(1)
LIMIT_MS = 60_000


class Loop:
    """A workspace, a lane, a flow, and the topics of what the lane answered."""

    def __init__(self, workspace: Workspace, **how: Any) -> None:
        self.workspace = workspace
        self.lane = EngineLane(**how)
        self.flow = LiveFlow(workspace, self.lane, SegmentOptions(backbone="filters"))
        self.topics: list[Topic] = []
        self.lane.answered.connect(lambda topic, *_: self.topics.append(topic))
        self.lane.start()

    @property
    def ids(self) -> list[ImageId]:
        return list(self.workspace.project.images)

    def draw(self, image: int, target: ClassId, x: float) -> None:
        cue_id = self.workspace.project.next_cue_id()
        cue = Stroke(cue_id, target, ((x, 34.0), (x, 46.0)), 4.0)
        self.workspace.do("Stroke", [AddCue(self.ids[image], cue)])

    def teach(self, *images: int) -> None:
        """The discs stand at x 30 and beyond, with ground to their right."""
        for image in images:
            self.draw(image, DISC, 30 + 4 * image)
            self.draw(image, BACKGROUND, 110)

    def judged(self, qtbot: QtBot) -> None:
        """Wait until the report is that of the present support, which first has to be told."""
        qtbot.wait(20)
        qtbot.waitUntil(lambda: self.flow.report.version == self.flow.version, timeout=LIMIT_MS)


@pytest.fixture
def loop(qtbot: QtBot, discs: Workspace) -> Iterator[Loop]:
    made = Loop(discs)
    yield made
    made.flow.close()
    made.lane.close()


def test_the_report_counts_at_once_and_judges_when_all_is_answered(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach(0)
    report = loop.flow.report
    assert [(row.image_id, row.cue_count) for row in report.rows] == [(loop.ids[0], 2)]
    assert (report.stroke_count, report.expected, report.curve) == (2, None, ())
    loop.judged(qtbot)
    assert loop.flow.report.expected is None
    loop.teach(1, 2)
    assert loop.flow.report.stroke_count == 6
    loop.judged(qtbot)
    report = loop.flow.report
    assert report.expected is not None
    assert report.interval is not None
    assert report.expected > 0.7
    assert [count for count, _ in report.curve] == [1, 2]
    assert all(row.effect is not None for row in report.rows)
    assert loop.topics[-1] is Topic.REPORT
    loop.flow.set_muted(loop.ids[0], True)
    row, *_ = loop.flow.report.rows
    assert (row.image_id, row.muted, row.effect) == (loop.ids[0], True, None)
    assert loop.flow.report.stroke_count == 4
    loop.judged(qtbot)
    assert loop.flow.report.curve[-1][0] == 1
    for _ in range(7):
        loop.workspace.undo()
    qtbot.waitUntil(lambda: loop.flow.report.rows == (), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: loop.flow.report.expected is None, timeout=LIMIT_MS)


def test_painted_pixels_count_as_one_more_cue(discs: Workspace, loop: Loop) -> None:
    mask = BitMask.of(np.ones((5, 5), bool), (100, 70))
    patch = label_patch(discs.project, loop.ids[0], mask, DISC, Provenance.DRAWN)
    discs.do("Paint", [patch])
    assert [row.cue_count for row in loop.flow.report.rows] == [1]
    loop.draw(0, BACKGROUND, 110)
    assert loop.flow.report.stroke_count == 2


def test_an_engine_that_judges_for_long_still_answers_at_once(
    qtbot: QtBot, discs: Workspace
) -> None:
    loop = Loop(discs, opening=PonderousDesk)
    loop.flow.set_current(loop.ids[0])
    loop.teach(0, 1)
    judging: list[Topic] = []
    loop.flow.all_answered.connect(lambda _: QTimer.singleShot(0, loop.flow._report._ask))
    loop.lane.state_changed.connect(
        lambda _: judging.append(flight.topic) if (flight := loop.lane._flight) else None
    )
    qtbot.waitUntil(lambda: Topic.REPORT in judging, timeout=LIMIT_MS)
    loop.topics.clear()
    loop.draw(0, BACKGROUND, 100)
    qtbot.waitUntil(lambda: Topic.CURRENT in loop.topics, timeout=20_000)  # it would take 60 s
    assert Topic.REPORT not in loop.topics
    loop.flow.close()
    loop.lane.close()


def test_judging_yields_to_all_that_somebody_waits_for() -> None:
    report = Pending(_Request(Topic.REPORT), 1)
    yields = {topic for topic in Topic if report.yields_to(topic)}
    assert yields == {
        Topic.CONFIGURE, Topic.FIT, Topic.CURRENT, Topic.VISIBLE, Topic.REPORT
    }  # fmt: skip
    assert not Pending(_Request(Topic.REST), 1).yields_to(Topic.REPORT)


def test_a_method_that_cannot_judge_is_not_asked_again_until_it_is_another_one(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach(0, 1)
    loop.judged(qtbot)
    loop.flow._report.give_up("a fault of the engine")
    version = loop.flow.report.version
    loop.draw(0, BACKGROUND, 100)
    qtbot.waitUntil(lambda: loop.flow.version > version, timeout=LIMIT_MS)
    qtbot.wait(900)
    assert loop.flow.report.version == version
    loop.flow.set_method("panet")
    loop.judged(qtbot)
    assert loop.flow.report.expected is not None


def test_a_report_is_only_taken_under_the_ticket_it_was_asked_with(loop: Loop) -> None:
    loop.flow._report.take(99, CrossScores(expected=0.5))
    assert loop.flow.report.expected is None


def test_answers_are_ranked_and_the_marked_image_is_last(qtbot: QtBot, loop: Loop) -> None:
    told: list[bool] = []
    loop.flow.ranking_changed.connect(lambda: told.append(True))
    loop.teach(0)
    answered: list[LaneAnswer] = []
    loop.lane.answered.connect(
        lambda _topic, _ticket, a: answered.append(a) if isinstance(a, LaneAnswer) else None
    )
    qtbot.waitUntil(lambda: len(answered) == 6, timeout=LIMIT_MS)
    qtbot.waitUntil(
        lambda: all(one.reason != "not answered yet" for one in loop.flow.ranking),
        timeout=LIMIT_MS,
    )
    ranking = loop.flow.ranking
    assert len(told) <= 3  # six answers within a second or so
    assert sorted(one.image_id for one in ranking) == loop.ids
    assert ranking[-1].image_id == loop.ids[0]
    assert ranking[0].reason
    assert loop.flow.next_useful(None) == ranking[0].image_id
    assert loop.flow.next_useful(ranking[0].image_id) == ranking[1].image_id
    assert loop.flow.next_useful(ranking[4].image_id) == ranking[0].image_id
    for answer in answered:
        assert answer.descriptor.shape == (64,)
        assert np.linalg.norm(answer.descriptor) == pytest.approx(1, abs=1e-5)
        seen = sum(pixels for _, _, pixels in answer.class_doubt)
        assert seen == pytest.approx(answer.rows.size, rel=1e-3)
    for one in ranking[:5]:
        loop.flow.accept(one.image_id)
    assert loop.flow.next_useful(None) is None


def test_the_latency_is_that_of_the_image_in_view(qtbot: QtBot, loop: Loop) -> None:
    assert loop.flow.latency_ms is None
    loop.flow.set_current(loop.ids[3])
    loop.teach(0)
    qtbot.waitUntil(lambda: loop.flow.latency_ms is not None, timeout=LIMIT_MS)
    assert 0 < (loop.flow.latency_ms or 0) < LIMIT_MS


def test_a_threshold_leaves_only_what_is_sure_and_learns_nothing_anew(
    qtbot: QtBot, loop: Loop
) -> None:
    def area() -> int:
        proposal = loop.flow.proposal(loop.ids[5])
        fresh = proposal is not None and proposal.support_version == loop.flow.version
        return int((proposal.classes == DISC).sum()) if fresh and proposal else -1

    loop.teach(0)
    qtbot.waitUntil(lambda: area() > 0, timeout=LIMIT_MS)
    before = area()
    loop.flow.set_threshold(0.9)
    qtbot.waitUntil(lambda: loop.flow.version > 1 and area() >= 0, timeout=LIMIT_MS)
    assert area() < before
    loop.workspace.undo()
    qtbot.waitUntil(lambda: area() == before, timeout=LIMIT_MS)


def test_accept_diff_shows_what_accepting_does(qtbot: QtBot, loop: Loop) -> None:
    assert loop.flow.accept_diff(loop.ids[1]) is None
    loop.teach(0)
    qtbot.waitUntil(lambda: loop.flow.proposal(loop.ids[1]) is not None, timeout=LIMIT_MS)
    diff = loop.flow.accept_diff(loop.ids[1])
    assert diff is not None
    assert not diff.touches_accepted
    assert loop.flow.accept(loop.ids[1])
    truth = loop.workspace.project.visible_classes(loop.ids[1])
    np.testing.assert_array_equal(diff.kinds > 0, truth > 0)
    assert diff.added == (truth > 0).sum() > 0
    after = loop.flow.accept_diff(loop.ids[1])
    assert after is not None
    assert not after.kinds.any()


def test_a_closed_flow_hears_nothing_and_asks_nothing(qtbot: QtBot, loop: Loop) -> None:
    loop.teach(0)
    qtbot.waitUntil(lambda: loop.flow.proposal(loop.ids[5]) is not None, timeout=LIMIT_MS)
    heard: list[Any] = []
    loop.flow.report_changed.connect(lambda: heard.append("report"))
    loop.flow.ranking_changed.connect(lambda: heard.append("ranking"))
    loop.flow.proposal_changed.connect(heard.append)
    loop.flow.engine_state.connect(heard.append)
    loop.flow.close()
    loop.flow.close()
    version = loop.flow.version
    loop.topics.clear()
    loop.teach(1)
    loop.flow.set_current(loop.ids[2])
    loop.flow.resume()
    other = LiveFlow(loop.workspace, loop.lane)
    qtbot.waitUntil(lambda: other.proposal(loop.ids[2]) is not None, timeout=LIMIT_MS)
    other.close()
    assert heard == []
    assert loop.flow.version == version


class _Request:
    def __init__(self, topic: Topic) -> None:
        self.topic = topic
