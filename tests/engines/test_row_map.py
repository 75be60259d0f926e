"""Promises of the way from probabilities to rows."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engines.row_map as row_map_module
from engines.errors import Cancelled
from engines.exchange import Mark, MarkKind, Prediction
from engines.reporting import CancelToken, SilentReporter
from engines.row_map import fix_probabilities, row_map


def _prediction(
    shape: tuple[int, int, int], size: tuple[int, int], fixed: tuple[Mark, ...] = ()
) -> Prediction:
    values = np.random.default_rng(0).random(shape, np.float32)
    return Prediction((1, 2), values / values.sum(0), size, 0, fixed)


@pytest.mark.parametrize("size", [(20, 30), (47, 91), (200, 65)])
def test_upsampling_equals_torch(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_map_module, "STRIP_VALUES", 1000)
    prediction = _prediction((3, 20, 30), size)
    full = torch.nn.functional.interpolate(
        torch.from_numpy(prediction.probabilities)[None], size=size, mode="bilinear"
    )[0]
    top = full.sort(0, descending=True).values
    sure = ((top[0] - top[1]) > 1e-5).numpy()
    rows = row_map(prediction)
    assert rows.dtype == np.uint8
    np.testing.assert_array_equal(rows[sure], full.argmax(0).numpy()[sure])


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2),
    st.integers(-8, 60),
    st.integers(-8, 45),
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(0, 2**31),
    st.booleans(),
)
def test_what_a_person_drew_is_never_overruled(
    row: int, x: int, y: int, h: int, w: int, seed: int, reduced: bool
) -> None:
    mask = np.random.default_rng(seed).random((h, w)) < 0.5
    mark = Mark(row, (x, y), mask)
    size = (40, 56)
    prediction = _prediction((3, 20, 28) if reduced else (3, *size), size, (mark,))
    fix_probabilities(prediction.probabilities, prediction.fixed, size)
    np.testing.assert_allclose(prediction.probabilities.sum(0), 1, atol=1e-5)
    ys, xs = np.nonzero(mask)
    ys, xs = ys + y, xs + x
    inside = (ys >= 0) & (ys < size[0]) & (xs >= 0) & (xs < size[1])
    ys, xs = ys[inside], xs[inside]
    assert (row_map(prediction)[ys, xs] == row).all()
    if not reduced:
        assert (prediction.probabilities[row, ys, xs] == 1).all()


def test_a_box_does_not_bind() -> None:
    box = Mark(2, (0, 0), np.ones((20, 30), bool), MarkKind.BOX)
    free, boxed = _prediction((3, 20, 30), (20, 30)), _prediction((3, 20, 30), (20, 30), (box,))
    fix_probabilities(boxed.probabilities, boxed.fixed, (20, 30))
    np.testing.assert_array_equal(row_map(free), row_map(boxed))


def test_it_stops_when_asked() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        row_map(_prediction((3, 4, 4), (8, 8)), SilentReporter(token))
