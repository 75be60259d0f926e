"""Promises of WebP headers: what Pillow would tell after reading it all, from a few bytes."""

import io
import struct
from pathlib import Path

import pytest
from document_pictures import PICTURE, H, W, save
from PIL import Image

from annotator.document.errors import UnreadableImage
from annotator.document.image_headers import Limits, inspect_image
from annotator.document.image_reading import read_pixels
from annotator.document.webp_header import WebpHeader, read_webp_header


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exact": True, "quality": 10}])
def test_size_is_told_for_every_coding(tmp_path: Path, options: dict[str, object]) -> None:
    path = save(tmp_path, PICTURE, "a.webp", **options)
    with path.open("rb") as stream:
        assert read_webp_header(stream) == WebpHeader((W, H), 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_found_behind_the_pixels(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path, PICTURE, "a.webp", exif=exif)
    with path.open("rb") as stream:
        assert read_webp_header(stream) == WebpHeader((W, H), orientation)


def test_a_file_cut_off_anywhere_is_known_from_its_length(tmp_path: Path) -> None:
    data = save(tmp_path, PICTURE, "a.webp").read_bytes()
    for length in range(12, len(data), 7):
        with pytest.raises(ValueError, match="shorter than it says"):
            read_webp_header(io.BytesIO(data[:length]))


def test_a_file_that_begins_with_no_picture_is_refused() -> None:
    data = b"RIFF" + struct.pack("<I", 40) + b"WEBPICCP" + bytes(40)
    with pytest.raises(ValueError, match="no picture"):
        read_webp_header(io.BytesIO(data))


def test_a_canvas_beyond_the_limits_is_refused_before_it_is_set_up(tmp_path: Path) -> None:
    path = tmp_path / "bomb.webp"
    body = b"\0" * 4 + (16_000_000).to_bytes(3, "little") * 2
    path.write_bytes(b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + body)
    for read in (inspect_image, lambda p: read_pixels(p, 0, Limits())):
        with pytest.raises(UnreadableImage, match="16000001 x 16000001"):
            read(path)
