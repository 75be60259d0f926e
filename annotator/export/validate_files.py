"""Image files named by a dataset: inside its folder, whole, of the stated size, and upright."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from annotator.export.findings import Check, FindingsLog

FILE_LIMIT_BYTES = 2 << 30
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")


def find_inside(file_name: str, roots: Sequence[Path]) -> Path | None:
    """The file of that name under one of ``roots``; None if there is none.

    `ValueError` with a clause if the name would lead outside, by its parts or through a link.
    """
    windows = PureWindowsPath(file_name)
    if windows.drive or windows.root or ".." in windows.parts or "\0" in file_name:
        raise ValueError("its file name leads out of the dataset")
    if "\\" in file_name:
        raise ValueError("its file name has backslashes; only some systems read them as folders")
    for root in roots:
        path = root / file_name
        try:
            if not path.is_file():
                continue
        except OSError:  # for instance a name that is too long for the file system
            continue
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
            raise ValueError("its file is a link that leads out of the dataset")
        return path
    return None


def check_image_file(
    file_name: str, size: tuple[int, int], roots: Sequence[Path], where: str, log: FindingsLog
) -> Path | None:
    """Look at the file of one image of ``size`` (H, W); its path if it is sound."""
    log.examined(Check.FILES)
    try:
        path = find_inside(file_name, roots)
        if path is None:
            raise ValueError("there is no such file")
        if size[0] * size[1] > 2 * (Image.MAX_IMAGE_PIXELS or size[0] * size[1]):
            text = f"The image '{file_name[:200]}' is too large for Pillow to check it safely."
            log.warning(Check.FILES, where, text, file_name)
            return path
        problem = picture_fault(path, size)
    except ValueError as error:
        problem = str(error)
    if problem is None:
        return path
    log.error(
        Check.FILES, where, f"The image '{file_name[:200]}' is not usable: {problem}.", file_name
    )
    return None


def picture_fault(path: Path, size: tuple[int, int]) -> str | None:
    """What is wrong with a picture that should decode to ``size`` (H, W), as a clause; or None."""
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            return "its file is too large to be opened safely"
        with _opened(path) as opened:
            if (opened.height, opened.width) != size:
                return f"it is {opened.width} x {opened.height}, not {size[1]} x {size[0]}"
            if opened.getexif().get(ExifTags.Base.Orientation) not in (None, 1):
                return "it carries an orientation tag, which most consumers ignore"
            opened.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        return f"it does not decode ({error})"
    return None


def picture_size(path: Path) -> tuple[int, int]:
    """(H, W) as the header of a picture says; raises what Pillow raises."""
    with _opened(path) as opened:
        return opened.height, opened.width


def read_label_png(path: Path, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """(H, W) uint8 values of an 8-bit palette or grey PNG; `ValueError` with a clause otherwise."""
    problem = picture_fault(path, size)
    if problem is not None:
        raise ValueError(problem)
    with _opened(path, ("PNG",)) as opened:
        if opened.mode not in ("P", "L"):
            raise ValueError("it is not an 8-bit palette or grey PNG")
        return np.array(opened, np.uint8)


@contextmanager
def _opened(path: Path, formats: tuple[str, ...] = FORMATS) -> Iterator[Image.Image]:
    """A picture opened by Pillow, whose warnings (size, odd tags) nobody here could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=formats) as opened:
            yield opened
