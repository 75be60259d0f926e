"""What the feature cache holds: the key, the frozen value, and the way to torch and back."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from engines.backbones.backbone import BackboneCard, FeatureMaps, MapSpec
from engines.device import Device
from engines.errors import EngineError
from engines.exchange import Pixels

CACHE_VERSION = 1  # raise it when a backbone or the preparation of images changes its answer
_LARGEST_HALF = float(np.finfo(np.float16).max)

Halves = npt.NDArray[np.float16]  # (C, h, w)


@dataclass(frozen=True, slots=True)
class FeatureKey:
    """Which features: of this image, by this backbone, at this working size (h, w).

    ``precision`` belongs to it, for bfloat16 gives other values than float32.
    """

    image_digest: str
    backbone: str
    weights_digest: str
    size: tuple[int, int]
    version: int = CACHE_VERSION
    precision: str = "float32"

    @classmethod
    def of(
        cls,
        card: BackboneCard,
        *,
        image_digest: str,
        size: tuple[int, int],
        precision: str = "float32",
    ) -> "FeatureKey":
        """The key of an image worked on at ``size`` (h, w) by the backbone of ``card``."""
        digest = card.weights_digest or ""
        return cls(image_digest, card.name, digest, size, precision=precision)

    @property
    def text(self) -> str:
        """All parts in one line, for equality across processes."""
        parts = (self.version, self.image_digest, self.backbone, self.weights_digest, *self.size)
        return "|".join(str(part) for part in (*parts, self.precision))

    @property
    def stem(self) -> str:
        """A file name that no part of the key can break out of."""
        return hashlib.blake2b(self.text.encode(), digest_size=20).hexdigest()


@dataclass(frozen=True, eq=False)
class CachedFeatures:
    """Maps (C, h, w) float16 of one image, finest first, and the image at working size.

    ``guide`` (h, w, 3) uint8 RGB. All arrays are read-only.
    """

    maps: tuple[Halves, ...]
    guide: Pixels

    def __post_init__(self) -> None:
        """Lock the arrays, for they are shared between threads."""
        self.guide.flags.writeable = False
        for one in self.maps:
            one.flags.writeable = False

    @classmethod
    def of(cls, features: FeatureMaps, guide: Pixels) -> "CachedFeatures":
        """From maps of batch 1 on any device; values beyond float16 are clamped to its range.

        Raises `EngineError` for values that are no numbers, which would spoil every answer.
        """
        batch = features.maps[0].shape[0]
        if batch != 1:
            raise EngineError(
                f"The feature cache holds one image at a time, not a batch of {batch}."
            )
        if any(bool(one.isnan().any()) for one in features.maps):
            raise EngineError(
                "The backbone gave values that are no numbers for an image; import its weights "
                "again or choose another backbone."
            )
        return cls(tuple(_halves(one) for one in features.maps), np.array(guide, np.uint8))

    @cached_property
    def byte_count(self) -> int:
        """Bytes of all arrays."""
        return sum(one.nbytes for one in self.maps) + self.guide.nbytes

    def on(self, device: Device, specs: tuple[MapSpec, ...]) -> FeatureMaps:
        """As maps of batch 1 on ``device``, float32."""
        if len(specs) != len(self.maps):
            raise EngineError(
                f"The cached features have {len(self.maps)} maps, the backbone has {len(specs)}."
            )
        place = device.torch_device
        maps = (torch.from_numpy(one.copy()).to(place).float()[None] for one in self.maps)
        return FeatureMaps(tuple(maps), specs)


def _halves(features: torch.Tensor) -> Halves:
    """(1, C, h, w) -> (C, h, w) float16."""
    inside = features[0].detach().float().clamp(-_LARGEST_HALF, _LARGEST_HALF)
    halves: Halves = inside.half().cpu().contiguous().numpy().copy()
    return halves
