"""Tiles: label maps cut into squares, so that a small change on a huge image is a small write."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Bitmap, PixelBox
from annotator.document.codec import DamagedPayload, expand, seal, squeeze, unseal
from annotator.document.label_map import LabelMap, Provenance

TILE_SIDE = 512  # pixels; a stroke touches one to four tiles, each packs in about a millisecond


class TileKey(NamedTuple):
    """Place of a tile: rows and columns of tiles from the top left."""

    row: int
    column: int

    def slices(self) -> tuple[slice, slice]:
        """The pixels of the tile in an (H, W) array; numpy cuts them at the border."""
        top, left = self.row * TILE_SIDE, self.column * TILE_SIDE
        return slice(top, top + TILE_SIDE), slice(left, left + TILE_SIDE)


def tiles_under(mask: Bitmap, box: PixelBox) -> Iterator[TileKey]:
    """Tiles that hold at least one set pixel of ``mask`` (h, w), which lies at ``box``."""
    x0, y0, x1, y1 = box
    for row in range(y0 // TILE_SIDE, -(-y1 // TILE_SIDE)):
        for column in range(x0 // TILE_SIDE, -(-x1 // TILE_SIDE)):
            top, left = max(row * TILE_SIDE - y0, 0), max(column * TILE_SIDE - x0, 0)
            bottom, right = (row + 1) * TILE_SIDE - y0, (column + 1) * TILE_SIDE - x0
            if mask[top:bottom, left:right].any():
                yield TileKey(row, column)


def pack_tile(label_map: LabelMap, key: TileKey) -> bytes | None:
    """The tile as a blob; None where it is untouched background, which needs no storing."""
    place = key.slices()
    classes, provenance = label_map.classes[place], label_map.provenance[place]
    if not classes.any() and not provenance.any():
        return None
    return seal({}, (squeeze(classes), squeeze(provenance)))


def kinds_in(label_map: LabelMap, key: TileKey) -> int:
    """Bit p is set where the tile has a pixel of provenance p."""
    provenance = label_map.provenance[key.slices()]
    return sum(1 << kind for kind in Provenance if (provenance == kind).any())


def tile_count(height: int, width: int) -> int:
    """How many tiles cover an image."""
    return -(-height // TILE_SIDE) * -(-width // TILE_SIDE)


def unpack_tile(
    blob: bytes, key: TileKey, *, classes: npt.NDArray[np.uint8], provenance: npt.NDArray[np.uint8]
) -> None:
    """Write a stored tile into two (H, W) arrays; `DamagedPayload` where it does not fit."""
    if key.row < 0 or key.column < 0:
        raise DamagedPayload("tile outside the image")
    place = key.slices()
    _, parts = unseal(blob)
    shape = classes[place].shape
    if len(parts) != 2 or 0 in shape:
        raise DamagedPayload("tile does not fit the image")
    count = shape[0] * shape[1]
    classes[place] = expand(parts[0], count).reshape(shape)
    provenance[place] = expand(parts[1], count).reshape(shape)
