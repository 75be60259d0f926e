"""Promises of PANet's inference, against its formulas written out naively."""

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
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.errors import Cancelled, UnknownName, UnusableSupport
from engines.exchange import Mark, MarkKind
from engines.fewshot.catalog import open_method
from engines.fewshot.method import UNSEEN_LOGIT, EncodedShot, EncodedSupport
from engines.fewshot.panet import Panet
from engines.reporting import CancelToken, SilentReporter

R = SilentReporter()
BACKBONE = ToyBackbone()


def _deep(seed: int) -> Tensor:
    return features_of(BACKBONE, scene(seed)[0])().maps[-1]


def _deep_maps(seed: int) -> FeatureMaps:
    return features_of(BACKBONE, scene(seed)[0])()


def _pool(features: Tensor, mask: np.ndarray) -> Tensor:
    """Masked average pooling with late fusion, as the paper says it."""
    up = torch.nn.functional.interpolate(features, size=mask.shape, mode="bilinear")
    chosen = torch.from_numpy(mask.astype(np.float32))
    return (up * chosen).sum((2, 3))[0] / (chosen.sum() + 1e-5)


def _logits(query: Tensor, prototypes: list[Tensor]) -> Tensor:
    return torch.stack(
        [20 * torch.cosine_similarity(query, p[None, :, None, None]) for p in prototypes], 1
    )


def _fitted(support: EncodedSupport) -> Panet:
    method = Panet()
    method.fit(support, R)
    return method


def _shot(seed: int, marks: tuple[Mark, ...]):
    return encoded_shot(BACKBONE, scene(seed)[0], marks)


def test_two_ways_two_shots_equal_the_formulas() -> None:
    """Every support image belongs to one way; its background leaves out all classes."""
    rows = {seed: scene(seed)[1] for seed in (0, 1, 2, 3)}
    ways = {0: 1, 1: 1, 2: 2, 3: 2}
    shots = [
        _shot(seed, (*masks(rows[seed], only=(way,)), *masks(rows[seed], only=(0,))))
        for seed, way in ways.items()
    ]
    classes = [
        torch.stack([_pool(_deep(s), rows[s] == w) for s, w in ways.items() if w == way]).mean(0)
        for way in (1, 2)
    ]
    background = torch.stack([_pool(_deep(s), rows[s] == 0) for s in ways]).mean(0)
    naive = _logits(_deep(4), [background, *classes])
    found = _fitted(encoded(*shots)).logits(features_of(BACKBONE, scene(4)[0])())
    torch.testing.assert_close(found, naive, atol=1e-3, rtol=1e-4)


def test_a_mask_alone_takes_the_rest_for_background() -> None:
    _, rows = scene(0)
    found = _fitted(encoded(_shot(0, masks(rows, only=(1,)))))
    naive = _logits(_deep(1), [_pool(_deep(0), rows != 1), _pool(_deep(0), rows == 1)])
    answer = found.logits(features_of(BACKBONE, scene(1)[0])())
    torch.testing.assert_close(answer[:, :2], naive, atol=1e-3, rtol=1e-4)


def test_boxes_are_largest_inside_and_complement_of_the_union() -> None:
    _, rows = scene(0)
    small = Mark(1, (2, 3), np.ones((5, 6), bool), MarkKind.BOX)
    big = box_of(rows, 1)
    filled, union = np.zeros(rows.shape, bool), np.zeros(rows.shape, bool)
    (x0, y0, x1, y1) = big.box
    filled[y0:y1, x0:x1] = union[y0:y1, x0:x1] = True
    union[3:8, 2:8] = True
    naive = _logits(_deep(1), [_pool(_deep(0), ~union), _pool(_deep(0), filled)])
    found = _fitted(encoded(_shot(0, (small, big))))
    answer = found.logits(features_of(BACKBONE, scene(1)[0])())
    torch.testing.assert_close(answer[:, :2], naive, atol=1e-3, rtol=1e-4)


