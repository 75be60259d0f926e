"""Promises of runs: filling is a union, and banding for memory changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.document import runs as runs_module
from annotator.document.runs import capsule_runs, fill, point_runs, polygon_runs

some_runs = st.lists(st.tuples(st.integers(-3, 9), st.integers(-4, 12), st.integers(-4, 12)))


@settings(max_examples=150, deadline=None)
@given(some_runs, st.tuples(st.integers(-2, 3), st.integers(-2, 3)), st.booleans())
def test_filling_sets_the_union_clipped_to_the_mask_and_nothing_else(spans, origin, value) -> None:
    mask = np.full((6, 8), not value)
    expected = mask.copy()
    for row, start, stop in spans:
        for column in range(start, stop):
            r, c = row - origin[1], column - origin[0]
            if 0 <= r < 6 and 0 <= c < 8:
                expected[r, c] = value
    fill(mask, np.array(spans, np.int64).reshape(-1, 3), origin, value)
    assert np.array_equal(mask, expected)


def as_mask(runs: np.ndarray) -> np.ndarray:
    mask = np.zeros((60, 50), np.bool_)
    fill(mask, runs, (0, 0), True)
    return mask


@pytest.mark.parametrize("at_a_time", [1, 7, 100])
def test_working_in_bands_gives_the_same_pixels(monkeypatch, at_a_time: int) -> None:
    track = np.random.default_rng(3).uniform(-10, 70, (40, 2))
    stroke, ring = capsule_runs(track, 2.3, (60, 50)), polygon_runs(track, (60, 50))
    monkeypatch.setattr(runs_module, "_EDGE_ROWS_AT_A_TIME", at_a_time)
    assert as_mask(stroke).any()
    assert as_mask(ring).any()
    assert np.array_equal(as_mask(capsule_runs(track, 2.3, (60, 50))), as_mask(stroke))
    assert np.array_equal(as_mask(polygon_runs(track, (60, 50))), as_mask(ring))


def test_points_outside_the_image_have_no_pixel() -> None:
    track = np.array([(0.0, 0.0), (4.99, 2.99), (5.0, 1.0), (1.0, 3.0), (-0.01, 1.0)])
    assert point_runs(track, (3, 5)).tolist() == [[0, 0, 1], [2, 4, 5]]


def test_an_empty_track_has_no_runs() -> None:
    nothing = np.zeros((0, 2))
    for runs in (
        point_runs(nothing, (5, 5)),
        capsule_runs(nothing, 2.0, (5, 5)),
        polygon_runs(nothing, (5, 5)),
    ):
        assert runs.shape == (0, 3)
