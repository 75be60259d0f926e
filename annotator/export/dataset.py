"""The view of a project that exporters read: categories, and images whose content is fetched late.

Category numbers: category k of the display order is number k + 1 in every format; 0 is background
and 255 belongs to nobody. The project's own stable class ids travel beside them as an extra key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.export.errors import InvalidDataset

Pixels = npt.NDArray[np.uint8]  # (H, W, 3) RGB, orientation applied
Labels = npt.NDArray[np.uint8]  # (H, W)
Counts = npt.NDArray[np.int64]  # (256,)
Colour = tuple[int, int, int]

BACKGROUND = 0
IGNORE = 255
LARGEST_ID = 254


@dataclass(frozen=True, slots=True)
class Category:
    """One class as it is exported; ``class_id`` is the project's stable id, 1 to 254."""

    class_id: int
    name: str
    colour: Colour


@dataclass(frozen=True, eq=False)
class ExportImage:
    """One image. Nothing is decoded before one of the two readers is called.

    ``name`` is the POSIX path of the source relative to the project's images; it shapes the name of
    the output. ``size`` is (H, W), orientation applied. ``read_pixels`` gives (H, W, 3) uint8 RGB,
    ``read_classes`` (H, W) uint8 class ids with 0 background and 255 ignore. ``source`` is the file
    on disk if there is one; ``page`` counts from 0 in multi-page files.
    """

    name: str
    size: tuple[int, int]
    read_pixels: Callable[[], Pixels]
    read_classes: Callable[[], Labels]
    source: Path | None = None
    page: int = 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """What one export writes. Raises `InvalidDataset` for categories no format could hold."""

    title: str
    categories: tuple[Category, ...]
    images: Sequence[ExportImage]

    def __post_init__(self) -> None:
        ids = [category.class_id for category in self.categories]
        if len(set(ids)) != len(ids) or any(not 1 <= i <= LARGEST_ID for i in ids):
            raise InvalidDataset(
                f"Class ids must differ and lie in 1 to {LARGEST_ID}; these are {sorted(ids)}."
            )
        if any(not category.name.strip() for category in self.categories):
            raise InvalidDataset("A class has no name; name every class before you export.")


def category_lookup(categories: Sequence[Category]) -> npt.NDArray[np.int16]:
    """(256,) int16: class id -> category number; -1 where no category has that id."""
    lookup = np.full(256, -1, np.int16)
    lookup[BACKGROUND], lookup[IGNORE] = BACKGROUND, IGNORE
    for number, category in enumerate(categories, start=1):
        lookup[category.class_id] = number
    return lookup


def pixel_counts(labels: Labels) -> Counts:
    """(256,) int64: how many pixels hold each value."""
    return np.asarray(Image.fromarray(labels).histogram(), np.int64)


def read_category_map(image: ExportImage, lookup: npt.NDArray[np.int16]) -> Labels:
    """(H, W) uint8 category numbers; `InvalidDataset` if size, type or an id does not fit."""
    classes = np.ascontiguousarray(image.read_classes())
    if classes.dtype != np.uint8 or classes.shape != tuple(image.size):
        raise InvalidDataset(
            f"The labels of '{image.name}' are {classes.dtype} {classes.shape}, "
            f"but the image needs uint8 {tuple(image.size)}; open it once and save it again."
        )
    present = np.flatnonzero(pixel_counts(classes))
    unknown = present[lookup[present] < 0]
    if unknown.size:
        raise InvalidDataset(
            f"'{image.name}' holds pixels of class id {int(unknown[0])}, which is no class of this "
            "export; include that class or clear the pixels."
        )
    if np.array_equal(lookup[present], present):
        return classes
    mapped: Labels = lookup.astype(np.uint8)[classes]
    return mapped


def read_checked_pixels(image: ExportImage) -> Pixels:
    """(H, W, 3) uint8; `InvalidDataset` if the reader gives anything else."""
    pixels = image.read_pixels()
    if pixels.dtype != np.uint8 or pixels.shape != (*image.size, 3):
        raise InvalidDataset(
            f"The pixels of '{image.name}' are {pixels.dtype} {pixels.shape}, "
            f"but uint8 {(*image.size, 3)} was promised; has the file changed since it was added?"
        )
    return np.ascontiguousarray(pixels)
