"""Images larger than memory allows, encoded in overlapping tiles whose seams do not show.

Tiles begin at whole cells of every map, so a convolution sees the same grid as in the whole image.
Near its edge a tile sees the border's padding instead of the image, so the outer cells of an
overlap count for nothing; over the middle one tile fades into the next, for transformers, whose
features differ a little from tile to tile.
"""

import math
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from engines.backbones.backbone import Backbone, BackboneCard, FeatureMaps, MapSpec
from engines.errors import EngineError

WHOLE_LIMIT_PX = 2048 * 2048  # a ResNet-50 needs some 4 GB for it; fixed, so that answers are, too
TILE_PX, OVERLAP_PX = 1024, 256
FADED = 0.25  # share of an overlap over which one tile fades into the next
_LARGEST_UNIT = 256

Spans = list[tuple[int, int]]  # where tiles begin and end on one axis, in px


class TiledBackbone:
    """A backbone that takes images of any size in tiles of ``tile`` px.

    Neighbours share at least ``overlap`` px, of which 3/8 on either side count for nothing: where
    that is as far as a convolutional network sees around a place, tiled equals whole.
    """

    def __init__(self, backbone: Backbone, tile: int = TILE_PX, overlap: int = OVERLAP_PX) -> None:
        """Sizes are rounded to whole cells of the coarsest map: ``tile`` and ``overlap`` up.

        Raises `EngineError` where the overlap leaves no step.
        """
        self._backbone = backbone
        self._unit = grid_unit(backbone.card)
        self.tile = -(-tile // self._unit) * self._unit
        self.overlap = -(-overlap // self._unit) * self._unit
        if not 0 <= self.overlap <= self.tile // 2:
            raise EngineError(
                f"Tiles of {self.tile} px cannot overlap by {self.overlap} px; an overlap is at "
                "most half a tile."
            )

    @property
    def card(self) -> BackboneCard:
        """The backbone's own, with another digest: features near seams are not the same."""
        card = self._backbone.card
        digest = f"{card.weights_digest or ''}-tiled{self.tile}-{self.overlap}"
        return replace(card, weights_digest=digest)

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        """images (B, 3, H, W) RGB in [0, 1], any H, W >= 32 -> maps as the backbone gives them."""
        H, W = (int(side) for side in images.shape[-2:])
        rows, columns = self.spans(H), self.spans(W)
        if len(rows) * len(columns) == 1:
            return self._backbone.encode(images)
        blends = [_Blend(spec, rows, columns, (H, W)) for spec in self._backbone.card.maps]
        for i, (top, bottom) in enumerate(rows):
            for j, (left, right) in enumerate(columns):
                tile = self._backbone.encode(images[..., top:bottom, left:right])
                for blend, one in zip(blends, tile.maps, strict=True):
                    blend.add(one, i, j)
        return FeatureMaps(tuple(blend.total for blend in blends), self._backbone.card.maps)

    def spans(self, side: int) -> Spans:
        """Where tiles begin and end on an axis of ``side`` px; each begins at whole cells."""
        if side <= self.tile:
            return [(0, side)]
        step = self.tile - self.overlap
        last = -(-(side - self.tile) // self._unit) * self._unit  # the last tile ends at the border
        starts = [*range(0, last, step), last]
        return [(start, min(start + self.tile, side)) for start in starts]


def tiled_where_large(backbone: Backbone, size: tuple[int, int]) -> Backbone:
    """The backbone itself, or in tiles for an image of more than `WHOLE_LIMIT_PX` (H, W)."""
    return TiledBackbone(backbone) if size[0] * size[1] > WHOLE_LIMIT_PX else backbone


def grid_unit(card: BackboneCard) -> int:
    """The least number of px that is whole cells on every map."""
    unit = math.lcm(*(spec.stride for spec in card.maps))
    if unit > _LARGEST_UNIT:
        raise EngineError(f"The maps of '{card.name}' share no grid, so it cannot work in tiles.")
    return unit


def axis_weights(spans: Spans, side: int, stride: int) -> list[Tensor]:
    """How much each tile counts at each of its cells: one (cells,) per span; sums are 1."""
    cells = -(-side // stride)
    ranges = [(start // stride, min(-(-end // stride), cells)) for start, end in spans]
    weights = [torch.ones(end - start) for start, end in ranges]
    for k, ((start, end), (after, _)) in enumerate(pairwise(ranges)):
        shared = end - after
        into = _ramp(shared)
        weights[k][after - start : end - start] *= 1 - into
        weights[k + 1][:shared] *= into
    total = torch.zeros(cells)  # above 1 where three tiles meet, as before the border
    for (start, end), one in zip(ranges, weights, strict=True):
        total[start:end] += one
    return [one / total[start:end] for (start, end), one in zip(ranges, weights, strict=True)]


def _ramp(shared: int) -> Tensor:
    """(shared,) from 0 to 1: flat, then rising over the faded share, then flat."""
    middle = (torch.arange(shared) + 0.5) / max(shared, 1) - 0.5
    return (middle / FADED + 0.5).clamp(0, 1)


class _Blend:
    """One map of the whole image, as it comes together out of the tiles' maps."""

    def __init__(self, spec: MapSpec, rows: Spans, columns: Spans, size: tuple[int, int]) -> None:
        self._stride, self._size = spec.stride, size
        self._rows, self._columns = rows, columns
        self._down = axis_weights(rows, size[0], spec.stride)
        self._across = axis_weights(columns, size[1], spec.stride)
        self.total = torch.empty(0)

    def add(self, one: Tensor, row: int, column: int) -> None:
        """A tile's map (B, C, h, w), by its row and column in the grid of tiles."""
        if self.total.numel() == 0:
            h, w = (-(-side // self._stride) for side in self._size)
            self.total = one.new_zeros(*one.shape[:2], h, w)
        share = self._down[row][:, None] * self._across[column][None, :]
        y, x = self._rows[row][0] // self._stride, self._columns[column][0] // self._stride
        h, w = (int(side) for side in one.shape[-2:])
        self.total[..., y : y + h, x : x + w] += one * share.to(one.device)
