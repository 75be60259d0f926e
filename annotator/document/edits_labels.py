"""Edits of label maps: set the pixels under a mask, and accept what an engine proposes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Bitmap, BitMask
from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, IGNORE, ClassId, ClassTable
from annotator.document.codec import expand, squeeze
from annotator.document.cue_checks import check_inside, check_mask
from annotator.document.draft import Draft
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageId
from annotator.document.label_map import Labels, Provenance
from annotator.document.project import Project

Values = int | npt.NDArray[np.uint8]  # one for all pixels under a mask, or (n,) in row order
MADE_BY_HAND = (Provenance.DRAWN, Provenance.IMPORTED)  # no proposal ever overwrites these


@dataclass(frozen=True, slots=True)
class PixelValues:
    """Class ids and provenance of ``count`` pixels in row order, packed by `codec.squeeze`."""

    count: int
    classes: bytes
    provenance: bytes

    @classmethod
    def of(cls, count: int, classes: Values, provenance: Values) -> "PixelValues":
        """Pack two constants or (count,) uint8 arrays."""
        return cls(count, _pack(classes), _pack(provenance))

    @property
    def class_values(self) -> Values:
        """One id for all pixels, or (count,) uint8."""
        return _unpack(self.classes, self.count)

    @property
    def provenance_values(self) -> Values:
        """One `Provenance` for all pixels, or (count,) uint8."""
        return _unpack(self.provenance, self.count)


@dataclass(frozen=True, slots=True)
class LabelPatch:
    """The pixels under ``mask`` go from ``before`` to ``after``."""

    image_id: ImageId
    mask: BitMask
    before: PixelValues
    after: PixelValues

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for classes that are not live, or untouched pixels of a class."""
        classes, provenance = self.after.class_values, self.after.provenance_values
        _check_classes(draft.classes, classes)
        if np.any(np.greater(provenance, max(Provenance))):
            raise InvalidEdit("A pixel's provenance is one of the four known ones.")
        untouched = np.equal(provenance, Provenance.UNTOUCHED)
        if np.any(untouched & np.not_equal(classes, BACKGROUND)):
            raise InvalidEdit("A pixel with a class cannot be untouched.")

    def apply(self, draft: Draft) -> Changes:
        """Set the pixels; `InvalidEdit` if outside the image or not as given before."""
        entry = draft.image(self.image_id)
        check_mask(self.mask)
        check_inside(self.mask, height=entry.height, width=entry.width)
        bitmap = self.mask.array()
        if not int(np.count_nonzero(bitmap)) == self.before.count == self.after.count > 0:
            raise InvalidEdit("A label patch needs one value for each pixel of its mask.")
        planes = draft.pixels_to_change(self.image_id, self.mask.box, bitmap)
        old = self.before.class_values, self.before.provenance_values
        new = self.after.class_values, self.after.provenance_values
        for plane, was, becomes in zip(planes, old, new, strict=True):
            if not np.array_equal(plane[bitmap], np.broadcast_to(was, self.before.count)):
                raise InvalidEdit(f"The labels of '{entry.path}' have changed since; look again.")
            _put(plane, bitmap, becomes)
        return Changes(frozenset({self.image_id}))

    def inverse(self) -> "LabelPatch":
        """Back to the old pixels."""
        return LabelPatch(self.image_id, self.mask, self.after, self.before)


def label_patch(
    project: Project,
    image_id: ImageId,
    mask: BitMask,
    classes: Values | Labels,
    provenance: Values | Labels,
) -> LabelPatch:
    """The edit that sets the pixels under ``mask``.

    classes, provenance: one value for all, (n,) uint8 for the n set pixels in row order, or (h, w)
    uint8 like the mask. Raises `InvalidEdit` where the mask is empty or outside the image.
    """
    entry = project.image(image_id)
    check_mask(mask)
    check_inside(mask, height=entry.height, width=entry.width)
    bitmap = mask.array()
    count = int(np.count_nonzero(bitmap))
    if count == 0:
        raise InvalidEdit("The mask is empty; there is nothing to label.")
    after = PixelValues.of(count, _under(classes, bitmap), _under(provenance, bitmap))
    return LabelPatch(image_id, mask, _values_now(project, image_id, mask, bitmap), after)


def accept_patch(
    project: Project,
    image_id: ImageId,
    proposal_classes: Labels,
    *,
    where: Bitmap | None = None,
    protected: Bitmap | None = None,
) -> LabelPatch | None:
    """The edit that makes a proposal true, or None where that would change nothing.

    proposal_classes (H, W) uint8 class ids; ``where`` (H, W) bool limits it. Pixels that were drawn
    or imported, and pixels in ``protected`` (H, W) bool, are never touched.
    """
    label_map = project.label_map(image_id)
    for array in (proposal_classes, where, protected):
        if array is not None and array.shape != label_map.size:
            raise InvalidEdit(
                f"A proposal of shape {array.shape} does not fit the image "
                f"'{project.image(image_id).path}' of shape {label_map.size}."
            )
    wanted: Bitmap = label_map.classes != proposal_classes
    wanted |= label_map.provenance != Provenance.ACCEPTED
    for provenance in MADE_BY_HAND:
        wanted &= label_map.provenance != provenance
    if where is not None:
        wanted &= where
    if protected is not None:
        wanted &= ~protected
    return _patch_of_bitmap(project, image_id, wanted, proposal_classes)


def _patch_of_bitmap(
    project: Project, image_id: ImageId, wanted: Bitmap, classes: Labels
) -> LabelPatch | None:
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if rows.size == 0:
        return None
    place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    mask = BitMask.of(wanted[place], (int(columns[0]), int(rows[0])))
    return label_patch(project, image_id, mask, classes[place], int(Provenance.ACCEPTED))


def _values_now(project: Project, image_id: ImageId, mask: BitMask, bitmap: Bitmap) -> PixelValues:
    x0, y0, x1, y1 = mask.box
    now = project.label_map(image_id)
    classes, provenance = now.classes[y0:y1, x0:x1][bitmap], now.provenance[y0:y1, x0:x1][bitmap]
    return PixelValues.of(classes.size, classes, provenance)


def _under(values: Values | Labels, bitmap: Bitmap) -> Values:
    if isinstance(values, int | np.integer):
        return int(values)
    if values.dtype != np.uint8:
        raise InvalidEdit(f"Labels are uint8, not {values.dtype}.")
    if values.shape == bitmap.shape:
        return values[bitmap]
    if values.shape != (int(np.count_nonzero(bitmap)),):
        raise InvalidEdit("A label patch needs one value for each pixel of its mask.")
    return values


def _check_classes(classes: ClassTable, values: Values) -> None:
    allowed = np.zeros(256, np.bool_)
    allowed[[BACKGROUND, IGNORE, *classes.ids()]] = True
    fine = np.take(allowed, values)
    if not fine.all():
        wrong = ClassId(int(np.min(np.asarray(values)[~fine])))
        raise InvalidEdit(f"Class id {wrong} is none of the project's classes; choose another one.")


def _put(plane: Labels, bitmap: Bitmap, values: Values) -> None:
    if isinstance(values, int):
        np.copyto(plane, np.uint8(values), where=bitmap)
    else:
        plane[bitmap] = values


def _pack(values: Values) -> bytes:
    if not isinstance(values, int):
        return squeeze(values)
    if not 0 <= values <= 255:
        raise InvalidEdit(f"A label is a number from 0 to 255, not {values}.")
    return bytes((values,))


def _unpack(packed: bytes, count: int) -> Values:
    return packed[0] if len(packed) == 1 else expand(packed, count)
