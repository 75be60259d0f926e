"""Marked images judged by each other: the figures are those of plain refits, and they end."""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, box_of, scene, strokes, support

import engines.sessions.cross_check as cross_check_module
from engines.backbones.backbone import BackboneCard
from engines.errors import Cancelled, UnusableSupport
from engines.exchange import BACKGROUND_ROW, CrossScores, Mark, Shot
from engines.fewshot.method import EncodedShot, EncodedSupport, Method
from engines.fewshot.probe import Probe
from engines.fewshot.shot_reader import ShotReader
from engines.reporting import CancelToken, Reporter, SilentReporter
from engines.sessions.cross_check import CrossChecker, mean_iou
from engines.sessions.fewshot_session import FewShotSession, SessionOptions
from engines.sessions.leave_out import LeaveOut, Rows, SumLeaveOut, SumMemory, Truth

QUIET = SilentReporter()


def shot(seed: int, only: tuple[int, ...] = (0, 1, 2)) -> Shot:
    image, rows = scene(seed)
    return Shot(image, tuple(mark for mark in strokes(rows, seed=seed) if mark.row in only))


def wrong_shot(seed: int) -> Shot:
    """Disc and square are taken for each other."""
    swapped, right = {0: 0, 1: 2, 2: 1}, shot(seed)
    marks = (Mark(swapped[m.row], m.origin, m.mask, m.kind) for m in right.marks)
    return Shot(right.image, tuple(marks))


def opened(method: str = "probe", pretraining: str = "toy") -> FewShotSession:
    options = SessionOptions(size_px=192, refine=False)
    return FewShotSession(method, ToyBackbone(pretraining), options=options)


def checked(session: FewShotSession, *shots: Shot) -> CrossScores:
    session.set_support(support(*shots))
    return session.cross_check()


@pytest.mark.parametrize("pretraining", ["toy", "none"])
def test_much_is_expected_of_good_shots_and_the_one_that_confuses_classes_is_found(
    pretraining: str,
) -> None:
    good = checked(opened("probe", pretraining), *(shot(seed) for seed in range(5)))
    assert good.expected is not None
    assert good.interval is not None
    assert good.expected > 0.6
    assert 0 <= good.interval < 0.4
    assert [count for count, _ in good.curve] == [1, 2, 3, 4]
    assert good.curve[-1] == (4, good.expected)
    shots = (*(shot(seed) for seed in range(4)), wrong_shot(9))
    bad = checked(opened("probe", pretraining), *shots)
    assert bad.expected is not None
    assert bad.expected < good.expected
    assert bad.scores[4] == min(score for score in bad.scores if score is not None)
    effects = [effect for effect in bad.effects if effect is not None]
    assert len(effects) == 5
    assert bad.effects[4] == min(effects) < 0


def test_a_method_without_sums_is_judged_by_learning_anew() -> None:
    good = checked(opened("panet"), *(shot(seed) for seed in range(5)))
    bad = checked(opened("panet"), *(shot(seed) for seed in range(4)), wrong_shot(9))
    assert good.expected is not None
    assert bad.expected is not None
    assert good.expected > 0.6
    assert bad.expected < good.expected
    assert bad.scores[4] == min(score for score in bad.scores if score is not None)
    assert len([effect for effect in good.effects if effect is not None]) == 5


def test_one_marked_image_expects_nothing_and_two_have_no_effect_on_others() -> None:
    one = checked(opened(), shot(0))
    assert one == CrossScores((None,), (None,), support_version=1)
    two = checked(opened(), shot(0), shot(1))
    assert two.effects == (None, None)
    assert two.expected is not None
    assert two.curve == ((1, two.expected),)


def test_a_class_only_one_image_teaches_does_not_count_against_it() -> None:
    figures = checked(opened(), shot(0), shot(1, only=(0, 1)), shot(2, only=(0, 1)))
    assert figures.scores[0] is not None
    assert figures.scores[0] > 0.6  # its square, which nobody else knows, is passed over
    lonely = checked(opened(), shot(0), shot(1, only=(0,)))
    assert lonely.scores[0] is None  # background alone teaches nothing
    assert lonely.scores[1] is not None


def test_the_same_support_gives_the_same_figures_whatever_was_checked_before() -> None:
    shots = [shot(seed) for seed in range(5)]
    session = opened()
    first = checked(session, *shots)
    assert first == checked(opened(), *shots)
    checked(session, *shots, shot(7))
    assert checked(session, *shots) == first


def test_one_more_shot_reads_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    plain = Probe.sums_of

    def noted(self: Probe, reader: ShotReader, reporter: Reporter) -> object:
        read.append(reader.shot.digest)
        return plain(self, reader, reporter)

    monkeypatch.setattr(Probe, "sums_of", noted)
    session, shots = opened(), [shot(seed) for seed in range(4)]
    checked(session, *shots)
    assert len(read) == 4
    checked(session, *shots, shot(7))
    assert read[4:] == [shot(7).image.digest]


