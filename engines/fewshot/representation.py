"""How a probe reads features: as they are, or lifted to where a plane can separate them."""

from typing import Protocol

import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.fewshot.levels import (
    Level,
    apply_head,
    enlarge,
    gather,
    unit_maps,
)
from engines.fewshot.lift import Lift
from engines.fewshot.ridge import LinearHead


class Representation(Protocol):
    """One vector per cell of the finest grid, and a linear head on it."""

    @property
    def key(self) -> str:
        """Equal keys mean equal vectors: part of the key of every cached statistic."""

    def prepared(self, features: FeatureMaps) -> list[Tensor]:
        """What `read` and `scores` take; made once per image."""

    def read(self, prepared: list[Tensor], cells: Tensor) -> Tensor:
        """Cells (n,) -> (n, C) float32."""

    def scores(self, prepared: list[Tensor], head: LinearHead) -> Tensor:
        """A head on every cell -> (B, K, h, w)."""


class UnitLevels:
    """Unit-length maps of all strides and their context: for pretrained networks."""

    def __init__(self, levels: tuple[Level, ...]) -> None:
        self._levels = levels
        self.key = repr(levels)

    def prepared(self, features: FeatureMaps) -> list[Tensor]:
        """One unit-length map per level."""
        return unit_maps(features, self._levels)

    def read(self, prepared: list[Tensor], cells: Tensor) -> Tensor:
        """Bilinear where a level is coarser than the grid."""
        return gather(prepared, cells)

    def scores(self, prepared: list[Tensor], head: LinearHead) -> Tensor:
        """The head at native resolution per level, K outputs up-sampled and summed."""
        return apply_head(prepared, head.weights, head.bias)


class LiftedLevels:
    """All maps on the finest grid, standardised and lifted: for hand-made filters."""

    def __init__(self, lift: Lift, key: str) -> None:
        self._lift = lift
        self.key = key

    def prepared(self, features: FeatureMaps) -> list[Tensor]:
        """The maps as they are, in float32."""
        return [one.float() for one in features.maps]

    def read(self, prepared: list[Tensor], cells: Tensor) -> Tensor:
        """Lifted values of these cells only."""
        return self._lift.raise_up(gather(prepared, cells))

    def scores(self, prepared: list[Tensor], head: LinearHead) -> Tensor:
        """In strips, so that the lifted map is never held whole."""
        h, w = (int(side) for side in prepared[0].shape[-2:])
        grid = torch.cat([enlarge(one, (h, w)) for one in prepared], dim=1)
        answers = [self._lift.scores(image.flatten(1), head).reshape(-1, h, w) for image in grid]
        return torch.stack(answers)
