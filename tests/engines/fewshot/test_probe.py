"""Promises of the linear probe."""

import numpy as np
import pytest
import torch
from fewshot_toys import (
    ToyBackbone,
    accuracy,
    box_of,
    encoded,
    encoded_shot,
    features_of,
    masks,
    scene,
    strokes,
)

from engines.errors import Cancelled, UnusableSupport
from engines.exchange import ArrayImage, Mark, MarkKind
from engines.fewshot.method import UNSEEN_LOGIT, probabilities
from engines.fewshot.probe import Probe, ProbeOptions
from engines.reporting import CancelToken, SilentReporter

R = SilentReporter()


@pytest.fixture(params=["toy", "none"])
def backbone(request: pytest.FixtureRequest) -> ToyBackbone:
    """Once as a trained network, once as filters, which are lifted."""
    return ToyBackbone(pretraining=request.param)


def test_scribbles_on_one_image_segment_another(backbone: ToyBackbone) -> None:
    (image, rows), (other, truth) = scene(0), scene(1)
    probe = Probe(backbone.card)
    probe.fit(encoded(encoded_shot(backbone, image, strokes(rows, each=4))), R)
    answer = probe.logits(features_of(backbone, other)())
    assert answer.shape == (1, 3, 32, 48)
    assert answer.dtype == torch.float32
    assert accuracy(answer, truth) > 0.93


