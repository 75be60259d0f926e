"""Segmentations against pixels: well formed, measured right, disjoint, and equal to the truth.

Nothing from a file reaches native code before its size, characters and coordinates were looked at.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from annotator.export.dataset import IGNORE
from annotator.export.findings import Check, FindingsLog
from annotator.export.rle import PackedMask, decode_counts, decode_mask
from annotator.export.validate_json import Instances, Record, is_finite, is_integer

AREA_TOLERANCE = 0.5
BOX_TOLERANCE = 0.5
FOREIGN_AREA_SHARE = 0.1  # other programs measure polygons, which differs from counting pixels
FOREIGN_BOX_TOLERANCE = 2.0
OUTSIDE_TOLERANCE = 1.0
POLYGON_NUMBERS_LIMIT = 4_000_000
PATH_LIMIT_PX = 50_000_000  # length of a polygon: pycocotools keeps five points for each pixel
MERGE_AT_ONCE = 64

Truth = Callable[[str], npt.NDArray[np.uint8] | None]


class MalformedMask(ValueError):
    """A segmentation that must not be given to native code; the text is a clause."""


def check_masks(
    instances: Instances,
    image_id: int,
    annotations: Sequence[Record],
    log: FindingsLog,
    *,
    ours: bool,
) -> list[tuple[Record, PackedMask]]:
    """Check the annotations of one image one by one; those that are sound, with their masks."""
    image = instances.images[image_id]
    size = int(image["height"]), int(image["width"])
    sound = []
    for record in annotations:
        log.examined(Check.GEOMETRY)
        try:
            packed = pack(record["segmentation"], size)
        except MalformedMask as error:
            text = f"The mask of annotation {record['id']} is unusable: {error}."
            log.error(Check.GEOMETRY, instances.name, text, record["id"])
            continue
        _check_measures(record, packed, instances.name, log, ours=ours)
        sound.append((record, packed))
    if ours:
        _check_overlap(image, [packed for _, packed in sound], instances.name, log)
    return sound


def check_truth(
    instances: Instances,
    image_id: int,
    sound: Sequence[tuple[Record, PackedMask]],
    truth: npt.NDArray[np.uint8],
    log: FindingsLog,
) -> None:
    """Compare all masks of one image with ``truth`` (H, W) category numbers, pixel by pixel."""
    log.examined(Check.TRUTH)
    image = instances.images[image_id]
    expected = np.ascontiguousarray(truth.T)
    expected[expected == IGNORE] = 0
    written = np.zeros_like(expected)
    by_category: dict[int, list[PackedMask]] = defaultdict(list)
    for record, packed in sound:
        by_category[record["category_id"]].append(packed)
    if expected.shape != (image["width"], image["height"]) or any(c > 255 for c in by_category):
        text = f"'{image['file_name']}' and its accepted labels differ in size or classes."
        log.error(Check.TRUTH, instances.name, text, image_id)
        return
    for category_id, masks in by_category.items():
        # decode gives a column-major array, so its transpose lies as `expected` does
        written += decode_mask(union(masks)).T * np.uint8(category_id)
    wrong = int(np.count_nonzero(written != expected))
    if wrong:
        text = f"'{image['file_name']}' differs from the accepted labels in {wrong} pixels."
        log.error(Check.TRUTH, instances.name, text, image_id)


def pack(segmentation: Any, size: tuple[int, int]) -> PackedMask:
    """RLE of a segmentation in any of COCO's three spellings; `MalformedMask` if it is unsound."""
    H, W = size
    if isinstance(segmentation, list):
        polygons = [checked_polygon(polygon, size) for polygon in segmentation]
        if not polygons:
            raise MalformedMask("it has no polygon")
        return union(coco_mask.frPyObjects(polygons, H, W))
    if segmentation.get("size") != [H, W]:
        raise MalformedMask(f"its size is not that of the image, {H} x {W}")
    counts = segmentation.get("counts")
    try:
        if isinstance(counts, str):
            decode_counts(counts, H * W)
            return {"size": [H, W], "counts": counts.encode("ascii")}
        return _packed_runs(counts, size)
    except ValueError as error:  # UnicodeEncodeError is one
        raise MalformedMask(str(error)) from error


def checked_polygon(polygon: Any, size: tuple[int, int]) -> list[float]:
    """The polygon itself; `MalformedMask` unless it has six or more finite numbers in pairs."""
    if not isinstance(polygon, list) or len(polygon) < 6 or len(polygon) % 2:
        raise MalformedMask("a polygon needs an even number of at least 6 coordinates")
    if len(polygon) > POLYGON_NUMBERS_LIMIT or not all(map(is_finite, polygon)):
        raise MalformedMask("a polygon is far too long or holds something that is no number")
    points = np.asarray(polygon, np.float64).reshape(-1, 2)
    limits = np.array([size[1], size[0]]) + OUTSIDE_TOLERANCE
    if (points < -OUTSIDE_TOLERANCE).any() or (points > limits).any():
        raise MalformedMask("a polygon leaves the image")
    if np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1).sum() > PATH_LIMIT_PX:
        raise MalformedMask("a polygon is far too long")
    return polygon


def union(masks: Sequence[PackedMask]) -> PackedMask:
    """One mask of many; pairs of pairs, because merging one after another takes quadratic time."""
    masks = list(masks)
    while len(masks) > 1:
        masks = [
            coco_mask.merge(masks[first : first + MERGE_AT_ONCE])
            for first in range(0, len(masks), MERGE_AT_ONCE)
        ]
    return masks[0]


def _packed_runs(counts: Any, size: tuple[int, int]) -> PackedMask:
    H, W = size
    if not isinstance(counts, list) or not all(is_integer(n) and n >= 0 for n in counts):
        raise MalformedMask("its runs are neither a text nor a list of whole numbers")
    if sum(counts) != H * W:
        raise MalformedMask("its runs do not fill the image")
    packed: PackedMask = coco_mask.frPyObjects({"size": [H, W], "counts": counts}, H, W)
    return packed


def _check_measures(
    record: Record, packed: PackedMask, name: str, log: FindingsLog, *, ours: bool
) -> None:
    log.examined(Check.MEASURES)
    number = record["id"]
    area = float(coco_mask.area(packed))
    if area == 0:
        log.error(Check.GEOMETRY, name, f"The mask of annotation {number} is empty.", number)
        return
    slack = AREA_TOLERANCE if ours else max(AREA_TOLERANCE, FOREIGN_AREA_SHARE * area)
    if abs(record["area"] - area) > slack:
        text = f"The annotation {number} states an area of {record['area']:g} px, it has {area:g}."
        log.error(Check.MEASURES, name, text, number)
    off = np.abs(np.asarray(record["bbox"], float) - coco_mask.toBbox(packed)).max()
    if off > (BOX_TOLERANCE if ours else FOREIGN_BOX_TOLERANCE):
        text = f"The bbox of annotation {number} is {off:g} px off its mask."
        log.error(Check.MEASURES, name, text, number)


def _check_overlap(image: Record, masks: Sequence[PackedMask], name: str, log: FindingsLog) -> None:
    log.examined(Check.OVERLAP)
    if not masks:
        return
    # One by one: a list of more than 255 masks overflows a byte inside pycocotools' area.
    areas = sum(int(coco_mask.area(packed)) for packed in masks)
    shared = areas - int(coco_mask.area(union(masks)))
    if shared:
        text = (
            f"Annotations of image {image['id']} share {shared} pixels; classes exclude each other."
        )
        log.error(Check.OVERLAP, name, text, image["id"])
