"""Reading labels in passing: a small copy for a thumbnail, or a count, tile by tile.

Nothing here goes through the project's cache of label maps, and the project's lock is held only
while the packed tiles are fetched. So any thread may call it at any time, for any number of images,
without pushing out the map a person is drawing on or making a gesture wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Bitmap
from annotator.document.codec import DamagedPayload, expand, unseal
from annotator.document.errors import ProjectDamaged
from annotator.document.images import ImageEntry
from annotator.document.label_map import LabelMap, Labels, Provenance
from annotator.document.project import Project
from annotator.document.tiles import TILE_SIDE, TileKey

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class SmallLabels:
    """``classes`` (h, w) uint8 stored class ids; ``touched`` (h, w) bool where they are labels."""

    classes: Labels
    touched: Bitmap


@dataclass(frozen=True, slots=True)
class _Tile:
    """One packed tile and the pixels it covers, half open."""

    blob: bytes
    key: TileKey
    rows: range
    columns: range

    def parts(self) -> tuple[bytes, bytes]:
        """Classes and provenance, each as `codec.squeeze` left it."""
        _, parts = unseal(self.blob)
        if len(parts) != 2 or not self.rows or not self.columns or min(self.key) < 0:
            raise DamagedPayload("tile does not fit the image")
        return parts[0], parts[1]

    def pixels(self, packed: bytes) -> Labels:
        """(rows, columns) uint8 of one part."""
        shape = len(self.rows), len(self.columns)
        return expand(packed, shape[0] * shape[1]).reshape(shape)


def places(length: int, count: int) -> Places:
    """(count,) indices into ``length`` pixels: the middles of ``count`` equal parts."""
    middles = ((np.arange(count) + 0.5) * (length / count)).astype(np.intp)
    return np.minimum(middles, length - 1)


def small_shape(height: int, width: int, side: int) -> tuple[int, int]:
    """(h, w) of a picture whose longer side is at most ``side`` pixels, and never less than 1."""
    step = max(1.0, max(height, width) / side)
    return max(1, round(height / step)), max(1, round(width / step))


def small_labels(project: Project, entry: ImageEntry, side: int) -> SmallLabels:
    """The labels of an image by the nearest pixel, longer side at most ``side`` pixels.

    Also of an image that was removed since. Raises `ProjectDamaged` where they cannot be
    understood, `NotSaved` where the project was closed meanwhile.
    """
    height, width = small_shape(entry.height, entry.width, side)
    rows, columns = places(entry.height, height), places(entry.width, width)
    classes, touched = np.zeros((height, width), np.uint8), np.zeros((height, width), np.bool_)
    if min(entry.size) == 0:
        return SmallLabels(classes, touched)  # a file nobody could read has no pixels to label
    if project.store is None:
        whole = project.stored_label_map(entry)
        chosen = np.ix_(rows, columns)
        return SmallLabels(whole.classes[chosen], whole.provenance[chosen] > 0)
    try:
        for tile in _tiles(project, entry):
            top, bottom = np.searchsorted(rows, (tile.rows.start, tile.rows.stop))
            left, right = np.searchsorted(columns, (tile.columns.start, tile.columns.stop))
            inner = np.ix_(rows[top:bottom] - tile.rows.start,
                           columns[left:right] - tile.columns.start)  # fmt: skip
            packed_classes, packed_provenance = tile.parts()
            classes[top:bottom, left:right] = tile.pixels(packed_classes)[inner]
            touched[top:bottom, left:right] = tile.pixels(packed_provenance)[inner] > 0
    except DamagedPayload as cause:
        raise _damaged(entry, cause) from cause
    return SmallLabels(classes, touched)


def label_counts(project: Project, entry: ImageEntry) -> npt.NDArray[np.int64]:
    """(256,) int64: pixels that were drawn, accepted or imported, by stored class id.

    Untouched pixels are not counted. Raises as `small_labels` does.
    """
    if project.store is None:
        return _counted(project.stored_label_map(entry))
    counts = np.zeros(256, np.int64)
    try:
        for tile in _tiles(project, entry):
            counts += _counted_tile(tile)
    except DamagedPayload as cause:
        raise _damaged(entry, cause) from cause
    return counts


def _tiles(project: Project, entry: ImageEntry) -> Iterator[_Tile]:
    store = project.store
    if store is None:
        return
    for key, blob in store.read_tiles(entry.image_id):
        top, left = key.row * TILE_SIDE, key.column * TILE_SIDE
        rows = range(top, min(top + TILE_SIDE, entry.height))
        yield _Tile(blob, key, rows, range(left, min(left + TILE_SIDE, entry.width)))


def _counted(label_map: LabelMap) -> npt.NDArray[np.int64]:
    touched = label_map.provenance != Provenance.UNTOUCHED
    return np.bincount(label_map.classes[touched], minlength=256).astype(np.int64)


def _counted_tile(tile: _Tile) -> npt.NDArray[np.int64]:
    packed_classes, packed_provenance = tile.parts()
    size = len(tile.rows) * len(tile.columns)
    if len(packed_classes) == 1:  # one class all over: nothing to unpack
        counts = np.zeros(256, np.int64)
        counts[packed_classes[0]] = size
    else:
        pixels = tile.pixels(packed_classes).reshape(-1)
        counts = np.bincount(pixels, minlength=256).astype(np.int64)
    if counts[0]:  # untouched pixels are background, so only background has to be looked at
        if len(packed_provenance) == 1:
            untouched = size if packed_provenance[0] == Provenance.UNTOUCHED else 0
        else:
            untouched = size - int(np.count_nonzero(tile.pixels(packed_provenance)))
        counts[0] -= untouched
    return counts


def _damaged(entry: ImageEntry, cause: DamagedPayload) -> ProjectDamaged:
    return ProjectDamaged(
        f"The project file is damaged: the labels of the image '{entry.path}' cannot be read "
        f"({cause}). Restore it from a backup."
    )
