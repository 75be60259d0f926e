"""The live loop with a real engine: gestures in, proposals out, nothing asked twice."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from word_data import put_disc_words

from annotator.document.annotations import BitMask, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class, label_patch, remove_images, rename_class
from annotator.document.edits import recolour_class as recolour
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.proposal import Proposal
from annotator.flows.answer_plan import AnswerPlan
from annotator.flows.engine_lane import EngineLane
from annotator.flows.lane_messages import EngineKind, LaneAnswer, Topic
from annotator.flows.live_flow import LiveFlow
from annotator.flows.proposal_shelf import LiveProposal, ProposalShelf
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace

DISC = ClassId(1)
LIMIT_MS = 60_000
AREA = np.pi * 20**2


class Loop:
    """A workspace, a lane, a flow, and everything they said."""

    def __init__(self, workspace: Workspace, **how: Any) -> None:
        self.workspace = workspace
        self.lane = EngineLane()
        how.setdefault("options", SegmentOptions(backbone="filters"))
        self.flow = LiveFlow(workspace, self.lane, **how)
        self.changed: list[ImageId] = []
        self.answers: list[tuple[Topic, int]] = []
        self.done: list[int] = []
        self.troubles: list[str] = []
        self.flow.proposal_changed.connect(self.changed.append)
        self.flow.all_answered.connect(self.done.append)
        self.flow.support_failed.connect(self.troubles.append)
        self.lane.answered.connect(self._note)
        self.lane.start()

    def _note(self, topic: Topic, _ticket: int, answer: object) -> None:
        if isinstance(answer, LaneAnswer):
            self.answers.append((topic, answer.image_id))

    @property
    def ids(self) -> list[ImageId]:
        return list(self.workspace.project.images)

    def stroke(self, target: ClassId, x: float, y: float = 34) -> Stroke:
        track = ((x, y), (x, y + 12))
        return Stroke(self.workspace.project.next_cue_id(), target, track, 4.0)

    def draw(self, target: ClassId, x: float, image: int = 0) -> None:
        edit = AddCue(self.ids[image], self.stroke(target, x))
        self.workspace.do("Stroke", [edit])

    def teach(self) -> None:
        self.draw(DISC, 30)
        self.draw(BACKGROUND, 90)

    def shown(self, image: int) -> Proposal:
        proposal = self.flow.proposal(self.ids[image])
        assert proposal is not None
        return proposal

    def area(self, image: int) -> int:
        return int((self.shown(image).classes == DISC).sum())

    def wait_all(self, qtbot: QtBot, version: int | None = None) -> None:
        def settled() -> bool:
            return bool(self.done) and self.done[-1] >= (version or 1)

        qtbot.waitUntil(settled, timeout=LIMIT_MS)


@pytest.fixture
def loop(qtbot: QtBot, discs: Workspace) -> Iterator[Loop]:
    made = Loop(discs)
    yield made
    made.lane.close()


def test_two_strokes_answer_all_images_those_in_view_first(qtbot: QtBot, loop: Loop) -> None:
    loop.flow.set_current(loop.ids[4])
    loop.flow.set_visible([loop.ids[5], loop.ids[3]])
    loop.teach()
    loop.wait_all(qtbot)
    assert loop.answers[0] == (Topic.CURRENT, loop.ids[4])
    # one request of each topic is with the engine at any time, so the rest starts after these
    assert {image for _, image in loop.answers[1:3]} == {loop.ids[5], loop.ids[3]}
    assert sorted(loop.changed) == loop.ids
    for image in range(6):
        assert loop.area(image) == pytest.approx(AREA, rel=0.15)
        assert loop.shown(image).support_version == loop.flow.version == 1
    uncertainty = loop.flow.uncertainty(loop.ids[0])
    assert uncertainty is not None
    assert uncertainty.shape == (96, 128)


def test_accepting_and_recolouring_ask_nothing_and_another_stroke_asks_everything(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach()
    loop.wait_all(qtbot)
    asked = len(loop.answers)
    assert loop.flow.accept(loop.ids[1])
    assert not loop.flow.accept(loop.ids[1])
    where = np.zeros((96, 128), bool)
    where[:50] = True
    assert loop.flow.accept(loop.ids[2], where)
    half = loop.workspace.project.label_map(loop.ids[2]).provenance
    assert set(np.unique(half[:50])) == {Provenance.ACCEPTED}
    assert set(np.unique(half[50:])) == {Provenance.UNTOUCHED}
    loop.workspace.do("Recolour", [recolour(loop.workspace.project, DISC, (1, 2, 3))])
    qtbot.wait(50)
    assert (len(loop.answers), loop.flow.version) == (asked, 1)
    loop.draw(BACKGROUND, 110)
    loop.wait_all(qtbot, 2)
    assert len(loop.answers) == 2 * asked
    loop.workspace.undo()
    loop.wait_all(qtbot, 3)


def test_what_was_drawn_since_stands_when_an_older_proposal_is_accepted(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach()
    loop.wait_all(qtbot)
    loop.flow.pause()
    image = loop.ids[0]
    loop.draw(BACKGROUND, 38)  # within the disc
    painted = BitMask.of(np.ones((5, 5), bool), (100, 70))
    patch = label_patch(loop.workspace.project, image, painted, DISC, Provenance.DRAWN)
    loop.workspace.do("Paint", [patch])
    assert loop.flow.accept(image)
    truth = loop.workspace.project.visible_classes(image)
    assert (truth[36:44, 36:40] == BACKGROUND).all()
    assert (truth[70:75, 100:105] == DISC).all()
    assert loop.done == [1]  # nothing was asked while paused
    loop.flow.resume()
    loop.wait_all(qtbot, 2)
    assert (loop.shown(0).classes[36:44, 36:40] == BACKGROUND).all()
    assert (loop.shown(0).classes[70:75, 100:105] == DISC).all()


def test_a_stroke_under_the_pen_is_answered_and_its_release_costs_nothing_twice(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.flow.set_current(loop.ids[0])
    loop.teach()
    loop.wait_all(qtbot)
    loop.answers.clear()
    stroke = loop.stroke(BACKGROUND, 110)
    for length in range(1, 13):  # the pen moves on while answers are awaited
        moved = Stroke(stroke.cue_id, BACKGROUND, ((110, 34), (110, 34 + length)), 4.0)
        loop.flow.preview_cue(loop.ids[0], moved)
        qtbot.wait(1)
    loop.flow.preview_cue(loop.ids[0], stroke)

    def whole_stroke_answered() -> bool:
        return bool((loop.shown(0).classes[46:49, 108:112] == BACKGROUND).all()) and bool(
            loop.answers
        )

    qtbot.waitUntil(whole_stroke_answered, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: loop.lane.state.kind is EngineKind.READY, timeout=LIMIT_MS)
    seen = loop.flow.version
    assert {topic for topic, _ in loop.answers} == {Topic.CURRENT}
    assert len(loop.answers) <= 14
    loop.answers.clear()
    loop.workspace.do("Stroke", [AddCue(loop.ids[0], stroke)])
    loop.wait_all(qtbot, seen)
    assert loop.flow.version == seen  # the same marks: the engine knows them already
    assert Topic.CURRENT not in {topic for topic, _ in loop.answers}
    assert len(loop.answers) == 5


def test_too_few_marks_are_told_and_more_marks_mend_it(qtbot: QtBot, loop: Loop) -> None:
    loop.draw(DISC, 30)
    qtbot.waitUntil(lambda: bool(loop.troubles), timeout=LIMIT_MS)
    assert loop.flow.proposal(loop.ids[0]) is None
    loop.draw(BACKGROUND, 90)
    loop.wait_all(qtbot, 2)
    assert loop.area(5) == pytest.approx(AREA, rel=0.15)


def test_methods_change_classes_come_and_images_go_while_the_loop_runs(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach()
    loop.wait_all(qtbot)
    loop.flow.set_method("panet")
    loop.flow.set_method("panet")
    loop.wait_all(qtbot, 2)
    assert loop.flow.options.method == "panet"
    loop.flow.set_method("probe")
    loop.wait_all(qtbot, 3)
    loop.workspace.do("Class", [add_class(loop.workspace.project, "ring")])
    loop.workspace.do("Rename", [rename_class(loop.workspace.project, DISC, "coin")])
    loop.wait_all(qtbot, 4)
    gone = loop.ids[5]
    loop.workspace.do("Remove", [remove_images(loop.workspace.project, [gone])])
    assert loop.flow.proposal(gone) is None
    assert loop.area(4) == pytest.approx(AREA, rel=0.15)


def test_a_rejected_proposal_stays_away_until_something_new_is_learned(
    qtbot: QtBot, loop: Loop
) -> None:
    loop.teach()
    loop.wait_all(qtbot)
    loop.flow.reject(loop.ids[3])
    loop.flow.set_visible([loop.ids[3]])
    qtbot.wait(50)
    assert loop.flow.proposal(loop.ids[3]) is None
    loop.draw(BACKGROUND, 110)
    loop.wait_all(qtbot, 2)
    assert loop.shown(3).support_version == 2


def test_undoing_every_cue_takes_every_proposal_away(qtbot: QtBot, loop: Loop) -> None:
    loop.teach()
    loop.wait_all(qtbot)
    loop.workspace.undo()
    loop.workspace.undo()
    qtbot.waitUntil(lambda: loop.flow.proposal(loop.ids[0]) is None, timeout=LIMIT_MS)


@pytest.mark.skipif(sys.platform == "win32", reason="a signal is sent to the engine")
def test_an_engine_killed_in_the_middle_loses_nothing(qtbot: QtBot, loop: Loop) -> None:
    loop.teach()
    qtbot.waitUntil(lambda: len(loop.answers) >= 2, timeout=LIMIT_MS)
    assert loop.lane.process_id
    os.kill(loop.lane.process_id, signal.SIGKILL)
    loop.wait_all(qtbot)
    loop.draw(BACKGROUND, 110)
    loop.wait_all(qtbot, 2)
    assert [loop.shown(k).support_version for k in range(6)] == [2] * 6


def test_an_image_whose_file_has_gone_gets_its_reason_and_stops_nothing(
    qtbot: QtBot, loop: Loop, photographs: Path
) -> None:
    (photographs / "disc_3.png").unlink()
    loop.teach()
    loop.wait_all(qtbot)
    assert "disc_3.png" in (loop.flow.problem(loop.ids[3]) or "")
    assert loop.area(5) == pytest.approx(AREA, rel=0.15)


def test_the_shelf_keeps_the_newest_within_its_bytes() -> None:
    def live(image: int, version: int) -> LiveProposal:
        plane = np.zeros((10, 10), np.uint8)
        return LiveProposal(Proposal(ImageId(image), plane, 0.0, version), plane)

    shelf = ProposalShelf(limit_bytes=600)
    assert all(shelf.put(live(image, 2)) for image in (1, 2, 3))
    assert not shelf.put(live(1, 1))
    assert shelf.get(ImageId(1)) is not None  # seen: 2 is now the one unseen for longest
    shelf.put(live(4, 2))
    assert shelf.image_ids() == (3, 1, 4)
    assert shelf.byte_count == 600


def test_a_question_taken_back_is_found_again_at_the_end_of_the_walk(discs: Workspace) -> None:
    plan, ids = AnswerPlan(discs.project), list(discs.project.images)
    plan.renew(1)
    plan.show(Topic.CURRENT, ids[:1])
    plan.note_asked(Topic.CURRENT, 1, ids[0])
    assert plan.next_image(Topic.REST) == ids[1]
    for image in ids[1:]:
        plan.note_done(image, 1)
    assert plan.next_image(Topic.REST) is None
    plan.forget_asked(Topic.CURRENT)
    assert plan.next_image(Topic.REST) == ids[0]
    plan.note_done(ids[0], 1)
    assert plan.next_image(Topic.REST) is None


def test_words_are_answered_before_anything_is_marked(
    qtbot: QtBot, discs: Workspace, tmp_path: Path
) -> None:
    """The card of a vocabulary for `filters`, whose only word is "disc", lies on the shelf."""
    put_disc_words(tmp_path / "words")
    options = SegmentOptions(method="text", backbone="filters")
    loop = Loop(discs, options=options, models_dir=tmp_path / "words")
    try:
        loop.wait_all(qtbot)
        assert not loop.troubles
        assert {image for _, image in loop.answers} == set(loop.ids)
        loop.workspace.do("Rename", [rename_class(discs.project, DISC, "xyzzy")])
        qtbot.waitUntil(lambda: bool(loop.troubles), timeout=LIMIT_MS)
        assert "'xyzzy'" in loop.troubles[0]
    finally:
        loop.flow.close()
        loop.lane.close()
