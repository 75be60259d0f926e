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
STRIP_CELLS = 4096  # lifted at a time while predicting: stays in the processor's cache


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

    def raise_up(self, x: Tensor) -> Tensor:
        """x (n, C) -> (n, C + units)."""
        plain, lifted = self._parts(x.T)
        return torch.cat([plain * self._scales[0], lifted * self._scales[1]]).T

    def scores(self, columns: Tensor, head: LinearHead) -> Tensor:
        """columns (C, n) -> (K, n): the head on `raise_up`, which is never stored whole."""
        channels = len(columns)
        on_plain = head.weights[:channels].T * self._scales[0]
        on_lifted = head.weights[channels:].T * self._scales[1]
        answer = columns.new_empty(len(head.bias), columns.shape[1])
        for start in range(0, columns.shape[1], STRIP_CELLS):
            plain, lifted = self._parts(columns[:, start : start + STRIP_CELLS])
            strip = torch.addmm(head.bias[:, None], on_plain, plain)
            answer[:, start : start + STRIP_CELLS] = strip.addmm_(on_lifted, lifted)
        return answer

    def _parts(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """(C, n) -> standardised (C, n) and lifted (units, n)."""
        mean, deviation = self._standard.mean[:, None], self._standard.deviation[:, None]
        plain = ((columns - mean) / deviation).clamp_(-LARGEST, LARGEST)
        return plain, torch.addmm(self._offsets[:, None], self._slopes.T, plain).relu_()
