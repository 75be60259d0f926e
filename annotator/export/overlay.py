"""A photograph with its classes laid over it, for people to look at."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageFilter

from annotator.export.dataset import BACKGROUND, Category

TINT = 0.45
SHADOW = 0.35  # of the thin dark line outside an outline, which keeps it visible on any photograph
OUTLINE_FILTER = 5  # side of the erosion: an outline of 2 pixels, 1 at normal screen density
SHADOW_FILTER = 3
RIM = (255, 255, 255)  # around drawn strokes, so that they stand out from every tint
RIM_FILTER = 5
BACKGROUND_INK = (60, 64, 72)
SOFTNESS = 0.8  # pixels: takes the staircase off borders that were hardly scaled

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.uint8]


def overlaid(
    pixels: Pixels, classes: Labels, categories: Sequence[Category], size: tuple[int, int]
) -> Image.Image:
    """``pixels`` (H, W, 3) scaled to ``size`` (w, h), each class of ``classes`` (H, W) tinted.

    ``classes`` holds class ids; ids that no category has are left clear.
    """
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    masks = [(category, _soft_mask(classes == category.class_id, size)) for category in categories]
    shown = [(category, mask) for category, mask in masks if mask is not None]
    for category, mask in shown:
        picture.paste(category.colour, mask=mask.point(lambda alpha: round(alpha * TINT)))
    for _, mask in shown:
        outer = ImageChops.subtract(mask.filter(ImageFilter.MaxFilter(SHADOW_FILTER)), mask)
        picture.paste((0, 0, 0), mask=outer.point(lambda alpha: round(alpha * SHADOW)))
    for category, mask in shown:
        inner = ImageChops.subtract(mask, mask.filter(ImageFilter.MinFilter(OUTLINE_FILTER)))
        picture.paste(category.colour, mask=inner)
    return picture


def ink(picture: Image.Image, drawn: Labels, categories: Sequence[Category]) -> None:
    """Put what a person drew on ``picture``, in place: solid, within a light rim.

    drawn (H, W) uint8: class ids, `BACKGROUND` for background strokes, `IGNORE` where nothing is.
    """
    masks = [(c.colour, _soft_mask(drawn == c.class_id, picture.size)) for c in categories]
    masks.append((BACKGROUND_INK, _soft_mask(drawn == BACKGROUND, picture.size)))
    for colour, mask in masks:
        if mask is not None:
            picture.paste(RIM, mask=mask.filter(ImageFilter.MaxFilter(RIM_FILTER)))
            picture.paste(colour, mask=mask)


def _soft_mask(mask: npt.NDArray[np.bool_], size: tuple[int, int]) -> Image.Image | None:
    """(w, h) coverage from 0 to 255, smooth at the borders; None where the class is absent."""
    if not mask.any():
        return None
    hard = Image.fromarray(mask.astype(np.uint8) * np.uint8(255))
    shrinking = size[0] <= hard.width
    soft = hard.resize(size, Image.Resampling.BOX if shrinking else Image.Resampling.BILINEAR)
    return soft.filter(ImageFilter.GaussianBlur(SOFTNESS))
