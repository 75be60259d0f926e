"""Promises of the scores."""

import numpy as np
import pytest

from engines.metrics import Confusion, EpisodeScores


def _maps(seed: int, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, k, (9, 11)).astype(np.uint8)
    guess = draw.integers(0, k, (9, 11)).astype(np.uint8)
    truth[draw.random((9, 11)) < 0.1] = 255
    return truth, guess


def _naive_iou(pairs: list[tuple[np.ndarray, np.ndarray]], row: int) -> float:
    both = either = 0
    for truth, guess in pairs:
        for t, g in zip(truth.ravel().tolist(), guess.ravel().tolist(), strict=True):
            if t == 255:
                continue
            both += t == row and g == row
            either += t == row or g == row
    return both / either


def test_iou_over_several_images_equals_a_naive_count() -> None:
    pairs = [_maps(seed) for seed in range(3)]
    scores = Confusion(4)
    for truth, guess in pairs:
        scores.add(truth, guess)
    naive = [_naive_iou(pairs, row) for row in range(4)]
    np.testing.assert_allclose(scores.iou(), naive)
    assert scores.mean_iou() == pytest.approx(np.mean(naive))
    assert scores.mean_iou(with_background=False) == pytest.approx(np.mean(naive[1:]))
    counts = np.array([sum((t == row).sum() for t, _ in pairs) for row in range(4)])
    assert scores.weighted_iou() == pytest.approx((counts * naive).sum() / counts.sum())
    right = sum((t == g).sum() for t, g in pairs) / counts.sum()
    assert scores.pixel_accuracy() == pytest.approx(right)


def test_weighted_iou_of_the_published_three_parts_comes_out() -> None:
    # IoUs 57.8, 71.1, 76.0 with weights .10, .51, .39 were printed as 71.7.
    scores = Confusion(4)
    for row, (iou, share) in enumerate(((0.578, 0.10), (0.711, 0.51), (0.760, 0.39)), 1):
        scores.counts[row, row] = round(1e6 * share * iou)
        scores.counts[row, 0] = round(1e6 * share * (1 - iou))
    assert scores.weighted_iou(with_background=False) == pytest.approx(0.717, abs=1e-3)


def test_a_row_that_never_occurs_has_no_iou_and_does_not_count() -> None:
    scores = Confusion(3)
    scores.add(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8))
    assert np.isnan(scores.iou()[1:]).all()
    assert scores.mean_iou() == 1.0


def test_unequal_shapes_and_unknown_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="make them equal"):
        Confusion(2).add(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
    with pytest.raises(ValueError, match="beyond the 2 rows"):
        Confusion(2).add(np.zeros((1, 1), np.uint8), np.full((1, 1), 2, np.uint8))
    with pytest.raises(ValueError, match="make them equal"):
        EpisodeScores().add(1, np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))


def test_episode_scores_sum_per_class_before_dividing() -> None:
    scores, pairs = EpisodeScores(), {3: [_maps(0, 2), _maps(1, 2)], 8: [_maps(2, 2)]}
    for class_id, some in pairs.items():
        for truth, guess in some:
            scores.add(class_id, truth, guess)
    naive = [_naive_iou(some, 1) for some in pairs.values()]
    assert list(scores.per_class().values()) == pytest.approx(naive)
    assert scores.mean_iou() == pytest.approx(np.mean(naive))
    every = [pair for some in pairs.values() for pair in some]
    assert scores.fb_iou() == pytest.approx((_naive_iou(every, 0) + _naive_iou(every, 1)) / 2)
