"""Headers of image files: whether it is an image, how large it is, and how many pages it has.

Nothing is decoded here, and every file is taken for hostile: it is opened only if it is a regular
file of bearable size, and its claimed sizes are checked before anybody allocates by them.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from annotator.document.errors import UnreadableImage
from annotator.document.tiff_directories import (
    TIFF_MAGIC,
    Directory,
    DirectoryError,
    directories,
    exif_orientation,
)
from annotator.document.webp_header import is_webp, read_webp_header

_GIB = 2**30
_EXPORT_AGAIN = "export it again from the program that made it, or leave it out"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an image may ask for before it is refused; sides and pixels hold for every page."""

    max_pixels: int = 400_000_000
    max_side: int = 100_000  # pixels
    max_file_bytes: int = 4 * _GIB
    max_pages: int = 10_000
    max_decoded_bytes: int = 6 * _GIB  # one page as stored: 400 megapixels of float32 RGB fit


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Size of one page after EXIF orientation, in pixels."""

    width: int
    height: int
    page: int


class _Jpeg(JpegImageFile):
    """A JPEG file whose EXIF block Pillow leaves alone.

    Pillow parses the block for a resolution nobody asked for, and warns where it is damaged.
    """

    def getexif(self) -> Image.Exif:
        return Image.Exif()


def inspect_image(path: Path, limits: Limits = LIMITS) -> tuple[ImageFacts, ...]:
    """One entry per page of a TIFF, one in all for every other kind (the first frame counts).

    TIFF pages that call themselves a reduced copy or a mask of another page are left out; the
    others keep their number in the file. Raises `UnreadableImage` with one sentence.
    """
    with open_regular(path, limits) as stream, refusing(path):
        if is_tiff(stream):
            pages = tiff_pages(path, stream, limits)
            return tuple(_facts(found, page) for page, found in pages.items())
        if is_webp(stream):
            header = read_webp_header(stream)
            check_size(path, header.size, limits)
            return (ImageFacts(*_turned(header.size, header.orientation), page=0),)
        return (picture_facts(path, open_lazily(path, stream, limits), limits),)


def open_regular(path: Path, limits: Limits) -> BinaryIO:
    """The file, opened for reading; `UnreadableImage` if it is no plain file, too big or locked.

    Never waits: a pipe or device is refused before it is opened, and should one take the place of
    the file in between, it is opened without blocking and refused after.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise refusal(path, "it is not a regular file", "leave it out of the folder")
        stream = open(path, "rb", opener=_open_without_waiting)  # noqa: SIM115 - the caller closes
    except (OSError, ValueError) as error:
        raise refusal(path, _reason(error), "check that it is there and may be read") from error
    facts = os.fstat(stream.fileno())
    problem = _problem_of(facts, limits)
    if problem is None:
        return stream
    stream.close()
    raise refusal(path, problem, "leave it out of the folder")


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises on damaged bytes into `UnreadableImage`."""
    try:
        yield
    except UnreadableImage:
        raise
    except DirectoryError as error:
        raise refusal(path, str(error), _EXPORT_AGAIN) from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise refusal(path, "it is too large to decode", "make it smaller") from error
    except Exception as error:  # a damaged file may make a decoder raise anything at all
        why = f"it is damaged or cut off ({str(error).strip().rstrip('.') or type(error).__name__})"
        raise refusal(path, why, _EXPORT_AGAIN) from error


def refusal(path: Path, why: str, advice: str) -> UnreadableImage:
    """The error in its one form: which file, what is wrong, what to do."""
    return UnreadableImage(f"{path.name!r} cannot be read: {why}; {advice}.")


def is_tiff(stream: BinaryIO) -> bool:
    """Whether the stream begins like a TIFF file; leaves it at its beginning."""
    stream.seek(0)
    magic = stream.read(4)
    stream.seek(0)
    return magic in TIFF_MAGIC


def open_lazily(path: Path, stream: BinaryIO, limits: Limits) -> ImageFile:
    """Parse the header of a JPEG, PNG, BMP, WebP or GIF; the first bytes decide, not the name.

    The readers are called directly: no other format of Pillow is ever tried on a hostile file,
    and its global pixel limit, with its warning, does not come into play before ours.
    """
    if is_webp(stream):
        # Its reader sets up a canvas of the claimed size before anybody could ask for the size.
        check_size(path, read_webp_header(stream).size, limits)
        stream.seek(0)
        return WebPImageFile(stream)
    magic = stream.read(12)
    stream.seek(0)
    if not magic:
        raise refusal(path, "it is empty", _EXPORT_AGAIN)
    if magic.startswith(b"\xff\xd8\xff"):
        return _Jpeg(stream)
    if magic.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile(stream)
    if magic.startswith((b"GIF87a", b"GIF89a")):
        return GifImageFile(stream)
    if magic.startswith(b"BM"):
        return BmpImageFile(stream)
    kinds = "JPEG, PNG, BMP, WebP, GIF or TIFF"
    raise refusal(path, f"it is not a {kinds} image", "convert it to one or leave it out")


def orientation_of(image: ImageFile) -> int:
    """EXIF orientation 1 to 8 as the header gives it."""
    block = image.info.get("exif")
    return exif_orientation(block) if isinstance(block, bytes) else 1


def picture_facts(path: Path, image: ImageFile, limits: Limits) -> ImageFacts:
    """Facts of the first picture in a file that is not a TIFF; refuses sizes beyond the limits."""
    check_size(path, image.size, limits)
    return ImageFacts(*_turned(image.size, orientation_of(image)), page=0)


def tiff_pages(path: Path, stream: BinaryIO, limits: Limits) -> dict[int, Directory]:
    """Every page that is a picture of its own, by its number; refuses what is beyond the limits."""
    pages = {}
    for page, found in enumerate(directories(stream)):
        if page >= limits.max_pages:
            raise refusal(path, f"it has more than {limits.max_pages} pages", "split it")
        if page and found.preview:
            continue
        check_size(path, (found.width, found.height), limits)
        pages[page] = found
    if not pages:
        raise refusal(path, "it has no page", _EXPORT_AGAIN)
    return pages


def check_size(path: Path, size: tuple[int, int], limits: Limits) -> None:
    """Refuse a claimed (width, height) that is nothing or beyond the limits."""
    width, height = size
    claim = f"it claims {width} x {height} pixels"
    if width <= 0 or height <= 0:
        raise refusal(path, claim, _EXPORT_AGAIN)
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        most = f"at most {limits.max_side} a side and {limits.max_pixels} in all are read"
        raise refusal(path, f"{claim}, {most}", "cut it into tiles or make it smaller")


def _facts(found: Directory, page: int) -> ImageFacts:
    return ImageFacts(*_turned((found.width, found.height), found.orientation), page=page)


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(width, height) after orientation: from 5 on the picture lies on its side."""
    return (size[1], size[0]) if orientation >= 5 else size


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _problem_of(facts: os.stat_result, limits: Limits) -> str | None:
    if not stat.S_ISREG(facts.st_mode):
        return "it is not a regular file"
    if facts.st_size > limits.max_file_bytes:
        return f"it is larger than {limits.max_file_bytes / _GIB:.3g} GiB"
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "permission is denied"
    return str(getattr(error, "strerror", None) or error).lower()
