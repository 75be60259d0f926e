"""Erasing marks: what an eraser led over strokes, boxes, polygons and patches leaves of each.

A stroke loses the parts whose ink was touched and may fall into several strokes; a polygon or patch
keeps the pixels that were not touched, as a patch; a box goes when its outline was touched.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import (
    Bitmap,
    BitMask,
    Box,
    Cue,
    CueId,
    MaskPatch,
    PixelBox,
    Point,
    Polygon,
    Stroke,
)
from annotator.document.edits_cues import AddCue, RemoveCue, ReplaceCue
from annotator.document.images import ImageId
from annotator.document.project import Project
from annotator.document.rasterise import polygon_mask

Places = npt.NDArray[np.float64]
CueEdit = AddCue | RemoveCue | ReplaceCue
STEP = 0.5  # pixels between the places at which a stroke is looked at


def erase_cues(project: Project, image_id: ImageId, erased: BitMask) -> list[CueEdit]:
    """The edits that take the erased pixels from all marks of an image; none where none is met."""
    entry = project.images[image_id]
    new_ids = _ids_from(project.next_cue_id())
    edits: list[CueEdit] = []
    for cue in project.cues(image_id):
        match cue:
            case Stroke():
                edits += _stroke_edits(image_id, cue, erased, new_ids)
            case Box(corners=corners) if _meets_outline(corners, erased):
                edits.append(RemoveCue(image_id, cue))
            case Polygon(ring=ring, holes=holes):
                origin, mask = polygon_mask(ring, holes, entry.size)
                edits += _patch_edits(image_id, cue, origin, mask, erased)
            case MaskPatch(mask=held):
                edits += _patch_edits(image_id, cue, held.origin, held.array(), erased)
    return edits


def _ids_from(first: CueId) -> Iterator[CueId]:
    number = int(first)
    while True:
        yield CueId(number)
        number += 1


def _stroke_edits(
    image_id: ImageId, cue: Stroke, erased: BitMask, new_ids: Iterator[CueId]
) -> list[CueEdit]:
    parts = _left_of(cue.points, cue.radius, erased)
    if parts is None:
        return []
    if not parts:
        return [RemoveCue(image_id, cue)]
    kept = Stroke(cue.cue_id, cue.target, parts[0], cue.radius)
    others = (Stroke(next(new_ids), cue.target, part, cue.radius) for part in parts[1:])
    return [ReplaceCue(image_id, cue, kept), *(AddCue(image_id, one) for one in others)]


def _left_of(
    points: Sequence[Point], radius: float, erased: BitMask
) -> list[tuple[Point, ...]] | None:
    """The parts of a line that stay; None where no ink was touched."""
    if not _boxes_meet(_bounds(points, radius), erased.box):
        return None
    places = _sampled(points)
    touched = _distances(places, erased, radius) < radius + 0.5
    if not touched.any():
        return None
    free = np.flatnonzero(~touched)
    if not len(free):
        return []
    runs = np.split(free, np.flatnonzero(np.diff(free) > 1) + 1)
    return [_thinned(places[run[0] : run[-1] + 1]) for run in runs]


def _sampled(points: Sequence[Point]) -> Places:
    """(n, 2) places along a line, its own points among them, at most `STEP` apart."""
    track = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        count = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / STEP))
        track += [
            (x0 + (x1 - x0) * k / count, y0 + (y1 - y0) * k / count) for k in range(1, count + 1)
        ]
    return np.array(track, np.float64)


def _distances(places: Places, erased: BitMask, radius: float) -> Places:
    """(n,) distance in pixels from each place to the nearest erased pixel's middle."""
    from scipy.ndimage import distance_transform_edt  # dear to load, and few gestures erase

    margin = math.ceil(radius) + 2
    field = distance_transform_edt(~np.pad(erased.array(), margin))
    x = np.floor(places[:, 0]).astype(np.int64) - erased.origin[0] + margin
    y = np.floor(places[:, 1]).astype(np.int64) - erased.origin[1] + margin
    inside = (x >= 0) & (y >= 0) & (x < field.shape[1]) & (y < field.shape[0])
    found = np.full(len(places), np.inf)
    found[inside] = field[y[inside], x[inside]]
    return found


def _thinned(places: Places) -> tuple[Point, ...]:
    """The same line with only the points where it bends."""
    if len(places) < 3:
        return tuple((float(x), float(y)) for x, y in places)
    before, after = places[1:-1] - places[:-2], places[2:] - places[1:-1]
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    kept = np.concatenate(([True], np.abs(turn) > 1e-9, [True]))
    return tuple((float(x), float(y)) for x, y in places[kept])


def _patch_edits(
    image_id: ImageId, cue: Cue, origin: tuple[int, int], mask: Bitmap, erased: BitMask
) -> list[CueEdit]:
    held = BitMask.of(mask, origin)
    if not mask.size or not _boxes_meet(held.box, erased.box):
        return []
    rest = mask.copy()
    (ex, ey), (ox, oy) = erased.origin, origin
    wiped = erased.array()
    y0, y1 = max(ey, oy), min(ey + wiped.shape[0], oy + mask.shape[0])
    x0, x1 = max(ex, ox), min(ex + wiped.shape[1], ox + mask.shape[1])
    rest[y0 - oy : y1 - oy, x0 - ox : x1 - ox] &= ~wiped[y0 - ey : y1 - ey, x0 - ex : x1 - ex]
    if (rest == mask).all():
        return []
    if not rest.any():
        return [RemoveCue(image_id, cue)]
    return [ReplaceCue(image_id, cue, MaskPatch(cue.cue_id, cue.target, BitMask.of(rest, origin)))]


def _meets_outline(corners: tuple[float, float, float, float], erased: BitMask) -> bool:
    x0, y0, x1, y1 = corners
    outline = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
    return bool((_distances(_sampled(outline), erased, 1.0) < 1.0).any())


def _bounds(points: Sequence[Point], radius: float) -> PixelBox:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    reach = radius + 1
    return (
        math.floor(min(xs) - reach), math.floor(min(ys) - reach),
        math.ceil(max(xs) + reach), math.ceil(max(ys) + reach),
    )  # fmt: skip


def _boxes_meet(first: PixelBox, second: PixelBox) -> bool:
    return (
        first[0] < second[2] and second[0] < first[2]
        and first[1] < second[3] and second[1] < first[3]
    )  # fmt: skip
