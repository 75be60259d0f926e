"""Cues to pixels: what a person drew becomes small bitmaps, one for each mark that survives.

How shapes are cut into runs of pixels, and which pixels they hold, is told in `runs`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.document.annotations import (
    ERASE,
    Bitmap,
    Box,
    Cue,
    CueId,
    MaskPatch,
    Point,
    Polygon,
    Stroke,
)
from annotator.document.classes import ClassId
from annotator.document.errors import InvalidEdit
from annotator.document.runs import Runs, Track, capsule_runs, fill, point_runs, polygon_runs

Origin = tuple[int, int]  # (x, y) of a bitmap's first pixel
Placed = tuple[Origin, Bitmap]  # a bitmap (h, w) and where it lies; h and w are 0 when empty
Resolve = Callable[[ClassId], ClassId | None]
Draw = Callable[[Cue, tuple[int, int]], Placed]

# Discs of half a pixel around all centres touch each other, so a line led through the plane goes
# from one to a neighbour of it; the hair on top keeps rounding from opening a gap between them.
_THINNEST_RADIUS = 0.5 + 1e-6
_FARTHEST = 1e7  # pixels; beyond, squares of coordinates lose the fractions that decide


@dataclass(frozen=True, slots=True, eq=False)
class DrawnMark:
    """What is left to see of one cue: ``mask`` (h, w) bool, read-only, cropped to its pixels.

    ``origin`` is the (x, y) of its first pixel. ``weak`` marks (boxes) say that the object is
    somewhere within; the others say that these very pixels are of ``target``.
    """

    cue_id: CueId
    target: ClassId
    origin: Origin
    mask: Bitmap
    weak: bool = False


def drawn(cue: Cue, size: tuple[int, int]) -> Placed:
    """Pixels of one cue alone on an image of ``size`` (H, W), cropped; words and tags have none."""
    match cue:
        case Stroke():
            return stroke_mask(cue.points, cue.radius, size)
        case Polygon():
            return polygon_mask(cue.ring, cue.holes, size)
        case MaskPatch():
            return _cropped(*_within_image(cue.mask.origin, cue.mask.array(), size))
        case Box():
            return box_mask(cue.corners, size)
        case _:
            return _nothing()


def composite(
    cues: Iterable[Cue], size: tuple[int, int], resolve: Resolve, *, draw: Draw = drawn
) -> tuple[DrawnMark, ...]:
    """Paint cues in order of drawing on an image of ``size`` (H, W); marks in the same order.

    A later stroke, polygon or patch takes its pixels from earlier ones, and an erasing one gives
    them to nobody. Boxes are weak: they neither take nor lose pixels. Targets go through
    ``resolve``; a cue whose class it answers with None is passed over as if never drawn, so what
    lay under it shows again. Words and tags draw nothing. ``draw`` may remember bitmaps. Raises
    `InvalidEdit` for coordinates that are not finite or absurdly far away.
    """
    # From the last to the first: a pixel belongs to whoever claims it first, so one bitmap of
    # what is taken replaces comparing every pair. Fresh zeros cost memory only where touched.
    taken = np.zeros(size, np.bool_)
    marks = []
    for cue in reversed(tuple(cues)):
        target = ERASE if cue.target == ERASE else resolve(cue.target)
        if target is None:
            continue
        weak = isinstance(cue, Box)
        placed = draw(cue, size)
        if not weak:
            placed = _claimed(taken, placed)
        if target != ERASE and placed[1].size:
            marks.append(_mark(cue.cue_id, target, placed, weak=weak))
    return tuple(reversed(marks))


def stroke_mask(points: Sequence[Point], radius: float, size: tuple[int, int]) -> Placed:
    """Pixels of an image of ``size`` (H, W) within ``radius`` of the line through ``points``.

    Exact distance to the nearest segment, round ends. However thin the pen, the pixels form an
    8-connected line, and the pixel under each point is one of them. Cropped to its pixels.
    """
    track = _checked(points)
    if not 0 <= radius <= _FARTHEST:
        raise InvalidEdit(f"A stroke has a radius of {radius}; draw it again.")
    drawn = capsule_runs(track, max(radius, _THINNEST_RADIUS), size)
    return _filled(np.concatenate((drawn, point_runs(track, size))))


def polygon_mask(
    ring: Sequence[Point], holes: Sequence[Sequence[Point]], size: tuple[int, int]
) -> Placed:
    """Pixels whose centre is inside ``ring`` by the even-odd rule and inside no hole.

    Two polygons along a common edge neither share a pixel nor leave one out. Fewer than three
    points, or points on one line, enclose nothing. Cropped to its pixels.
    """
    origin, mask = _filled(polygon_runs(_checked(ring), size))
    for hole in holes:
        fill(mask, polygon_runs(_checked(hole), size), origin, False)
    return _cropped(origin, mask) if holes else (origin, mask)


def box_mask(corners: tuple[float, float, float, float], size: tuple[int, int]) -> Placed:
    """Pixels whose centre is inside the box x0, y0, x1, y1 (in any order of corners).

    A side too short to hold a centre gives the pixels under its middle, so that a box which
    touches the image is never empty.
    """
    first, second = _checked((corners[:2], corners[2:]))
    low, high = np.minimum(first, second), np.maximum(first, second)
    limit = np.array((size[1], size[0]))
    if ((low >= limit) | ((high <= 0) & (low < 0)) | (limit <= 0)).any():
        return _nothing()
    low, high = low.clip(0, limit), high.clip(0, limit)
    middle = np.floor((low + high) / 2).clip(0, limit - 1)
    start, stop = np.ceil(low - 0.5), np.ceil(high - 0.5)
    start, stop = np.where(start < stop, start, middle), np.where(start < stop, stop, middle + 1)
    width, height = (stop - start).astype(np.int64)
    return (int(start[0]), int(start[1])), np.ones((height, width), np.bool_)


def _claimed(taken: Bitmap, placed: Placed) -> Placed:
    """What of a bitmap nobody has taken yet, cropped; all of it is taken from now on."""
    (x, y), mask = placed
    h, w = mask.shape
    there = taken[y : y + h, x : x + w]
    lost = mask & there
    there |= mask
    return _cropped((x, y), mask ^ lost) if lost.any() else placed


def _mark(cue_id: CueId, target: ClassId, placed: Placed, *, weak: bool) -> DrawnMark:
    origin, mask = placed
    mask.setflags(write=False)
    return DrawnMark(cue_id, target, origin, mask, weak)


def _nothing() -> Placed:
    return (0, 0), np.zeros((0, 0), np.bool_)


def _filled(runs: Runs) -> Placed:
    if not len(runs):
        return _nothing()
    top, left, _ = (int(least) for least in runs.min(axis=0))
    bottom, _, right = (int(most) for most in runs.max(axis=0))
    mask = np.zeros((bottom + 1 - top, right - left), np.bool_)
    fill(mask, runs, (left, top), True)
    return (left, top), mask


def _cropped(origin: Origin, mask: Bitmap) -> Placed:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return _nothing()
    top, left = int(rows[0]), int(columns[0])
    tight = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return (origin[0] + left, origin[1] + top), np.ascontiguousarray(tight)


def _within_image(origin: Origin, mask: Bitmap, size: tuple[int, int]) -> Placed:
    (x, y), (h, w) = origin, mask.shape
    left, top = max(0, -x), max(0, -y)
    right, bottom = min(w, size[1] - x), min(h, size[0] - y)
    if left >= right or top >= bottom:
        return _nothing()
    return (x + left, y + top), mask[top:bottom, left:right]


def _checked(points: Sequence[Sequence[float]]) -> Track:
    """Points as (n, 2) float64."""
    track = np.array(points, np.float64).reshape(-1, 2)
    if not (np.abs(track) <= _FARTHEST).all():  # also false for what is not a number
        raise InvalidEdit("A mark has points that are nowhere near the image; draw it again.")
    return track