def test_probabilities_sum_to_one(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    probe = Probe(backbone.card)
    shot = encoded_shot(backbone, image, strokes(rows))
    probe.fit(encoded(shot), R)
    torch.testing.assert_close(
        probabilities(probe, shot.features()).sum(1), torch.ones(1, 32, 48), atol=1e-5, rtol=0
    )


def test_one_stroke_more_gives_the_bits_of_learning_afresh(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    marks = strokes(rows, each=4)
    grown, fresh = Probe(backbone.card), Probe(backbone.card)
    for count in range(3, len(marks) + 1):
        grown.fit(encoded(encoded_shot(backbone, image, marks[:count])), R)
    fresh.fit(encoded(encoded_shot(backbone, image, marks)), R)
    features = features_of(backbone, image)()
    assert torch.equal(grown.logits(features), fresh.logits(features))


def test_a_removed_and_returned_stroke_changes_nothing(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    marks = strokes(rows, each=3)
    probe, features = Probe(backbone.card), features_of(backbone, image)()
    probe.fit(encoded(encoded_shot(backbone, image, marks)), R)
    before = probe.logits(features)
    probe.fit(encoded(encoded_shot(backbone, image, marks[1:])), R)
    assert not torch.equal(before, probe.logits(features))
    probe.fit(encoded(encoded_shot(backbone, image, marks)), R)
    assert torch.equal(before, probe.logits(features))


def test_known_marks_need_no_features() -> None:
    backbone = ToyBackbone()
    (image, rows), (other, more) = scene(0), scene(1)
    probe = Probe(backbone.card)
    first = encoded_shot(backbone, image, strokes(rows))
    probe.fit(encoded(first), R)
    assert backbone.calls == 1
    probe.fit(encoded(first, encoded_shot(backbone, other, strokes(more))), R)
    assert backbone.calls == 2


def test_a_box_alone_is_enough(backbone: ToyBackbone) -> None:
    image, rows = scene(2)
    probe = Probe(backbone.card)
    probe.fit(encoded(encoded_shot(backbone, image, (box_of(rows, 1), box_of(rows, 2)))), R)
    answer = probe.logits(features_of(backbone, image)())
    assert accuracy(answer, rows) > 0.93


def test_the_corners_of_a_box_are_not_taken_for_the_object() -> None:
    from engines.fewshot.evidence import pieces_of
    from engines.fewshot.levels import plan_levels
    from engines.fewshot.representation import UnitLevels
    from engines.fewshot.shot_reader import ShotReader

    backbone = ToyBackbone()
    image, rows = scene(2)
    shot = encoded_shot(backbone, image, (box_of(rows, 1),))
    inside, ring = pieces_of(shot)
    how = UnitLevels(plan_levels(backbone.card.maps, context=1))
    found = ShotReader(shot).moments(inside, how, sample_size=4)
    assert found is not None
    disc, box = (rows == 1).sum() / 16, inside.mark.mask.sum() / 16
    assert found.count == pytest.approx(disc, rel=0.15)
    assert found.count < 0.9 * box
    assert ring.row == 0


def test_rows_without_marks_are_never_answered(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    probe = Probe(backbone.card)
    shot = encoded_shot(backbone, image, masks(rows, only=(0, 2)))
    probe.fit(encoded(shot), R)
    answer = probe.logits(shot.features())
    assert (answer[:, 1] == UNSEEN_LOGIT).all()
    assert float(answer.softmax(1)[:, 1].max()) == 0


@pytest.mark.parametrize(
    ("only", "words"),
    [
        ((1,), "Only 'disc' is marked"),
        ((0,), "mark a class as well"),
        ((), "Nothing is marked yet"),
    ],
)
def test_too_little_is_refused_in_words(only: tuple[int, ...], words: str) -> None:
    backbone = ToyBackbone()
    image, rows = scene(0)
    probe = Probe(backbone.card)
    with pytest.raises(UnusableSupport, match=words):
        probe.fit(encoded(encoded_shot(backbone, image, masks(rows, only=only))), R)
    with pytest.raises(UnusableSupport, match="Nothing has been learned"):
        probe.logits(features_of(backbone, image)())


def test_a_refused_support_leaves_the_last_answer(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    probe, features = Probe(backbone.card), features_of(backbone, image)()
    probe.fit(encoded(encoded_shot(backbone, image, masks(rows))), R)
    before = probe.logits(features)
    with pytest.raises(UnusableSupport):
        probe.fit(encoded(encoded_shot(backbone, image, masks(rows, only=(1,)))), R)
    assert torch.equal(before, probe.logits(features))


def test_it_stops_when_asked(backbone: ToyBackbone) -> None:
    image, rows = scene(0)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        Probe(backbone.card).fit(
            encoded(encoded_shot(backbone, image, masks(rows))), SilentReporter(token)
        )
    assert backbone.calls == 0


def test_the_seed_decides_the_lift() -> None:
    backbone = ToyBackbone(pretraining="none")
    image, rows = scene(0)
    shot = encoded_shot(backbone, image, strokes(rows))
    answers = []
    for seed in (0, 0, 1):
        probe = Probe(backbone.card, ProbeOptions(seed=seed))
        probe.fit(encoded(shot), R)
        answers.append(probe.logits(shot.features()))
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_a_flat_image_gives_an_answer_without_numbers_gone_wrong(backbone: ToyBackbone) -> None:
    image = ArrayImage(np.full((64, 64, 3), 90, np.uint8))
    halves = np.zeros((64, 64), bool)
    halves[:32] = True
    marks = (Mark(0, (0, 0), halves), Mark(1, (0, 0), ~halves))
    probe = Probe(backbone.card)
    probe.fit(encoded(encoded_shot(backbone, image, marks)), R)
    assert torch.isfinite(probe.logits(features_of(backbone, image)())).all()


@pytest.mark.parametrize("side", [1, 30])
def test_a_box_around_nothing_or_of_one_pixel_gives_finite_answers(
    side: int, backbone: ToyBackbone
) -> None:
    flat = ArrayImage(np.full((160, 160, 3), 128, np.uint8))
    for image in (flat, scene(0, size=(160, 160))[0]):
        box = Mark(1, (50, 50), np.ones((side, side), bool), MarkKind.BOX)
        probe = Probe(backbone.card)
        probe.fit(encoded(encoded_shot(backbone, image, (box,))), R)
        assert torch.isfinite(probe.logits(features_of(backbone, image)())).all()
