"""Promises of turning marks into weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import engines.fewshot.cues as cues
from engines.exchange import Mark
from engines.fewshot.cues import area_weights, bilinear_weights, full_bilinear_weights


def _dense(weights: cues.CellWeights, grid: tuple[int, int]) -> torch.Tensor:
    dense = torch.zeros(grid[0] * grid[1])
    dense[weights.cells] = weights.weights
    return dense.reshape(grid)


def _naive_area(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Every pixel split into 60 x 60 specks; exact while cell edges fall between specks."""
    specks = np.kron(mask, np.ones((60, 60)))
    h, w = specks.shape[0] // grid[0], specks.shape[1] // grid[1]
    return specks.reshape(grid[0], h, grid[1], w).mean((1, 3))


@pytest.mark.parametrize("grid", [(2, 3), (4, 5), (5, 4), (20, 30)])
def test_area_equals_counting_specks(grid: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).random((10, 15)) < 0.4
    found = area_weights(Mark(1, (0, 0), mask), image=(10, 15), grid=grid)
    np.testing.assert_allclose(_dense(found, grid), _naive_area(mask, grid), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 12),
    st.integers(0, 12),
)
def test_area_keeps_the_surface_wherever_a_mark_lies(
    seed: int, h: int, w: int, y: int, x: int
) -> None:
    mask = np.random.default_rng(seed).random((11, 13)) < 0.5
    mark = Mark(1, (x, y), mask)
    found = area_weights(mark, image=(24, 25), grid=(h, w))
    assert (found.weights > 0).all()
    assert found.total * (24 * 25) / (h * w) == pytest.approx(mask.sum(), abs=1e-3)


def test_bilinear_is_the_adjoint_of_upsampling() -> None:
    draw = torch.Generator().manual_seed(0)
    features = torch.rand(1, 6, 7, 5, generator=draw)
    mask = torch.rand(1, 1, 33, 50, generator=draw) < 0.3
    up = torch.nn.functional.interpolate(features, size=(33, 50), mode="bilinear")
    naive = (up * mask).sum((2, 3))[0]
    mark = Mark(1, (0, 0), mask[0, 0].numpy())
    found = bilinear_weights(mark, image=(33, 50), grid=(7, 5))
    torch.testing.assert_close(features[0].flatten(1)[:, found.cells] @ found.weights, naive)
    whole = full_bilinear_weights(image=(33, 50), grid=(7, 5))
    torch.testing.assert_close(features[0].flatten(1) @ whole, up.sum((2, 3))[0])


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = Mark(1, (3, 5), np.random.default_rng(0).random((40, 30)) < 0.5)
    at_once = [f(mark, image=(64, 64), grid=(9, 9)) for f in (area_weights, bilinear_weights)]
    monkeypatch.setattr(cues, "STRIP_PIXELS", 70)
    in_strips = [f(mark, image=(64, 64), grid=(9, 9)) for f in (area_weights, bilinear_weights)]
    for one, other in zip(at_once, in_strips, strict=True):
        torch.testing.assert_close(_dense(one, (9, 9)), _dense(other, (9, 9)))


def test_what_sticks_out_of_the_image_is_cut_off() -> None:
    mark = Mark(1, (-5, -5), np.ones((10, 10), bool))
    found = area_weights(mark, image=(20, 20), grid=(4, 4))
    assert found.cells.tolist() == [0]
    assert found.weights.tolist() == [1.0]
    outside = Mark(1, (30, 30), np.ones((4, 4), bool))
    assert len(area_weights(outside, image=(20, 20), grid=(4, 4)).cells) == 0
