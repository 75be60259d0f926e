"""Images at working size and their features, through the feature cache."""

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engines.backbones.backbone import Backbone, FeatureMaps
from engines.backbones.cache import CachedFeatures, FeatureCache, FeatureKey
from engines.backbones.tiling import tiled_where_large
from engines.device import Device
from engines.errors import EngineError
from engines.exchange import ImageSource, Pixels
from engines.fewshot.refine import GuideField, shrunk
from engines.reporting import Reporter

SMALLEST_PX = 192  # smaller images are enlarged: at stride 16 less leaves no grid to speak of
SIZE_MULTIPLE = 16  # the coarsest stride of the backbones, so that cells of all strides tile evenly
SHORTEST_PX = 32  # what every backbone takes
KEPT_IMAGES = 2  # the one being drawn on and the one before, some tens of MB each
REDUCING_GAP = 3.0  # Pillow first shrinks by whole factors to 3 x the wanted size: little memory


@dataclass(frozen=True, eq=False)
class EncodedImage:
    """``features`` of batch 1; ``guide`` (1, 3, h, w) float RGB in [0, 1] at working size."""

    features: FeatureMaps
    guide: Tensor
    _fields: dict[tuple[int, int], GuideField] = field(default_factory=dict, repr=False)

    def guide_field(self, grid: tuple[int, int], *, radius: int, epsilon: float) -> GuideField:
        """The guide on a grid (h, w), as the guided filter wants it; made once."""
        if grid not in self._fields:
            small = shrunk(self.guide, grid)[0]
            self._fields[grid] = GuideField.of(small, radius=radius, epsilon=epsilon)
        return self._fields[grid]


class ImageEncoder:
    """One backbone at one working size. Answers are the same whether cached or not.

    Features always pass through the cache's float16, for else the first answer on an image would
    differ from the second. The images drawn on last stay unpacked, with all that is made of them.
    """

    def __init__(
        self, backbone: Backbone, device: Device, cache: FeatureCache, *, size_px: int
    ) -> None:
        self.backbone = backbone
        self._device = device
        self._cache = cache
        self._size_px = size_px
        self._kept: OrderedDict[FeatureKey, EncodedImage] = OrderedDict()

    def encode(self, image: ImageSource, reporter: Reporter, *, keep: bool = False) -> EncodedImage:
        """Features and guide; pixels are decoded only where the cache knows nothing.

        With ``keep`` the image is held for the next questions, in place of one kept before.
        """
        size = working_size(image.size, limit_px=self._size_px)
        key = FeatureKey.of(
            self.backbone.card,
            image_digest=image.digest,
            size=size,
            precision=self._device.precision,
        )
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        known = self._cache.get_or_make(key, lambda: self._computed(image, size, reporter))
        guide = torch.from_numpy(known.guide.copy()).to(self._device.torch_device)
        features = known.on(self._device, self.backbone.card.maps)
        encoded = EncodedImage(features, as_batch(guide))
        if keep:
            while len(self._kept) >= KEPT_IMAGES:
                self._kept.popitem(last=False)
            self._kept[key] = encoded
        return encoded

    def release_memory(self) -> None:
        """Let go of the images kept."""
        self._kept.clear()

    def _computed(
        self, image: ImageSource, size: tuple[int, int], reporter: Reporter
    ) -> CachedFeatures:
        reporter.raise_if_cancelled()
        guide = resized(_checked(image), size)
        reporter.raise_if_cancelled()
        batch = self._device.place(as_batch(torch.from_numpy(guide)))
        return CachedFeatures.of(tiled_where_large(self.backbone, size).encode(batch), guide)


def working_size(size: tuple[int, int], *, limit_px: int) -> tuple[int, int]:
    """(h, w) to work at for an image (H, W): long side within [SMALLEST_PX, ``limit_px``].

    Each side is rounded to a multiple of 16, at least 32: the aspect may change by some percent,
    in a strip by more. Raises `EngineError` for an image without pixels.
    """
    if min(size) < 1:
        raise EngineError(f"An image of {size[0]} x {size[1]} pixels shows nothing; leave it out.")
    long_side = max(size)
    scale = min(max(long_side, SMALLEST_PX), limit_px) / long_side
    h, w = (max(SHORTEST_PX, round(side * scale / SIZE_MULTIPLE) * SIZE_MULTIPLE) for side in size)
    return h, w


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """(H, W, 3) uint8 -> (*size, 3) uint8, averaged where it shrinks; the input is not changed."""
    if pixels.shape[:2] == size:
        return np.array(pixels)
    image = Image.fromarray(pixels).resize(
        (size[1], size[0]), Image.Resampling.BILINEAR, reducing_gap=REDUCING_GAP
    )
    return np.array(image)


def as_batch(pixels: Tensor) -> Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [0, 1]."""
    return pixels.permute(2, 0, 1)[None].float() / 255


def _checked(image: ImageSource) -> Pixels:
    pixels = image.pixels()
    if pixels.shape != (*image.size, 3) or pixels.dtype != np.uint8:
        raise EngineError(
            f"An image said to be {image.size[0]} x {image.size[1]} RGB came as {pixels.shape} "
            f"{pixels.dtype}; open the folder anew, for the file may have changed."
        )
    return pixels
