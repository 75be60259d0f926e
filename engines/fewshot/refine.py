"""Guided filter: logits that follow the edges of the image (He, Sun, Tang, TPAMI 2013).

Within every window the answer is a linear function of the guide, q = a . I + b (eq. 5, 6; colour
guide eq. 19, 20). The fast form (He and Sun, 2015) finds a and b on a small grid and applies them,
up-sampled, to the large guide. What depends on the guide alone is a `GuideField`, made once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.fewshot.levels import enlarged_lines, window_mean

STRIP_VALUES = 1 << 20  # coefficients up-sampled at a time: they stay in the processor's cache


@dataclass(frozen=True, eq=False)
class GuideField:
    """A guide of C = 1 or 3 channels on a grid (h, w), less its mean ``middle`` (C, 1, 1).

    ``values`` (C, h, w), their window means ``mean`` (C, h, w), and ``inverse`` (C, C, h, w) of
    their covariance in every window.
    """

    window: int
    middle: Tensor
    values: Tensor
    mean: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, guide: Tensor, *, radius: int, epsilon: float) -> "GuideField":
        """Of a guide (C, h, w)."""
        window = 2 * radius + 1
        # Shifted by a constant, which only moves b, float32 stays exact enough.
        middle = guide.mean((1, 2), keepdim=True)
        values = guide - middle
        mean = _mean(values, window)
        spread = _mean(values[:, None] * values, window) - mean[:, None] * mean
        spread.diagonal().add_(epsilon)
        return cls(window, middle, values, mean, _inverse(spread))

    def coefficients(self, planes: Tensor) -> Tensor:
        """Planes (K, h, w) -> (C + 1, K, h, w): a of each channel, then b; window means."""
        level = planes.mean((1, 2), keepdim=True)
        p = planes - level
        mean = _mean(p, self.window)
        covariance = _mean(self.values[:, None] * p, self.window)
        covariance -= self.mean[:, None] * mean
        found = torch.empty((len(self.values) + 1, *p.shape), device=p.device, dtype=p.dtype)
        offset = found[-1].copy_(mean)
        for at, row in enumerate(self.inverse):
            torch.mul(row[0], covariance[0], out=found[at])
            for other in range(1, len(row)):
                found[at].addcmul_(row[other], covariance[other])
            offset.addcmul_(self.mean[at], found[at], value=-1)
        found = _mean(found, self.window)
        found[-1].sub_((found[:-1] * self.middle[:, None]).sum(0)).add_(level)
        return found


def guided_filter(guide: Tensor, values: Tensor, *, radius: int, epsilon: float) -> Tensor:
    """guide (B, 1 or 3, H, W) in [0, 1], values (B, K, H, W) -> (B, K, H, W)."""
    return fast_guided_filter(guide, values, radius=radius, epsilon=epsilon)


def fast_guided_filter(guide: Tensor, values: Tensor, *, radius: int, epsilon: float) -> Tensor:
    """guide (B, 1 or 3, H, W), values (B, K, h, w) on a coarser grid -> (B, K, H, W).

    ``radius`` is in cells of the coarse grid.
    """
    small = shrunk(guide, (int(values.shape[-2]), int(values.shape[-1])))
    answer = []
    for large, little, planes in zip(guide, small, values, strict=True):
        field = GuideField.of(little, radius=radius, epsilon=epsilon)
        answer.append(torch.cat(list(applied(large, field.coefficients(planes))), dim=1))
    return torch.stack(answer)


def applied(guide: Tensor, coefficients: Tensor) -> Iterator[Tensor]:
    """guide (C, H, W), coefficients (C + 1, K, h, w) -> strips (K, lines, W), from the top."""
    _, h, w = guide.shape
    planes = coefficients.flatten(0, 1)
    step = max(1, STRIP_VALUES // (len(planes) * int(w)))
    for top in range(0, int(h), step):
        bottom = min(top + step, int(h))
        strip = enlarged_lines(planes, (int(h), int(w)), top, bottom)
        parts = strip.reshape(*coefficients.shape[:2], *strip.shape[1:])
        answer = parts[-1]
        for channel, slope in zip(guide, parts, strict=False):
            answer.addcmul_(slope, channel[top:bottom])
        yield answer


def grey(image: Tensor) -> Tensor:
    """(B, 3, H, W) RGB -> (B, 1, H, W), weights of ITU-R BT.601."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=image.device, dtype=image.dtype)
    return (image * weights[None, :, None, None]).sum(1, keepdim=True)


def shrunk(guide: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, H, W) -> (B, C, *size), averaged where it shrinks."""
    if tuple(guide.shape[-2:]) == size:
        return guide
    return torch.nn.functional.interpolate(
        guide, size=size, mode="bilinear", align_corners=False, antialias=True
    )


def _mean(planes: Tensor, window: int) -> Tensor:
    """(..., h, w) averaged over windows."""
    h, w = planes.shape[-2:]
    return window_mean(planes.reshape(1, -1, h, w), window).reshape(planes.shape)


def _inverse(matrices: Tensor) -> Tensor:
    """Symmetric (C, C, h, w), C = 1 or 3, inverted at every cell, by cofactors."""
    if len(matrices) == 1:
        return matrices.reciprocal()
    (a, b, c), (_, d, e), (_, _, f) = (line.unbind() for line in matrices.unbind())
    first = (d * f - e * e, c * e - b * f, b * e - c * d)
    determinant = a * first[0] + b * first[1] + c * first[2]
    rest = (a * f - c * c, b * c - a * e, a * d - b * b)
    order = (*first, first[1], *rest[:2], first[2], *rest[1:])
    return torch.stack(order).div_(determinant).reshape(3, 3, *a.shape)
