"""Promises of the guided filter."""

import numpy as np
import pytest
import torch

from engines.fewshot.refine import fast_guided_filter, grey, guided_filter


def _naive(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """guide (C, H, W), values (H, W): He et al. by loops."""
    c, h, w = guide.shape
    slopes, offsets = np.zeros((c, h, w)), np.zeros((h, w))

    def window(y: int, x: int) -> tuple[slice, slice]:
        return (
            slice(max(0, y - radius), y + radius + 1),
            slice(max(0, x - radius), x + radius + 1),
        )

    for y in range(h):
        for x in range(w):
            at = window(y, x)
            i, p = guide[:, *at].reshape(c, -1), values[at].ravel()
            sigma = np.cov(i, bias=True).reshape(c, c) + epsilon * np.eye(c)
            both = (i * p).mean(1) - i.mean(1) * p.mean()
            slopes[:, y, x] = np.linalg.solve(sigma, both)
            offsets[y, x] = p.mean() - slopes[:, y, x] @ i.mean(1)
    out = np.zeros((h, w))
    for y in range(h):
        for x in range(w):
            at = window(y, x)
            out[y, x] = slopes[:, *at].mean((1, 2)) @ guide[:, y, x] + offsets[at].mean()
    return out


@pytest.mark.parametrize("channels", [1, 3])
def test_it_equals_the_loops(channels: int) -> None:
    draw = np.random.default_rng(0)
    guide, values = draw.random((channels, 12, 9)), draw.normal(3, 2, (2, 12, 9))
    found = guided_filter(
        torch.from_numpy(guide)[None], torch.from_numpy(values)[None], radius=2, epsilon=1e-3
    )
    for row in range(2):
        np.testing.assert_allclose(found[0, row], _naive(guide, values[row], 2, 1e-3), atol=1e-9)


def test_the_fast_form_on_the_same_grid_is_the_plain_one() -> None:
    guide, values = torch.rand(1, 3, 16, 20), torch.randn(1, 4, 16, 20)
    torch.testing.assert_close(
        fast_guided_filter(guide, values, radius=1, epsilon=1e-3),
        guided_filter(guide, values, radius=1, epsilon=1e-3),
    )


def test_a_coarse_answer_finds_the_edge_of_the_image() -> None:
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    disc = ((y - 50) ** 2 + (x - 44) ** 2 < 25**2).float()
    guide = (0.2 + 0.6 * disc).expand(1, 3, 96, 96)
    coarse = torch.nn.functional.avg_pool2d(disc[None, None], 8)
    blurred = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bilinear")
    sharp = fast_guided_filter(guide, coarse, radius=1, epsilon=1e-3)
    errors = [float(((one[0, 0] > 0.5).float() != disc).float().mean()) for one in (blurred, sharp)]
    assert errors[1] < 0.5 * errors[0]


def test_constants_stay_what_they_are() -> None:
    values = torch.tensor([-1e4, 0.5])[None, :, None, None].expand(1, 2, 8, 8)
    found = fast_guided_filter(torch.rand(1, 3, 32, 32), values, radius=1, epsilon=1e-3)
    torch.testing.assert_close(found, values[..., :1, :1].expand(1, 2, 32, 32))


def test_grey_weighs_green_most() -> None:
    assert grey(torch.eye(3)[None, :, :, None]).flatten().tolist() == pytest.approx(
        [0.299, 0.587, 0.114]
    )
