from itertools import combinations

import numpy as np
import pytest

from annotator.canvas.patterns import (
    CHANGE_BOOK,
    CLASS_BOOK,
    CLASS_PATTERNS,
    SIDE,
    class_pattern,
    dashes,
    hatch,
)
from annotator.document.classes import BACKGROUND, IGNORE


def swatch(class_id: int, book=CLASS_BOOK, line: int = 1, side: int = 32) -> np.ndarray:
    marks, _ = book.stamp(np.full((side, side), class_id, np.uint8), (0, 0), line)
    return marks


def test_ten_classes_and_more_wear_patterns_of_their_own() -> None:
    assert CLASS_PATTERNS >= 10
    swatches = [swatch(k) for k in range(1, CLASS_PATTERNS + 1)]
    for first, second in combinations(swatches, 2):
        # Wherever one is shifted to, it stays another pattern.
        shifts = [np.roll(second, (dy, dx), (0, 1)) for dy in range(SIDE) for dx in range(SIDE)]
        assert min(float((first != shifted).mean()) for shifted in shifts) > 0.04


def test_every_pattern_is_fine_and_leaves_the_picture_readable() -> None:
    for class_id in range(1, CLASS_PATTERNS + 1):
        assert 0.08 < swatch(class_id).mean() <= 0.5, class_id


def test_background_and_ignored_pixels_stay_bare() -> None:
    assert not swatch(BACKGROUND).any()
    assert not swatch(IGNORE).any()
    assert class_pattern(1) != class_pattern(2)
    assert class_pattern(1) == class_pattern(1 + CLASS_PATTERNS)


def test_what_lies_beside_marks_touches_them_and_never_covers_one() -> None:
    for class_id in range(1, CLASS_PATTERNS + 1):
        ids = np.full((32, 32), class_id, np.uint8)
        marks, beside = CLASS_BOOK.stamp(ids, (0, 0), 1)
        assert beside.any()
        assert not (marks & beside).any()
        near = np.roll(marks, 1, 0) | np.roll(marks, 1, 1)
        assert not (beside & ~near).any()


@pytest.mark.parametrize("line", [1, 2, 3])
def test_windows_of_one_zoom_fit_together(line: int) -> None:
    ids = np.random.default_rng(0).integers(0, 20, (40, 50)).astype(np.uint8)
    whole, _ = CLASS_BOOK.stamp(ids, (100, 70), line)
    part, _ = CLASS_BOOK.stamp(ids[7:29, 11:40], (111, 77), line)
    assert np.array_equal(whole[7:29, 11:40], part)
    kept = dashes((40, 50), (100, 70), line)
    assert np.array_equal(kept[7:29, 11:40], dashes((22, 29), (111, 77), line))


def test_marks_are_as_fine_on_dense_screens() -> None:
    coarse = swatch(3, line=2, side=64)
    assert np.array_equal(coarse[::2, ::2], swatch(3))


@pytest.mark.parametrize("way", ["level", "upright", "down", "up"])
def test_outlines_in_every_usual_direction_are_broken_into_dashes(way: str) -> None:
    along = np.arange(96)
    rows = {"level": 0 * along + 5, "upright": along, "down": along, "up": 95 - along}[way]
    columns = 0 * along + 5 if way == "upright" else along
    for shift in range(12):
        kept = dashes((96, 96), (shift, 0), 1)[rows, columns]
        assert 0.3 < kept.mean() < 0.7
        assert np.abs(np.diff(kept.astype(int))).sum() >= 6


def test_the_three_kinds_of_change_differ_without_colour() -> None:
    plus, minus, ring = (swatch(kind, CHANGE_BOOK) for kind in (1, 2, 3))
    assert plus.mean() > 1.5 * minus.mean()
    assert not np.array_equal(plus, ring)
    assert not swatch(0, CHANGE_BOOK).any()


def test_hatches_of_neighbouring_windows_are_in_step() -> None:
    whole = hatch((20, 40), (100, 60), 2)
    part = hatch((9, 15), (113, 66), 2)
    assert np.array_equal(whole[6:15, 13:28], part)
    assert 0.1 < whole.mean() < 0.2
