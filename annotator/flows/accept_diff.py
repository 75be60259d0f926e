"""What accepting a proposal would change, and where: regions and boxes to accept in parts."""

from dataclasses import dataclass

import numpy as np

from annotator.document.annotations import Bitmap, PixelBox
from annotator.document.classes import BACKGROUND
from annotator.document.edits_labels import MADE_BY_HAND
from annotator.document.images import ImageId
from annotator.document.label_map import Labels, Provenance

SAME, ADDED, REMOVED, CHANGED = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class AcceptDiff:
    """``kinds`` (H, W) uint8: 0 same, 1 added, 2 removed, 3 changed; the rest counts its pixels.

    Added pixels were background, removed ones become it. ``touches_accepted``: some pixel that was
    accepted before would get another class.
    """

    image_id: ImageId
    kinds: Labels
    added: int
    removed: int
    changed: int
    touches_accepted: bool


def difference(
    image_id: ImageId,
    *,
    before: Labels,
    provenance: Labels,
    proposed: Labels,
    where: Bitmap | None = None,
) -> AcceptDiff:
    """What `accept_patch` would do to classes ``before`` with those ``proposed``, all (H, W) ids.

    Pixels a person drew or imported stay as they are, and so do those outside ``where`` (H, W).
    """
    differs: Bitmap = before != proposed
    for made in MADE_BY_HAND:
        differs &= provenance != made
    if where is not None:
        differs &= where
    kinds: Labels = differs.astype(np.uint8)  # where it differs, 1 is right for what was background
    kinds[differs & (before != BACKGROUND)] = CHANGED
    kinds[differs & (proposed == BACKGROUND)] = REMOVED
    counts = np.bincount(kinds.ravel(), minlength=4)
    return AcceptDiff(
        image_id,
        kinds,
        added=int(counts[ADDED]),
        removed=int(counts[REMOVED]),
        changed=int(counts[CHANGED]),
        touches_accepted=bool((differs & (provenance == Provenance.ACCEPTED)).any()),
    )


def region_at(classes: Labels, x: int, y: int) -> Bitmap:
    """(H, W) bool: the region of one class that holds pixel (x, y), diagonal neighbours joined.

    Empty for a pixel outside of classes (H, W).
    """
    height, width = classes.shape
    if not (0 <= x < width and 0 <= y < height):
        return np.zeros((height, width), np.bool_)
    from scipy.ndimage import label

    same: Bitmap = classes == classes[y, x]
    regions, _ = label(same, structure=np.ones((3, 3), np.bool_))
    found: Bitmap = regions == regions[y, x]
    return found


def box_where(size: tuple[int, int], box: PixelBox) -> Bitmap:
    """(H, W) bool: the pixels of a box (x0, y0, x1, y1), half open, inside an image (H, W)."""
    x0, y0, x1, y1 = (max(side, 0) for side in box)
    where: Bitmap = np.zeros(size, np.bool_)
    where[y0:y1, x0:x1] = True
    return where
