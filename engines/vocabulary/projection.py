"""From features of a frozen backbone into the space of words: one vector per cell of stride 8."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.backbones.neck_card import grid_map

CONTEXT = 9  # cells of the deepest map, squared, that are averaged into one input
TINY = 1e-6


def input_channels(specs: Sequence[MapSpec]) -> int:
    """How many numbers `word_inputs` gives per cell."""
    return sum(spec.channels for spec in specs) + specs[-1].channels


def word_inputs(features: FeatureMaps) -> Tensor:
    """(B, C, h, w) float32 on the grid nearest to stride 8.

    All maps, each place of unit length, then the deepest averaged over `CONTEXT` squared cells:
    what a thing is depends on what is around it. (The mean of the whole image beside these only
    made it easier to learn the pictures by heart.)
    """
    maps = [F.normalize(one.float(), dim=1, eps=TINY) for one in features.maps]
    h, w = (int(side) for side in maps[grid_map(features.specs)].shape[-2:])
    deepest = maps[-1]
    around = F.avg_pool2d(deepest, CONTEXT, stride=1, padding=CONTEXT // 2, count_include_pad=False)
    return torch.cat([_on_grid(one, (h, w)) for one in (*maps, around)], dim=1)


class WordProjection(nn.Module):
    """Two layers on standardised inputs: (n, C) -> (n, D) of unit length."""

    def __init__(self, channels: int, hidden: int, dimension: int) -> None:
        super().__init__()
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))
        self.first = nn.Linear(channels, hidden)
        self.second = nn.Linear(hidden, dimension)

    def forward(self, cells: Tensor, kept: Tensor | None = None) -> Tensor:
        """``kept`` (n, hidden) 0 or above 1: hidden values that are left out while training."""
        hidden = F.gelu(self.first((cells - self.mean) / self.spread))
        if kept is not None:
            hidden = hidden * kept
        return F.normalize(self.second(hidden), dim=1)

    def on_map(self, inputs: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, D, h, w) of unit length."""
        B, C, h, w = inputs.shape
        cells = inputs.permute(0, 2, 3, 1).reshape(-1, C)
        projected: Tensor = self(cells)
        return projected.reshape(B, h, w, -1).permute(0, 3, 1, 2)


def _on_grid(features: Tensor, grid: tuple[int, int]) -> Tensor:
    """Averaged where it is finer, bilinear where it is coarser."""
    if tuple(features.shape[-2:]) == grid:
        return features
    if features.shape[-2] > grid[0]:
        return F.interpolate(features, size=grid, mode="area")
    return F.interpolate(features, size=grid, mode="bilinear", align_corners=False)
