"""Sets of images with label maps on disk: pairs by stem, labels to rows, and fixed splits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.errors import EngineError
from engines.exchange import UNLABELLED_ROW, ArrayImage, RowMap

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp")
LARGEST_AREA = 64_000_000  # pixels


@dataclass(frozen=True, slots=True)
class ImageSet:
    """Pairs of a folder. ``rows`` (256,) uint8 turns stored values into rows; 255 is unsaid."""

    folder: Path
    stems: tuple[str, ...]
    names: tuple[str, ...]  # of rows 1, 2, ...
    rows: npt.NDArray[np.uint8]

    @property
    def row_count(self) -> int:
        """K, background included."""
        return len(self.names) + 1

    def image(self, stem: str) -> ArrayImage:
        """Decode now; `EngineError` where it cannot be read."""
        return ArrayImage(np.asarray(_opened(_file(self.folder / "images", stem)).convert("RGB")))

    def truth(self, stem: str) -> RowMap:
        """(H, W) uint8 rows."""
        stored = np.asarray(_opened(_file(self.folder / "masks", stem)))
        if stored.ndim != 2 or stored.dtype not in (np.uint8, np.bool_):
            raise EngineError(f"The mask of '{stem}' is no 8-bit label image; convert it first.")
        mapped: RowMap = self.rows[stored.astype(np.uint8)]
        return mapped


def image_set(
    folder: Path, groups: Mapping[str, tuple[int, ...]], *, background: tuple[int, ...] = (0,)
) -> ImageSet:
    """The set in ``folder`` (``images``, ``masks``); names of rows with the values they gather.

    Values that nobody names are unsaid. Raises `EngineError` where the folder holds no pairs.
    """
    table = np.full(256, UNLABELLED_ROW, np.uint8)
    table[list(background)] = 0
    for row, values in enumerate(groups.values(), start=1):
        table[list(values)] = row
    return ImageSet(folder, stems_of(folder), tuple(groups), table)


def folder_set(folder: Path) -> ImageSet:
    """Any folder of images and masks: 0 is background, every other value but 255 a class."""
    stems = stems_of(folder)
    values: set[int] = set()
    for stem in stems:
        stored = np.asarray(_opened(_file(folder / "masks", stem)))
        values |= {int(one) for one in np.unique(stored)} - {0, UNLABELLED_ROW}
    if values == set() and any(_has_white(folder, stem) for stem in stems[:10]):
        values = {UNLABELLED_ROW}  # black and white masks
    return image_set(folder, {f"value {value}": (value,) for value in sorted(values)})


def stems_of(folder: Path) -> tuple[str, ...]:
    """Names, without suffix, that have both an image and a mask, sorted."""
    for part in ("images", "masks"):
        if not (folder / part).is_dir():
            raise EngineError(f"{folder} has no folder '{part}'; lay it out as images and masks.")
    images = {file.stem for file in (folder / "images").iterdir() if _usable(file)}
    masks = {file.stem for file in (folder / "masks").iterdir() if _usable(file)}
    if not images & masks:
        raise EngineError(f"{folder} holds no image with a mask of the same name.")
    return tuple(sorted(images & masks))


def first_or_drawn(pool: tuple[str, ...], count: int, seed: int) -> tuple[str, ...]:
    """``count`` of a pool: the first ones for seed 0, else a seeded draw. `EngineError` if few."""
    if count > len(pool):
        raise EngineError(f"{count} images are asked for but {len(pool)} are there.")
    if seed == 0:
        return pool[:count]
    picked = np.random.default_rng(seed).choice(len(pool), count, replace=False)
    return tuple(pool[int(index)] for index in picked)


Loader = Callable[[Path], ImageSet]


def _usable(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES


def _file(folder: Path, stem: str) -> Path:
    for suffix in SUFFIXES:
        if (file := folder / f"{stem}{suffix}").is_file():
            return file
    raise EngineError(f"{folder} holds no readable image called '{stem}'.")


def _opened(file: Path) -> Image.Image:
    try:
        image = Image.open(file)
        if image.width * image.height > LARGEST_AREA:
            raise EngineError(f"{file.name} is too large to be measured on; scale it down.")
        image.load()
    except OSError as error:
        raise EngineError(f"{file.name} cannot be read: {error}.") from error
    return image


def _has_white(folder: Path, stem: str) -> bool:
    return bool((np.asarray(_opened(_file(folder / "masks", stem))) == UNLABELLED_ROW).any())
