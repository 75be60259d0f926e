"""What makes a cue sound in itself, whatever project it belongs to."""

from collections.abc import Iterable

from annotator.document.annotations import (
    ERASE,
    BitMask,
    Box,
    Cue,
    ImageTag,
    MaskPatch,
    Point,
    Polygon,
    Stroke,
    TextPrompt,
)
from annotator.document.classes import LARGEST_ID
from annotator.document.errors import InvalidEdit

LARGEST_CUE_ID = (1 << 63) - 1  # what the project file can count to
FARTHEST = 1e7  # pixels from the image's corner: no image is that large
POINT_LIMIT = 1_000_000
TEXT_LIMIT = 1000


def check_cue_shape(cue: Cue) -> None:
    """`InvalidEdit`, saying what is wrong, unless numbers are finite and shapes have an inside."""
    if not 0 < cue.cue_id <= LARGEST_CUE_ID:
        raise InvalidEdit(f"A cue's id is a positive number; this one is {cue.cue_id}.")
    if not ERASE <= cue.target <= LARGEST_ID:
        raise InvalidEdit(f"A cue cannot stand for class id {cue.target}.")
    if cue.target == ERASE and not isinstance(cue, Stroke):
        raise InvalidEdit("Only a stroke can erase; give the cue a class.")
    match cue:
        case Stroke():
            _check_stroke(cue)
        case Box():
            _check_box(cue)
        case Polygon():
            _check_polygon(cue)
        case MaskPatch(mask=mask):
            check_mask(mask)
        case TextPrompt(text=text):
            _check_text(text)
        case ImageTag():
            pass  # a class and a yes or no: nothing that could be wrong


def check_mask(mask: BitMask) -> None:
    """`InvalidEdit` unless the bitmap has pixels, and as many bits as they need."""
    h, w = mask.shape
    if h <= 0 or w <= 0:
        raise InvalidEdit("A mask needs at least one pixel.")
    if len(mask.bits) != -(-h * w // 8):
        raise InvalidEdit(f"A mask of {w} x {h} pixels came with {len(mask.bits)} bytes of bits.")


def check_inside(mask: BitMask, *, height: int, width: int) -> None:
    """`InvalidEdit` unless the bitmap lies within an image of that size."""
    x0, y0, x1, y1 = mask.box
    if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
        raise InvalidEdit(
            f"A mask from ({x0}, {y0}) to ({x1}, {y1}) reaches outside the image of "
            f"{width} x {height} pixels."
        )


def _check_points(points: Iterable[Point]) -> None:
    for x, y in points:
        if not (abs(x) <= FARTHEST and abs(y) <= FARTHEST):  # false for NaN as well
            raise InvalidEdit(f"The point ({x}, {y}) is nowhere near the image.")


def _check_stroke(cue: Stroke) -> None:
    if not 0 < cue.radius <= FARTHEST:
        raise InvalidEdit(f"A pen's radius is positive and finite; this one is {cue.radius}.")
    if not 0 < len(cue.points) <= POINT_LIMIT:
        raise InvalidEdit(f"A stroke has 1 to {POINT_LIMIT} points, not {len(cue.points)}.")
    _check_points(cue.points)


def _check_box(cue: Box) -> None:
    x0, y0, x1, y1 = cue.corners
    _check_points(((x0, y0), (x1, y1)))
    if x0 >= x1 or y0 >= y1:
        raise InvalidEdit(f"The box {cue.corners} has no inside.")


def _check_polygon(cue: Polygon) -> None:
    for ring in (cue.ring, *cue.holes):
        if not 3 <= len(ring) <= POINT_LIMIT:
            raise InvalidEdit(
                f"A polygon's ring needs at least 3 points; this one has {len(ring)}."
            )
        _check_points(ring)


def _check_text(text: str) -> None:
    if not text.strip() or len(text) > TEXT_LIMIT or not text.isprintable():
        raise InvalidEdit(f"A text prompt has 1 to {TEXT_LIMIT} printable characters.")
