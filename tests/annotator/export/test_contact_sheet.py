"""The contact sheet shows every class, keeps its margins, and never lets text run over."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.export.contact_sheet import (
    MARGIN,
    PAPER,
    SCALE,
    TILE_LIMIT,
    SheetTile,
    _font,
    choose_tiles,
    elided,
    render_contact_sheet,
)
from annotator.export.dataset import Category
from annotator.export.overlay import TINT, overlaid
from annotator.export.tiling import justified

CAT = Category(7, "cat", (86, 180, 233))


def tile(h: int = 60, w: int = 90, caption: str = "a.png") -> SheetTile:
    classes = np.zeros((h, w), np.uint8)
    classes[h // 4 : h // 2, w // 4 : w // 2] = 7
    return SheetTile(caption, np.full((h, w, 3), 120, np.uint8), classes)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30])
def test_margins_stay_clear_whatever_is_shown(count: int) -> None:
    long = "a_rather_long_name_of_a_file_" * 5
    tiles = [tile(40 + 7 * k, 60 + 11 * (k % 5), f"{k}{long}.png") for k in range(count)]
    categories = [CAT, *(Category(k, f"{k} {long}", (9, 9, 200)) for k in range(20, 60))]
    sheet = np.asarray(render_contact_sheet(tiles, categories, long * 3, long * 9))
    clear = MARGIN * SCALE
    for edge in (sheet[:clear], sheet[-clear:], sheet[:, :clear], sheet[:, -clear:]):
        assert (edge == PAPER).all()


def test_the_classes_colour_is_in_the_picture() -> None:
    sheet = np.asarray(render_contact_sheet([tile()], [CAT], "t", "s")).reshape(-1, 3)
    assert (sheet == CAT.colour).all(axis=1).sum() > 200  # chip and outline


def test_the_overlay_tints_inside_and_leaves_outside_alone() -> None:
    shown = np.asarray(overlaid(tile().pixels, tile().classes, [CAT], (90, 60)))
    assert shown[5, 5].tolist() == [120, 120, 120]
    expected = 120 + TINT * (np.array(CAT.colour) - 120)
    assert np.abs(shown[22, 33] - expected).max() <= 2


def test_every_class_is_chosen_and_tiles_are_spread() -> None:
    present = [frozenset({1}) for _ in range(1000)]
    present[17] = frozenset({2})
    present[500] = frozenset()
    chosen = choose_tiles(present)
    assert len(chosen) == TILE_LIMIT
    assert 17 in chosen
    assert 500 not in chosen
    assert max(np.diff(chosen)) < 100


@given(st.lists(st.frozensets(st.integers(1, 60), max_size=5), max_size=80))
@settings(max_examples=100, deadline=None)
def test_chosen_tiles_are_distinct_and_few(present: list[frozenset[int]]) -> None:
    chosen = choose_tiles(present)
    assert len(set(chosen)) == len(chosen) == min(len(present), TILE_LIMIT)


@given(st.text(max_size=60), st.integers(20, 400))
@settings(max_examples=100, deadline=None)
def test_elided_text_fits(text: str, width: int) -> None:
    font = _font(12)
    shown = elided(text, font, width)
    assert font.getlength(shown) <= width + 1 or shown == "…"


def test_short_text_is_left_whole_and_long_text_keeps_its_ending() -> None:
    assert elided("cat.png", _font(12), 500) == "cat.png"
    assert elided("a" * 200 + "_left.png", _font(12), 200).endswith(".png")


@given(st.lists(st.floats(0.5, 2.5), min_size=1, max_size=24))
@settings(max_examples=150, deadline=None)
def test_justified_tiles_stand_on_the_grid_and_never_overlap(aspects: list[float]) -> None:
    places = justified(aspects, widths=(640, 1280), gap=20, below=24)
    assert len(places) == len(aspects)
    for before, after in pairwise(places):
        if before.y == after.y:
            assert after.x == before.x + before.w + 20
        else:
            assert after.x == 0
            assert after.y >= before.y + before.h + 24
            assert before.x + before.w == 1280
    assert all(value % 4 == 0 for place in places for value in place)
    assert all(place.x + place.w <= 1280 for place in places)
    assert all(abs(p.w / p.h / a - 1) < 0.12 for p, a in zip(places, aspects, strict=True))
