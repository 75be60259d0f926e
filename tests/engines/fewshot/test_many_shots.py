"""Promises about support sets of very many images: memory does not grow with their number."""

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, encoded, masks, scene, strokes

from engines.backbones.backbone import FeatureMaps
from engines.errors import Cancelled
from engines.exchange import Mark
from engines.fewshot.dealing import LENDERS
from engines.fewshot.ledger import Ledger
from engines.fewshot.method import EncodedShot, EncodedSupport, Method
from engines.fewshot.panet import Panet
from engines.fewshot.probe import Probe
from engines.fewshot.ridge import Moments
from engines.reporting import CancelToken, SilentReporter

SHOTS = 300
R = SilentReporter()


class Watched:
    """Shots of ever other features, of which every copy handed out is watched while it lives."""

    def __init__(self, pretraining: str = "toy") -> None:
        self.backbone = ToyBackbone(pretraining)
        self.calls, self.most_alive = 0, 0
        self._alive: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()
        image, self.rows = scene(0, size=(64, 128))
        batch = torch.from_numpy(image.array).permute(2, 0, 1)[None].float() / 255
        self._maps = self.backbone.encode(batch)

    def shot(self, number: int, marks: tuple[Mark, ...]) -> EncodedShot:
        return EncodedShot(str(number), (64, 128), marks, self._features(number))

    def full(self, count: int) -> list[EncodedShot]:
        return [self.shot(number, masks(self.rows)) for number in range(count)]

    def _features(self, number: int) -> Callable[[], FeatureMaps]:
        def features() -> FeatureMaps:
            self.calls += 1
            maps = tuple(one + 0.001 * number for one in self._maps.maps)
            self._alive.update(maps)
            self.most_alive = max(self.most_alive, len(self._alive))
            return FeatureMaps(maps, self._maps.specs)

        return features


def _probe(watched: Watched, limit_bytes: int) -> tuple[Probe, Ledger]:
    ledger = Ledger(limit_bytes)
    return Probe(watched.backbone.card, ledger=ledger), ledger


def _moments_alive() -> int:
    gc.collect()
    return sum(one.nbytes for one in gc.get_objects() if type(one) is Moments)


@pytest.mark.parametrize("kind", ["toy", "none", "panet"])
def test_features_of_one_shot_at_a_time_are_held(kind: str) -> None:
    watched = Watched("none" if kind == "none" else "toy")
    method: Method = Panet() if kind == "panet" else Probe(watched.backbone.card)
    method.fit(encoded(*watched.full(SHOTS)), R)
    assert watched.calls == (2 if kind == "none" else 1) * SHOTS
    assert watched.most_alive <= 2 * 3  # maps of the shot that comes and of the one that goes


def test_statistics_are_held_within_the_limit_and_the_answer_is_the_same() -> None:
    watched = Watched()
    before, limit = _moments_alive(), 200_000
    shots = encoded(*watched.full(SHOTS))
    small, ledger = _probe(watched, limit)
    small.fit(shots, R)
    assert 0 < ledger.held_bytes <= limit
    assert _moments_alive() - before <= limit
    large = Probe(watched.backbone.card)
    large.fit(shots, R)
    maps = shots.shots[5].features()
    assert torch.equal(small.logits(maps), large.logits(maps))
    assert small.temperature == large.temperature


def test_one_stroke_more_costs_only_itself_after_the_statistics_are_gone() -> None:
    watched = Watched()
    shots = watched.full(SHOTS)
    probe, _ = _probe(watched, limit_bytes=1)
    probe.fit(encoded(*shots), R)
    assert 3 * SHOTS > LENDERS
    watched.calls = 0
    more = [*shots, watched.shot(SHOTS, strokes(watched.rows, each=1)[:1])]
    probe.fit(encoded(*more), R)
    assert watched.calls == 1
    afresh = Probe(watched.backbone.card)
    afresh.fit(encoded(*more), R)
    maps = shots[0].features()
    assert torch.equal(probe.logits(maps), afresh.logits(maps))


class _StopsAt(SilentReporter):
    """Cancelled at its n-th check."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self._left = checks

    def raise_if_cancelled(self) -> None:
        self._left -= 1
        if self._left < 0:
            token = CancelToken()
            token.cancel()
            SilentReporter(token).raise_if_cancelled()


@pytest.mark.parametrize("pretraining", ["toy", "none"])
def test_stopping_at_any_check_changes_no_later_answer(pretraining: str) -> None:
    watched = Watched(pretraining)
    shots = watched.full(4)
    old, new = encoded(*shots[:3]), encoded(*shots[1:], shots[0])
    maps = shots[0].features()
    afresh = Probe(watched.backbone.card)
    afresh.fit(new, R)
    for checks in range(40):
        probe, _ = _probe(watched, limit_bytes=1)
        probe.fit(old, R)
        before = probe.logits(maps)
        try:
            probe.fit(new, _StopsAt(checks))
        except Cancelled:
            assert torch.equal(probe.logits(maps), before)
            probe.fit(new, R)
        else:
            break
        assert torch.equal(probe.logits(maps), afresh.logits(maps))
    assert 12 <= checks < 39


def test_marks_that_cover_nothing_are_as_if_they_were_not_there() -> None:
    watched = Watched()
    outside = Mark(1, (500, 500), np.ones((4, 4), bool))
    full = masks(watched.rows)
    plain: EncodedSupport = encoded(*(watched.shot(n, full) for n in range(5)))
    mixed = encoded(*(watched.shot(n, (full[0], outside, *full[1:])) for n in range(5)))
    grown, afresh = Probe(watched.backbone.card), Probe(watched.backbone.card)
    grown.fit(plain, R)
    watched.calls = 0
    grown.fit(mixed, R)
    grown.fit(mixed, R)
    assert watched.calls == 5
    afresh.fit(plain, R)
    maps = plain.shots[0].features()
    assert torch.equal(grown.logits(maps), afresh.logits(maps))
    assert grown.temperature == afresh.temperature
