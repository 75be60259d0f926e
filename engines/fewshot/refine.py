"""Guided filter: logits that follow the edges of the image (He, Sun, Tang, TPAMI 2013).

Within every window the answer is a linear function of the guide, q = a . I + b (eq. 5, 6; colour
guide eq. 19, 20). The fast form (He and Sun, 2015) finds a and b on a small grid and applies them,
up-sampled, to the large guide.
"""

import torch
from torch import Tensor

from engines.fewshot.levels import enlarge, window_mean


def guided_filter(guide: Tensor, values: Tensor, *, radius: int, epsilon: float) -> Tensor:
    """guide (B, 1 or 3, H, W) in [0, 1], values (B, K, H, W) -> (B, K, H, W)."""
    slope, offset = _coefficients(guide, values, radius, epsilon)
    return _applied(guide, slope, offset)


def fast_guided_filter(guide: Tensor, values: Tensor, *, radius: int, epsilon: float) -> Tensor:
    """guide (B, 1 or 3, H, W), values (B, K, h, w) on a coarser grid -> (B, K, H, W).

    ``radius`` is in cells of the coarse grid.
    """
    size = int(guide.shape[-2]), int(guide.shape[-1])
    small = _shrunk(guide, (int(values.shape[-2]), int(values.shape[-1])))
    slope, offset = _coefficients(small, values, radius, epsilon)
    b, k, c = slope.shape[:3]
    slope = enlarge(slope.flatten(1, 2), size).reshape(b, k, c, *size)
    return _applied(guide, slope, enlarge(offset, size))


def grey(image: Tensor) -> Tensor:
    """(B, 3, H, W) RGB -> (B, 1, H, W), weights of ITU-R BT.601."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=image.device, dtype=image.dtype)
    return (image * weights[None, :, None, None]).sum(1, keepdim=True)


def _coefficients(
    guide: Tensor, values: Tensor, radius: int, epsilon: float
) -> tuple[Tensor, Tensor]:
    """a (B, K, C, h, w) and b (B, K, h, w), averaged over windows."""
    window = 2 * radius + 1
    # Both are shifted by a constant first, which only moves b and keeps float32 exact enough.
    middle = guide.mean((2, 3), keepdim=True)
    level = values.mean((2, 3), keepdim=True)
    i, p = guide - middle, values - level
    mean_i, mean_p = window_mean(i, window), window_mean(p, window)
    covariance = _mean_of_products(p, i, window) - mean_p[:, :, None] * mean_i[:, None]
    slope = _solved(i, mean_i, covariance, window, epsilon)
    offset = mean_p - (slope * mean_i[:, None]).sum(2)
    b, k, c, h, w = slope.shape
    slope = window_mean(slope.reshape(b, k * c, h, w), window).reshape(b, k, c, h, w)
    offset = window_mean(offset, window) + level
    return slope, offset - (slope * middle[:, None]).sum(2)


def _solved(i: Tensor, mean_i: Tensor, covariance: Tensor, window: int, epsilon: float) -> Tensor:
    """(Sigma + epsilon) a = cov(I, p) in every window; Sigma is C x C, by cofactors for C = 3."""
    spread = _mean_of_products(i, i, window) - mean_i[:, :, None] * mean_i[:, None]
    if i.shape[1] == 1:
        return covariance / (spread + epsilon)
    sigma = spread.permute(0, 3, 4, 1, 2)  # (B, h, w, 3, 3)
    sigma = sigma + epsilon * torch.eye(3, device=i.device, dtype=i.dtype)
    first, second, third = sigma.unbind(-2)
    rows = (second.cross(third, dim=-1), third.cross(first, dim=-1), first.cross(second, dim=-1))
    inverse = torch.stack(rows, dim=-1) / (first * rows[0]).sum(-1)[..., None, None]
    return torch.einsum("bhwij,bkjhw->bkihw", inverse, covariance)


def _mean_of_products(one: Tensor, other: Tensor, window: int) -> Tensor:
    """(B, P, h, w), (B, Q, h, w) -> window means of all products (B, P, Q, h, w)."""
    products = one[:, :, None] * other[:, None]
    b, p, q, h, w = products.shape
    return window_mean(products.reshape(b, p * q, h, w), window).reshape(b, p, q, h, w)


def _applied(guide: Tensor, slope: Tensor, offset: Tensor) -> Tensor:
    return (slope * guide[:, None]).sum(2) + offset


def _shrunk(guide: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(guide.shape[-2:]) == size:
        return guide
    return torch.nn.functional.interpolate(
        guide, size=size, mode="bilinear", align_corners=False, antialias=True
    )