@torch.inference_mode()
@pytest.mark.parametrize("boxes", [False, True])
def test_leaving_out_by_subtraction_answers_as_learning_anew_does(boxes: bool) -> None:
    backbone = ToyBackbone()
    encoded = _encoded_support(backbone, 5, boxes=boxes)
    probe = Probe(backbone.card)
    probe.fit(encoded, QUIET)
    sums = SumLeaveOut(probe, encoded, range(4), QUIET, memory=SumMemory())
    for teachers in ((0, 1, 2), (1,), (0, 3)):
        guess = next(sums.guesses(teachers, [2], QUIET))
        plain = Probe(backbone.card)
        taught = tuple(encoded.shots[i] for i in (*teachers, 4))  # the fifth always teaches
        plain.fit(EncodedSupport(encoded.row_names, taught), QUIET)
        logits = plain.logits(encoded.shots[2].features())[0].flatten(1)
        wanted = logits[:, sums.truths[2].cells].argmax(0).numpy()
        assert guess is not None
        assert (guess == wanted).mean() > 0.995
    assert set(sums.rest_rows) == {0, 1, 2}


def test_beyond_a_dozen_a_sample_is_judged_and_it_is_the_same_one_every_time() -> None:
    figures = checked(opened(), *(shot(seed) for seed in range(16)))
    judged = [i for i, score in enumerate(figures.scores) if score is not None]
    assert len(judged) == cross_check_module.JUDGED
    assert [i for i, effect in enumerate(figures.effects) if effect is not None] == judged
    assert figures.curve[-1][0] == 15
    assert figures == checked(opened(), *(shot(seed) for seed in range(16)))


def test_it_stops_when_asked_and_begins_again() -> None:
    class Patience(SilentReporter):
        left = 30

        def raise_if_cancelled(self) -> None:
            self.left -= 1
            if self.left < 0:
                token.cancel()
            super().raise_if_cancelled()

    token = CancelToken()
    session = opened()
    session.set_support(support(*(shot(seed) for seed in range(6))))
    with pytest.raises(Cancelled):
        session.cross_check(Patience(token))
    assert session.cross_check().expected is not None


def test_nothing_is_judged_before_anything_was_learned() -> None:
    with pytest.raises(UnusableSupport):
        opened().cross_check()


class Oracle:
    """Right about everything as soon as ``needed`` of the others teach, else all background."""

    def __init__(self, count: int, needed: int) -> None:
        rows = np.array([0, 1, 1, 2], np.uint8)
        self.truths = [Truth(torch.arange(4), rows, np.ones(4, np.float32))] * count
        self.rest_rows: frozenset[int] = frozenset()
        self._needed = needed

    def guesses(
        self, teachers: Collection[int], judged: Sequence[int], reporter: Reporter
    ) -> Iterator[Rows | None]:
        for number in judged:
            known = len(teachers) >= self._needed
            yield self.truths[number].rows if known else np.zeros(4, np.uint8)


def test_effect_and_curve_are_what_their_names_say(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = _encoded_support(ToyBackbone(), 5)
    card = cast(BackboneCard, ToyBackbone().card)
    checker = CrossChecker(cast(Method, None), card, lambda: cast(Method, None), seed=0)

    def figures(needed: int) -> CrossScores:
        leave_out: LeaveOut = Oracle(5, needed)
        monkeypatch.setattr(checker, "_leave_out", lambda *_: leave_out)
        return checker.check(encoded, QUIET)

    four = figures(4)
    assert (four.expected, four.interval) == (1.0, 0.0)
    assert four.effects == (1.0,) * 5  # without any one of them nobody knows anything
    assert four.curve == ((1, 0.0), (2, 0.0), (3, 0.0), (4, 1.0))
    two = figures(2)
    assert two.effects == (0.0,) * 5
    assert two.curve == ((1, 0.0), (2, 1.0), (3, 1.0), (4, 1.0))


def test_iou_counts_weights_and_only_classes_that_count() -> None:
    truth = Truth(
        torch.arange(5), np.array([0, 1, 1, 2, 3], np.uint8),
        np.array([1.0, 2.0, 1.0, 4.0, 9.0], np.float32),
    )  # fmt: skip
    guess = np.array([1, 1, 2, 2, 1], np.uint8)
    assert mean_iou(truth, guess, {1, 2}) == pytest.approx((2 / 4 + 4 / 5) / 2)
    assert mean_iou(truth, guess, {BACKGROUND_ROW}) == 0.0


def _encoded_support(backbone: ToyBackbone, count: int, *, boxes: bool = False) -> EncodedSupport:
    shots = []
    for seed in range(count):
        image, rows = scene(seed)
        marks = (box_of(rows, 1), box_of(rows, 2)) if boxes else shot(seed).marks
        pixels = torch.from_numpy(image.array).permute(2, 0, 1)[None].float() / 255
        features = backbone.encode(pixels)
        shots.append(EncodedShot(image.digest, image.size, marks, lambda maps=features: maps))
    return EncodedSupport(("background", "disc", "square"), tuple(shots))