def test_scribbles_of_background_are_the_background() -> None:
    _, rows = scene(0)
    marks = strokes(rows, each=2)

    def union(row: int) -> np.ndarray:
        whole = np.zeros(rows.shape, bool)
        for mark in marks:
            if mark.row == row:
                x0, y0, x1, y1 = mark.box
                whole[y0:y1, x0:x1] |= mark.mask
        return whole

    naive = _logits(_deep(1), [_pool(_deep(0), union(row)) for row in (0, 1, 2)])
    answer = _fitted(encoded(_shot(0, marks))).logits(features_of(BACKBONE, scene(1)[0])())
    torch.testing.assert_close(answer, naive, atol=1e-3, rtol=1e-4)


def test_it_finds_the_classes_of_another_picture() -> None:
    _, rows = scene(0)
    other, truth = scene(1)
    method = _fitted(encoded(_shot(0, masks(rows))))
    assert accuracy(method.logits(features_of(BACKBONE, other)()), truth) > 0.8


def test_known_marks_need_no_features_and_give_the_same_bits() -> None:
    backbone = ToyBackbone()
    image, rows = scene(0)
    marks, query = strokes(rows, each=3), features_of(BACKBONE, scene(1)[0])()
    method = Panet()
    method.fit(encoded(encoded_shot(backbone, image, marks)), R)
    first, calls = method.logits(query), backbone.calls
    method.fit(encoded(encoded_shot(backbone, image, marks)), R)
    assert backbone.calls == calls
    assert torch.equal(first, method.logits(query))


def test_too_little_is_refused_in_words() -> None:
    _, rows = scene(0)
    with pytest.raises(UnusableSupport, match="mark at least one object"):
        _fitted(encoded(_shot(0, masks(rows, only=(0,)))))
    with pytest.raises(UnusableSupport, match="leave or mark some background"):
        _fitted(encoded(_shot(0, (Mark(1, (0, 0), np.ones(rows.shape, bool), MarkKind.MASK),))))
    with pytest.raises(UnusableSupport, match="Nothing has been learned"):
        Panet().logits(features_of(BACKBONE, scene(1)[0])())


def test_it_stops_when_asked() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        Panet().fit(encoded(_shot(0, masks(scene(0)[1]))), SilentReporter(token))


def test_the_catalog_opens_by_name_and_says_what_it_has() -> None:
    assert open_method("panet", BACKBONE.card).card.name == "panet"
    assert open_method("probe", BACKBONE.card).card.name == "probe"
    with pytest.raises(UnknownName, match="choose one of: probe, panet"):
        open_method("panett", BACKBONE.card)


def test_marks_outside_the_picture_say_nothing() -> None:
    rows = scene(0)[1]
    outside = np.ones((10, 10), bool)
    known = _shot(0, masks(rows, only=(1,)))
    for x, y in ((-25, -25), (-25, 5), (5, -25), (500, 500)):
        with_outside = _shot(0, (*known.marks, Mark(2, (x, y), outside)))
        answers = [
            _fitted(encoded(shot)).logits(known.features()) for shot in (known, with_outside)
        ]
        assert torch.equal(answers[0], answers[1])


def test_a_first_shot_with_nothing_inside_does_not_hide_the_others() -> None:
    rows = scene(1)[1] != 0
    cover = (Mark(1, (0, 0), rows, MarkKind.MASK), Mark(2, (0, 0), ~rows, MarkKind.MASK))
    nothing = _shot(0, (Mark(0, (-25, -25), np.ones((9, 9), bool)),))
    logits = _fitted(encoded(nothing, _shot(1, cover))).logits(_deep_maps(1))
    assert (logits[:, 0] == UNSEEN_LOGIT).all()
    assert (logits[:, 1:] > UNSEEN_LOGIT).all()


def test_a_large_picture_marked_all_over_has_no_background() -> None:
    """A difference of two sums over ten million pixels would leave some pixels of rounding."""
    height, width = 2758, 3652
    ways = np.arange(width)[None].repeat(height, 0) % 2 == 0
    marks = (Mark(1, (0, 0), ways, MarkKind.MASK), Mark(2, (0, 0), ~ways, MarkKind.MASK))
    maps = FeatureMaps((torch.rand(1, 4, 24, 32, generator=torch.Generator().manual_seed(0)),), ())
    shot = EncodedShot("large", (height, width), marks, lambda: maps)
    assert (_fitted(encoded(shot)).logits(maps)[:, 0] == UNSEEN_LOGIT).all()
