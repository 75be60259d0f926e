"""Run-length masks as COCO stores them: column-major runs, packed into a short ASCII string.

All regions of a label map are encoded from one transposed copy, instead of one full Fortran-ordered
mask per region. Format: cocodataset.org/#format-data and `maskApi.c` (6 bits per character, signed,
from the fourth run on as the difference to the run two before).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from annotator.export.dataset import IGNORE, Labels

Runs = npt.NDArray[np.int64]
PackedMask = dict[str, Any]  # {"size": [H, W], "counts": bytes}
TILE = 512  # a transposed block of this side stays in cache: 3 times faster on 24 megapixels
CHARACTER_OFFSET = 48
MAX_CHARACTERS_PER_RUN = 7  # 35 bits: more than any mask a 32-bit size can describe


@dataclass(frozen=True, slots=True)
class Region:
    """All pixels of one value: RLE string, area in pixels, bbox x, y, w, h, and one pixel of it."""

    value: int
    counts: str
    area: int
    bbox: tuple[int, int, int, int]
    seed: tuple[int, int]  # (row, column)


def encode_regions(labels: npt.NDArray[np.integer]) -> list[Region]:
    """One `Region` per non-zero value of ``labels`` (H, W), ordered by value."""
    size = (int(labels.shape[0]), int(labels.shape[1]))
    if not labels.size:
        return []
    flat = _column_major(labels)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate(([0], changes))
    ends = np.concatenate((changes, [flat.size]))
    values = flat[starts]
    order = np.argsort(values, kind="stable")
    order = order[values[order] != 0]
    if not order.size:
        return []
    starts, ends, values = starts[order], ends[order], values[order]
    cuts = np.flatnonzero(values[1:] != values[:-1]) + 1
    groups = zip(np.split(starts, cuts), np.split(ends, cuts), strict=True)
    return [
        _region(int(value), first, last, size)
        for value, (first, last) in zip(values[np.concatenate(([0], cuts))], groups, strict=True)
    ]


def object_map(category_map: Labels) -> npt.NDArray[np.int32]:
    """(H, W) int32: 1.. for every 8-connected object of one category; 0 background and ignore."""
    from skimage.measure import label as connected_regions  # the window opens without it

    painted = np.where(category_map == IGNORE, np.uint8(0), category_map)
    objects: npt.NDArray[np.int32] = connected_regions(painted, background=0, connectivity=2)
    return objects.astype(np.int32, copy=False)


def decode_mask(packed: PackedMask) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 of 0 and 1, column-major, as pycocotools' ``annToMask`` gives it."""
    with warnings.catch_warnings():
        # pycocotools 2.0 hands numpy 2 an array interface of the first kind, which still works
        warnings.simplefilter("ignore", DeprecationWarning)
        mask: npt.NDArray[np.uint8] = coco_mask.decode(packed)
    return mask


def decode_counts(text: str, pixel_count: int) -> Runs:
    """Run lengths of a packed string; `ValueError` unless they fill ``pixel_count`` exactly.

    Written to look at strings from anywhere before native code does.
    """
    codes = np.frombuffer(text.encode("ascii", "strict"), np.uint8).astype(np.int64)
    codes -= CHARACTER_OFFSET
    if not codes.size or codes.min() < 0 or codes.max() > 63 or codes[-1] & 0x20:
        raise ValueError("it holds characters that no mask uses")
    ends = np.flatnonzero(~codes & 0x20 != 0)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > MAX_CHARACTERS_PER_RUN:
        raise ValueError("it holds a run longer than any image")
    digit = np.arange(codes.size) - np.repeat(starts, lengths)
    runs = np.add.reduceat((codes & 0x1F) << (5 * digit), starts)
    runs -= np.where(codes[ends] & 0x10, np.int64(1) << (5 * lengths), 0)  # sign extension
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    if runs.min() < 0 or runs.max() > pixel_count or int(runs.sum()) != pixel_count:
        raise ValueError("its runs do not fill the image")
    return runs


def _column_major(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """(H * W,) in column-major order, transposed block by block to stay in the cache."""
    H, W = labels.shape
    turned = np.empty((W, H), labels.dtype)
    for top in range(0, H, TILE):
        for left in range(0, W, TILE):
            block = labels[top : top + TILE, left : left + TILE]
            turned[left : left + TILE, top : top + TILE] = block.T
    return turned.ravel()


def _region(value: int, starts: Runs, ends: Runs, size: tuple[int, int]) -> Region:
    H, W = size
    borders = np.stack((starts, ends), axis=1).ravel()
    runs = np.diff(borders, prepend=0)
    if ends[-1] < H * W:
        runs = np.append(runs, H * W - ends[-1])
    packed = coco_mask.frPyObjects({"size": [H, W], "counts": runs.tolist()}, H, W)
    row, column = int(starts[0] % H), int(starts[0] // H)
    area = int((ends - starts).sum())
    return Region(
        value, packed["counts"].decode("ascii"), area, _box(starts, ends, H), (row, column)
    )


def _box(starts: Runs, ends: Runs, H: int) -> tuple[int, int, int, int]:
    """x, y, w, h of column-major runs in columns of height ``H``."""
    first_column, last_column = starts // H, (ends - 1) // H
    x0, x1 = int(first_column.min()), int(last_column.max())
    if np.any(first_column != last_column):  # such a run holds a bottom and a top pixel
        return x0, 0, x1 - x0 + 1, H
    y0, y1 = int((starts % H).min()), int(((ends - 1) % H).max())
    return x0, y0, x1 - x0 + 1, y1 - y0 + 1
