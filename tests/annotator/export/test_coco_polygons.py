"""Polygons give back every pixel under pycocotools, and no ring encloses a hole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask
from scipy import ndimage

from annotator.export.coco_polygons import hole_free_pieces, polygons_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))


def raster(rings: list[list[int]], shape: tuple[int, int]) -> np.ndarray:
    packed = coco_mask.merge(coco_mask.frPyObjects(rings, *shape))
    return coco_mask.decode(packed).astype(bool)


def nested_rings() -> np.ndarray:
    y, x = np.mgrid[:61, :61] - 30
    return (np.hypot(x, y).astype(int) // 6) % 2 == 0


def one_pixel_holes() -> np.ndarray:
    mask = np.ones((30, 40), bool)
    mask[2:-2:3, 2:-2:3] = False
    return mask


def diagonal_ring() -> np.ndarray:
    mask = np.zeros((5, 5), bool)
    mask[[0, 1, 1, 2, 2, 3, 3, 4], [2, 1, 3, 0, 4, 1, 3, 2]] = True
    return mask


SHAPES = {
    "checkerboard": np.indices((17, 19)).sum(0) % 2 == 0,
    "nested rings": nested_rings(),
    "one-pixel holes": one_pixel_holes(),
    "diagonal ring": diagonal_ring(),
    "one pixel": np.ones((1, 1), bool),
    "one row": np.ones((1, 9), bool),
    "whole image": np.ones((12, 7), bool),
    "frame": np.pad(np.zeros((5, 6), bool), 1, constant_values=True),
    "spiral": np.array([[*"11111"], [*"10001"], [*"10101"], [*"10111"], [*"10000"]]) == "1",
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_difficult_shapes_come_back_exactly(name: str) -> None:
    mask = SHAPES[name]
    assert np.array_equal(raster(polygons_of(mask), mask.shape), mask)


@given(MASKS)
@settings(max_examples=400, deadline=None)
def test_any_mask_comes_back_exactly(mask: np.ndarray) -> None:
    rings = polygons_of(mask)
    if not mask.any():
        assert rings == []
        return
    assert np.array_equal(raster(rings, mask.shape), mask)
    assert all(len(ring) >= 8 and len(ring) % 2 == 0 for ring in rings)


@given(MASKS)
@settings(max_examples=200, deadline=None)
def test_no_piece_has_a_hole_and_rings_never_overlap(mask: np.ndarray) -> None:
    pieces = hole_free_pieces(mask)
    assert np.array_equal(pieces > 0, mask)
    for number in np.unique(pieces[pieces > 0]):
        piece = pieces == number
        filled = ndimage.binary_fill_holes(piece, structure=np.ones((3, 3)))
        assert np.array_equal(filled, piece)
        assert ndimage.label(piece)[1] == 1
    areas = [
        int(coco_mask.area(coco_mask.frPyObjects([r], *mask.shape))[0]) for r in polygons_of(mask)
    ]
    assert sum(areas) == np.count_nonzero(mask)


def test_a_donut_keeps_its_hole_where_two_rings_would_fill_it() -> None:
    y, x = np.mgrid[:80, :80] - 40
    donut = (np.hypot(x, y) < 35) & (np.hypot(x, y) > 15)
    rings = polygons_of(donut)
    assert len(rings) == 2
    assert raster(rings, donut.shape).sum() == donut.sum()


def test_the_origin_moves_the_rings() -> None:
    mask = np.zeros((20, 30), bool)
    mask[4:9, 11:17] = True
    assert (
        polygons_of(mask[4:9, 11:17], (11, 4))
        == polygons_of(mask)
        == [[11, 4, 17, 4, 17, 9, 11, 9]]
    )


def test_many_holes_in_a_row_need_one_cut() -> None:
    mask = np.ones((9, 41), bool)
    mask[4, 2:-2:2] = False
    assert len(polygons_of(mask)) == 2


@given(MASKS, st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=50, deadline=None)
def test_rings_hold_native_whole_numbers(mask: np.ndarray, x: int, y: int) -> None:
    assert all(type(number) is int for ring in polygons_of(mask, (x, y)) for number in ring)
