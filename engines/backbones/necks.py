"""Necks: a small trained layer on all maps of a frozen backbone, which gives one at stride 8."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import Backbone, BackboneCard, FeatureMaps, MapSpec
from engines.backbones.neck_card import grid_map
from engines.device import Device, seeded_generator
from engines.errors import UnusableWeights

NEW_DIRECTIONS = 0.05  # first size of rows that the deepest map does not fill
TINY = 1e-6


class Neck(nn.Module):
    """1 x 1 convolution on the maps of a backbone, each of unit length, side by side.

    It begins as the deepest map itself, along random orthogonal directions where it is narrower:
    so training starts where the frozen backbone stands.
    """

    def __init__(self, specs: tuple[MapSpec, ...], width: int, *, seed: int = 0) -> None:
        super().__init__()
        self.specs, self.width = specs, width
        self.project = nn.Conv2d(sum(spec.channels for spec in specs), width, 1)
        with torch.no_grad():
            self.project.weight.copy_(_first_weights(specs, width, seed)[:, :, None, None])
            nn.init.zeros_(self.project.get_parameter("bias"))

    def forward(self, levels: Tensor) -> Tensor:
        """levels (B, sum of C, h, w) as `side_by_side` gives them -> (B, width, h, w)."""
        features: Tensor = self.project(levels)
        return features


def side_by_side(maps: Sequence[Tensor], specs: tuple[MapSpec, ...]) -> Tensor:
    """Maps (B, C_i, h_i, w_i) of unit length per cell -> (B, sum of C, h, w) on the neck's grid.

    Finer maps are averaged over each cell, coarser ones read bilinearly.
    """
    grid = maps[grid_map(specs)].shape[-2:]
    return torch.cat(
        [_on_grid(_unit(one.float()), (int(grid[0]), int(grid[1]))) for one in maps], 1
    )


class NeckedBackbone:
    """A `Backbone`: the maps of its base, and the neck's as the last."""

    def __init__(self, base: Backbone, neck: Neck, card: BackboneCard, device: Device) -> None:
        self._base, self._card, self._device = base, card, device
        self._neck = neck.eval().requires_grad_(False).to(device.torch_device)

    @property
    def card(self) -> BackboneCard:
        """What it is."""
        return self._card

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        """images (B, 3, H, W) RGB in [0, 1] -> float32 maps, the neck's at stride 8 last."""
        seen = self._base.encode(images)
        levels = side_by_side(seen.maps, self._base.card.maps)
        with self._device.autocast():
            own = self._neck(levels)
        return FeatureMaps((*seen.maps, own.float()), self._card.maps)


def load_neck(
    tensors: Mapping[str, Tensor], base: Backbone, card: BackboneCard, device: Device
) -> NeckedBackbone:
    """A neck from its tensors; `UnusableWeights` where they do not fit the maps of the base."""
    neck = Neck(base.card.maps, card.maps[-1].channels)
    wanted = {name: tuple(one.shape) for name, one in neck.state_dict().items()}
    held = {name: tuple(one.shape) for name, one in tensors.items()}
    if held != wanted:
        raise UnusableWeights(
            f"The neck '{card.name}' does not fit the maps of '{base.card.name}': it should hold "
            f"{wanted} but holds {held}; train it again."
        )
    neck.load_state_dict({name: one.float() for name, one in tensors.items()})
    return NeckedBackbone(base, neck, card, device)


def _first_weights(specs: tuple[MapSpec, ...], width: int, seed: int) -> Tensor:
    """(width, sum of C): the deepest map, then small random rows."""
    deepest, total = specs[-1].channels, sum(spec.channels for spec in specs)
    draw = seeded_generator(seed)
    weights: Tensor = torch.randn(width, total, generator=draw) * (NEW_DIRECTIONS / total**0.5)
    if width >= deepest:
        weights[:deepest, -deepest:] += torch.eye(deepest)
    else:
        columns, _ = torch.linalg.qr(torch.randn(deepest, width, generator=draw))
        weights[:, -deepest:] += columns.T
    return weights


def _unit(one: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(one, dim=1, keepdim=True)
    directions: Tensor = one / length.clamp_min(TINY)
    return directions


def _on_grid(one: Tensor, grid: tuple[int, int]) -> Tensor:
    h, w = one.shape[-2:]
    if (h, w) == grid:
        return one
    if h >= grid[0]:
        smaller: Tensor = F.adaptive_avg_pool2d(one, grid)
        return smaller
    return F.interpolate(one, grid, mode="bilinear", align_corners=False)
