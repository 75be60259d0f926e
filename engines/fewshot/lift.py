"""A fixed non-linear lift for hand-made filters, whose classes no plane can separate.

Random features (Rahimi and Recht, 2008) with rectified instead of cosine units: x, standardised
with the support images, becomes [x, relu(x W + b)] with W and b drawn once from a seed. A ridge on
top is then a non-linear classifier that is still solved in closed form.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.fewshot.ridge import LinearHead

LARGEST = 5.0  # standardised values beyond are cut, lest one bright spot rule a class
STRIP_CELLS = 1024  # lifted at a time while predicting: stays in the processor's cache


@dataclass(frozen=True, eq=False)
class Standard:
    """What standardising subtracts and divides by: ``mean`` and ``deviation`` (C,)."""

    mean: Tensor
    deviation: Tensor


@dataclass(frozen=True, eq=False)
class MapMoments:
    """Of one image's channels over all cells: ``mean`` and ``square`` (C,)."""

    mean: Tensor
    square: Tensor


def map_moments(features: FeatureMaps) -> MapMoments:
    """First and second moments of every channel, each map at its own resolution."""
    flat = [one[0].float().flatten(1) for one in features.maps]
    return MapMoments(
        torch.cat([one.mean(1) for one in flat]), torch.cat([(one * one).mean(1) for one in flat])
    )


def standard_of(images: list[MapMoments]) -> Standard:
    """Pooled over images, each counting alike."""
    mean = torch.stack([one.mean for one in images]).mean(0)
    square = torch.stack([one.square for one in images]).mean(0)
    return Standard(mean, (square - mean * mean).clamp_min(1e-8).sqrt())


class Lift:
    """From C standardised channels to C + ``units``."""

    def __init__(self, standard: Standard, *, units: int, gain: float, seed: int) -> None:
        channels = len(standard.mean)
        draw = torch.Generator().manual_seed(seed)
        slopes = torch.randn(channels, units, generator=draw) * (gain / math.sqrt(channels))
        device = standard.mean.device
        self._standard = standard
        self._slopes = slopes.to(device)
        self._offsets = torch.randn(units, generator=draw).to(device)
        # Both parts have about unit length, so that one penalty suits both.
        self._scales = 1 / math.sqrt(channels), 1 / math.sqrt(units)

    def standardised(self, maps: tuple[Tensor, ...]) -> list[Tensor]:
        """Maps (B, C_i, h_i, w_i) whose channels are those of the standard, in order."""
        found, start = [], 0
        for one in maps:
            stop = start + one.shape[1]
            found.append(self._standardised(one.float(), slice(start, stop), (-1, 1, 1)))
            start = stop
        return found

    def raise_up(self, x: Tensor) -> Tensor:
        """x (n, C) -> (n, C + units)."""
        return self.lifted(self._standardised(x, slice(None), (-1,)))

    def lifted(self, x: Tensor) -> Tensor:
        """Standardised x (n, C) -> (n, C + units)."""
        units = torch.addmm(self._offsets, x, self._slopes).relu_()
        return torch.cat([x * self._scales[0], units * self._scales[1]], dim=1)

    def scores(self, columns: Tensor, head: LinearHead) -> Tensor:
        """Standardised columns (C, n) -> (K, n): the head on `lifted`, never stored whole."""
        channels = len(columns)
        on_plain = head.weights[:channels].T * self._scales[0]
        on_units = head.weights[channels:].T * self._scales[1]
        answer = torch.addmm(head.bias[:, None], on_plain, columns)
        slopes, offsets = self._slopes.T.contiguous(), self._offsets[:, None]
        for start in range(0, columns.shape[1], STRIP_CELLS):
            here = slice(start, start + STRIP_CELLS)
            answer[:, here].addmm_(on_units, torch.addmm(offsets, slopes, columns[:, here]).relu_())
        return answer

    def _standardised(self, x: Tensor, channels: slice, shape: tuple[int, ...]) -> Tensor:
        mean = self._standard.mean[channels].reshape(shape)
        share = self._standard.deviation[channels].reciprocal().reshape(shape)
        return (x - mean).mul_(share).clamp_(-LARGEST, LARGEST)
