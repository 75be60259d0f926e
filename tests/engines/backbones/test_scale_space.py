"""Promises of the discrete scale space: exact blur, exact differences, exact eigenvalues."""

import pytest
import torch
from torch import Tensor

from engines.backbones.scale_space import (
    differences,
    eigenvalues,
    gaussian_taps,
    halve,
    laplacian,
    second_differences,
    smooth,
)


def ramp(of_x: float, of_y: float) -> Tensor:
    y, x = torch.meshgrid(torch.arange(12.0), torch.arange(14.0), indexing="ij")
    return (of_x * x + of_y * y)[None, None]


def inner(images: Tensor) -> Tensor:
    return images[..., 2:-2, 2:-2]


@pytest.mark.parametrize("variance", [0.06, 0.3, 0.5, 1.0, 2.5, 6.25])
def test_the_kernel_sums_to_one_and_has_the_variance_asked_for(variance: float) -> None:
    taps = gaussian_taps(variance)
    assert taps[0] + 2 * sum(taps[1:]) == pytest.approx(1.0)
    spread = 2 * sum(distance**2 * tap for distance, tap in enumerate(taps))
    assert spread == pytest.approx(variance, rel=0.03)


def test_smoothing_twice_is_smoothing_by_the_sum() -> None:
    dot = torch.zeros(1, 1, 41, 41)
    dot[..., 20, 20] = 1
    assert torch.allclose(smooth(smooth(dot, 1.0), 2.0), smooth(dot, 3.0), atol=1e-3)


def test_smoothing_keeps_what_is_even() -> None:
    grey = torch.full((2, 3, 9, 7), 0.4)
    assert torch.allclose(smooth(grey, 4.0), grey)


def test_no_variance_changes_nothing() -> None:
    images = torch.rand(1, 1, 5, 5)
    assert torch.equal(smooth(images, 0.0), images)


def test_halving_takes_means_of_four() -> None:
    images = torch.tensor([[1.0, 3.0, 0.0, 0.0], [5.0, 7.0, 0.0, 8.0]])[None, None]
    assert halve(images).flatten().tolist() == [4.0, 2.0]


def test_differences_of_a_ramp_are_its_slopes() -> None:
    along_x, along_y = differences(ramp(0.5, -2.0))
    assert torch.allclose(inner(along_x), torch.tensor(0.5))
    assert torch.allclose(inner(along_y), torch.tensor(-2.0))


def test_second_differences_of_a_quadric_are_its_coefficients() -> None:
    y, x = torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="ij")
    quadric = (1.5 * x * x - 0.5 * y * y + 0.25 * x * y)[None, None]
    xx, yy, xy = (inner(one) for one in second_differences(quadric))
    assert torch.allclose(xx, torch.tensor(3.0))
    assert torch.allclose(yy, torch.tensor(-1.0))
    assert torch.allclose(xy, torch.tensor(0.25))
    assert torch.allclose(inner(laplacian(quadric)), torch.tensor(2.0))


def test_eigenvalues_are_those_of_linear_algebra() -> None:
    draw = torch.Generator().manual_seed(3)
    xx, yy, xy = torch.randn(3, 50, generator=draw)
    matrices = torch.stack([torch.stack([xx, xy], -1), torch.stack([xy, yy], -1)], -1)
    known = torch.linalg.eigvalsh(matrices)  # ascending
    larger, smaller = eigenvalues(xx, yy, xy)
    assert torch.allclose(torch.stack([smaller, larger], -1), known, atol=1e-5)
