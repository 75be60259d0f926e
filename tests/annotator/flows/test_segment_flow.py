"""Answering and accepting: drawn pixels stand, odd files stop nothing, choices are remembered."""

from pathlib import Path

import numpy as np
import pytest

from annotator.document.annotations import BitMask, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, label_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.segment_flow import (
    SegmentFlow,
    SegmentOptions,
    open_images,
    pixel_counts,
    usable_images,
)
from annotator.flows.workspace import Workspace
from engines.errors import Cancelled, UnknownName
from engines.reporting import CancelToken, SilentReporter

DISC = ClassId(1)


def ids(workspace: Workspace) -> list[ImageId]:
    return list(workspace.project.images)


def teach(workspace: Workspace) -> None:
    """A stroke on the disc of the first photograph and one beside it."""
    image = ids(workspace)[0]
    for target, x in ((DISC, 30.0), (BACKGROUND, 90.0)):
        cue = Stroke(workspace.project.next_cue_id(), target, ((x, 34.0), (x, 46.0)), 4.0)
        workspace.do("Stroke", [AddCue(image, cue)])


def flow_of(workspace: Workspace, **options: object) -> SegmentFlow:
    teach(workspace)
    chosen = {"backbone": "filters", **options}  # what it says of a disc is known
    flow = SegmentFlow(workspace, SegmentOptions(**chosen))  # type: ignore[arg-type]
    flow.learn()
    return flow


def test_two_strokes_answer_every_photograph(discs: Workspace) -> None:
    flow = flow_of(discs)
    answers = list(flow.answer(ids(discs)))
    shares = [pixel_counts(a.proposal)[DISC] / (np.pi * 20**2) for a in answers if a.proposal]
    assert len(shares) == 6
    assert min(shares) > 0.85
    assert max(shares) < 1.15


def test_what_was_drawn_stands_in_every_proposal_and_after_accepting(discs: Workspace) -> None:
    image = ids(discs)[0]
    wrong = BitMask.of(np.ones((6, 6), bool), (100, 70))  # far from the disc, against all evidence
    patch = label_patch(discs.project, image, wrong, DISC, Provenance.DRAWN)
    discs.do("Paint", [patch])
    flow = flow_of(discs)
    (answer,) = flow.answer([image])
    assert answer.proposal is not None
    assert (answer.proposal.classes[70:76, 100:106] == DISC).all()
    contrary = np.zeros_like(answer.proposal.classes)
    flow.accept(type(answer.proposal)(image, contrary, 0.0, 0))
    stands = discs.project.label_map(image)
    assert (stands.classes[70:76, 100:106] == DISC).all()
    assert (stands.provenance[70:76, 100:106] == Provenance.DRAWN).all()


def test_accepting_is_one_gesture_and_undo_takes_it_back(discs: Workspace) -> None:
    flow = flow_of(discs)
    (answer,) = flow.answer(ids(discs)[1:2])
    assert answer.proposal is not None
    assert flow.accept(answer.proposal)
    assert not flow.accept(answer.proposal), "nothing is left to change"
    assert discs.history.undo_name == "Accept, 'disc_1.png'"
    discs.undo()
    assert not discs.project.label_map(ids(discs)[1]).touched


def test_a_file_that_vanished_is_told_and_stops_nothing(discs: Workspace) -> None:
    flow = flow_of(discs)
    discs.project.image_path(ids(discs)[2]).unlink()
    answers = list(flow.answer(ids(discs)))
    assert [a.problem is None for a in answers] == [True, True, False, True, True, True]
    assert "disc_2.png" in str(answers[2].problem)


def test_open_images_are_those_with_a_question_left(discs: Workspace) -> None:
    image = ids(discs)[0]
    entry = discs.project.images[image]
    everything = BitMask.of(np.ones(entry.size, bool))
    discs.do("Import", [label_patch(discs.project, image, everything, 0, Provenance.IMPORTED)])
    flow = flow_of(discs)
    (answer,) = flow.answer(ids(discs)[1:2])
    assert answer.proposal is not None
    flow.accept(answer.proposal)
    assert usable_images(discs) == tuple(ids(discs))
    assert open_images(discs) == tuple(ids(discs)[2:])
    assert open_images(discs, again=True) == tuple(ids(discs)[1:])


def test_the_choice_of_method_is_remembered(tmp_path: Path, discs: Workspace) -> None:
    flow = flow_of(discs, method="panet", backbone="embedded")
    flow.remember()
    flow.remember()
    discs.close()
    with Workspace.open(tmp_path / "project") as again:
        assert again.project.settings["method"] == "panet"
        assert again.project.settings["backbone"] == "embedded"


def test_a_cancelled_walk_ends_between_two_images(discs: Workspace) -> None:
    flow, token = flow_of(discs), CancelToken()
    walk = flow.answer(ids(discs), SilentReporter(token))
    next(walk)
    token.cancel()
    with pytest.raises(Cancelled):
        next(walk)


def test_an_unknown_method_is_refused_by_name(discs: Workspace) -> None:
    with pytest.raises(UnknownName, match="magic"):
        SegmentFlow(discs, SegmentOptions(method="magic"))
