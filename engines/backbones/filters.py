"""A bank of classical filters at six scales: a backbone that needs no weights.

Per scale sigma, 11 channels, all scale-normalised (sigma^n times an n-th derivative; Lindeberg,
"Feature Detection with Automatic Scale Selection", 1998) and none depending on direction:

    0-2   smoothed opponent colour: luminance, red - green, yellow - blue
    3-5   Laplacian of Gaussian of each of them
    6     gradient magnitude of the luminance
    7-8   roots of the structure tensor's eigenvalues (integrated over sigma), larger first
    9-10  eigenvalues of the Hessian, larger first

Fine scales are computed at full resolution and kept at stride 2, coarse ones on ever smaller
grids; the blur that halving adds is counted, so every scale is what it says.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard, FeatureMaps
from engines.backbones.filter_card import FILTERS_CARD, SCALES, Scale
from engines.backbones.padding import check_images, pad_to_multiple
from engines.backbones.scale_space import (
    differences,
    eigenvalues,
    halve,
    laplacian,
    second_differences,
    smooth,
)
from engines.device import Device

_HALVING_VARIANCE = 0.25  # of a mean over two pixels, in px² of the finer grid
_COARSEST = 8

# Rows: luminance (Rec. 601), red - green, yellow - blue; the last two are halved to stay in ±0.5.
_OPPONENT = torch.tensor([[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]])


class FilterBank:
    """The bank on one device; always float32, for differences of neighbours need the digits."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._opponent = _OPPONENT.to(device.torch_device)

    @property
    def card(self) -> BackboneCard:
        """What it is."""
        return FILTERS_CARD

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        """images (B, 3, H, W) RGB in [0, 1] -> float32 maps (B, C, ceil(H / stride), ...).

        Sizes that are no multiple of 8 repeat their last row and column up to one.
        """
        check_images(images)
        H, W = images.shape[-2:]
        exact = images.to(self._device.torch_device, torch.float32)
        exact = pad_to_multiple(exact, _COARSEST)
        kept: dict[int, list[Tensor]] = {spec.stride: [] for spec in FILTERS_CARD.maps}
        for scale, channels in self._scales(exact):
            kept[scale.kept].append(channels)
        maps = (
            torch.cat(kept[s.stride], dim=1)[..., : -(-H // s.stride), : -(-W // s.stride)]
            for s in FILTERS_CARD.maps
        )
        return FeatureMaps(tuple(maps), FILTERS_CARD.maps)

    def _scales(self, images: Tensor) -> Iterator[tuple[Scale, Tensor]]:
        """Walk from fine to coarse: each scale is smoothed out of the one before."""
        at, grid, variance = self._opponent_colour(images), 1, 0.0
        for scale in SCALES:
            while grid < scale.grid:
                at, variance = halve(at), variance + _HALVING_VARIANCE * grid**2
                grid *= 2
            at = smooth(at, (scale.sigma**2 - variance) / grid**2)
            variance = scale.sigma**2
            yield scale, _responses(at, scale)

    def _opponent_colour(self, images: Tensor) -> Tensor:
        return torch.einsum("oc,bchw->bohw", self._opponent, images)


def _responses(colour: Tensor, scale: Scale) -> Tensor:
    """Smoothed colour (B, 3, h, w) on ``scale.grid`` -> (B, 11, ...) on ``scale.kept``."""
    luminance = colour[:, :1]
    slope, bend, twist = _normalisers(scale)
    dx, dy = (one.mul_(slope) for one in differences(luminance))
    xx, yy, xy = second_differences(luminance)
    xx, yy, xy = xx.mul_(bend), yy.mul_(bend), xy.mul_(twist)
    laplacians = torch.cat([xx + yy, laplacian(colour[:, 1:]).mul_(bend)], dim=1)
    plain = [colour, laplacians, torch.hypot(dx, dy)]
    shape = eigenvalues(xx, yy, xy)
    if scale.kept > scale.grid:  # means of 2 x 2 keep what is too fine for the kept grid
        plain, shape = [halve(one) for one in plain], (halve(shape[0]), halve(shape[1]))
    return torch.cat([*plain, *_structure(dx, dy, scale), *shape], dim=1)


def _normalisers(scale: Scale) -> tuple[float, float, float]:
    """sigma^n for first, second and mixed second differences, in px of ``scale.grid``.

    A difference over two px is a derivative blurred by a box of width 2 (variance 1/3 px²), a
    second difference by a triangle (1/6 px²): counted in, an edge answers alike at all scales.
    """
    variance = (scale.sigma / scale.grid) ** 2
    return math.sqrt(variance + 1 / 3), variance + 1 / 6, variance + 1 / 3


def _structure(dx: Tensor, dy: Tensor, scale: Scale) -> tuple[Tensor, Tensor]:
    """Roots of the structure tensor's eigenvalues, integrated over sigma, on ``scale.kept``."""
    products = torch.cat([dx * dx, dy * dy, dx * dy], dim=1)
    wanted = scale.sigma**2
    if scale.kept > scale.grid:
        products, wanted = halve(products), wanted - _HALVING_VARIANCE * scale.grid**2
    products = smooth(products, wanted / scale.kept**2)
    larger, smaller = eigenvalues(products[:, :1], products[:, 1:2], products[:, 2:])
    return larger.clamp_min_(0).sqrt_(), smaller.clamp_min_(0).sqrt_()
