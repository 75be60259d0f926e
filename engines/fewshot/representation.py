"""How a probe reads features: as they are, or lifted to where a plane can separate them."""

from typing import Protocol
from weakref import WeakKeyDictionary

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
        """One standardised map (B, C, h, w) of all channels."""
        maps = self._lift.standardised(features.maps)
        h, w = (int(side) for side in maps[0].shape[-2:])
        return [torch.cat([enlarge(one, (h, w)) for one in maps], dim=1)]

    def read(self, prepared: list[Tensor], cells: Tensor) -> Tensor:
        """Lifted values of these cells only."""
        return self._lift.lifted(gather(prepared, cells))

    def scores(self, prepared: list[Tensor], head: LinearHead) -> Tensor:
        """In strips, so that the lifted map is never held whole."""
        h, w = prepared[0].shape[-2:]
        answers = [self._lift.scores(one.flatten(1), head).reshape(-1, h, w) for one in prepared[0]]
        return torch.stack(answers)


class PreparedMaps:
    """What a representation made of features, for as long as somebody holds the features."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[FeatureMaps, tuple[str, list[Tensor]]] = WeakKeyDictionary()

    def of(self, features: FeatureMaps, how: Representation) -> list[Tensor]:
        """As `Representation.prepared`, which is asked only once."""
        known = self._made.get(features)
        if known is None or known[0] != how.key:
            known = self._made[features] = how.key, how.prepared(features)
        return known[1]
