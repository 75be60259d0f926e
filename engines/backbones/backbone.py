"""The protocol every feature extractor fulfils: what it says of itself, and one verb, `encode`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # cards are read by the window, which never loads torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class MapSpec:
    """One output of a backbone: (B, ``channels``, ceil(H / ``stride``), ceil(W / ``stride``))."""

    name: str
    stride: int
    channels: int


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From RGB in [0, 1] to what the network was trained on: (order(x) * scale - mean) / std."""

    order: Literal["rgb", "bgr"] = "rgb"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    padding: Literal["torch", "tensorflow"] = "torch"  # how stride-2 convolutions pad


@dataclass(frozen=True, slots=True)
class BackboneCard:
    """What a person and a method need to know before using a backbone."""

    name: str
    title: str
    maps: tuple[MapSpec, ...]
    preprocessing: Preprocessing
    pretraining: str  # "none", "ImageNet-1k", ...
    weights_digest: str | None  # part of the cache key; None when there is nothing to load
    licence: str = ""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """Maps of one batch, finest first. ``maps[i]`` (B, C_i, h_i, w_i) belongs to ``specs[i]``."""

    maps: "tuple[Tensor, ...]"
    specs: tuple[MapSpec, ...]


class Backbone(Protocol):
    """A frozen extractor on one device."""

    @property
    def card(self) -> BackboneCard:
        """What it is."""

    def encode(self, images: "Tensor") -> FeatureMaps:
        """images (B, 3, H, W) float RGB in [0, 1], any H, W >= 32 -> float32 maps, no gradients."""
