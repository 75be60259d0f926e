"""Promises of reading headers: nothing hostile is decoded, waited for or let through."""

import os
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from document_pictures import PICTURE, H, W, png_claiming, save, save_tiff

from annotator.document.errors import UnreadableImage
from annotator.document.image_reading import (
    ImageFacts,
    Limits,
    content_digest,
    inspect_image,
    read_pixels,
)


def test_a_picture_claiming_ten_gigapixels_is_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(100_000, 100_000))
    for read in (inspect_image, read_pixels):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(UnreadableImage, match=r"'bomb\.png'.*100000 x 100000.*tiles"):
                read(path)


def test_a_large_picture_within_the_limits_passes_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_claiming(19_000, 19_000))  # Pillow alone would raise, we allow it
    assert inspect_image(path) == (ImageFacts(19_000, 19_000, 0),)


def test_a_tiff_claiming_too_much_is_refused_before_decoding(tmp_path: Path) -> None:
    plain = save_tiff(tmp_path, np.zeros((8, 8), np.uint8)).read_bytes()
    path = tmp_path / "bomb.tif"
    entry = struct.pack("<HHI", 256, 4, 1) if struct.pack("<HHI", 256, 4, 1) in plain else b""
    assert entry
    claimed = plain.replace(entry + struct.pack("<I", 8), entry + struct.pack("<I", 90_000_000))
    path.write_bytes(claimed)
    with pytest.raises(UnreadableImage, match="90000000"):
        inspect_image(path)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_pixels=H * W - 1), "x"),
        (Limits(max_side=W - 1), "a side"),
        (Limits(max_file_bytes=100), "larger than"),
    ],
)
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_limits_are_kept(tmp_path: Path, limits, words, name) -> None:
    path = save(tmp_path, PICTURE, name)
    for read in (lambda: inspect_image(path, limits), lambda: read_pixels(path, 0, limits)):
        with pytest.raises(UnreadableImage, match=words):
            read()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"just some text", "not a JPEG"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (b"GIF89a", "damaged"),
        (b"BM", "damaged"),
        (b"RIFF\0\0\0\0WEBP", "damaged"),
        (b"II*\0", "cut off"),
        (b"II*\0\0\0\0\0", "no page"),
        (b"II*\0\x08\0\0\0\xff\xff", "65535 fields"),
        (b"MM\0*\0\0\0\x08\0\0\0\0\0\0", "0 x 0"),
    ],
)
def test_rubbish_is_told_in_one_sentence(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "rubbish.png"
    path.write_bytes(data)
    for read in (inspect_image, read_pixels):
        with pytest.raises(UnreadableImage, match=words) as caught:
            read(path)
        assert str(caught.value).startswith("'rubbish.png' cannot be read: ")
        assert str(caught.value).endswith(".")


def test_a_picture_of_no_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    path.write_bytes(png_claiming(0, 5))
    with pytest.raises(UnreadableImage):
        inspect_image(path)
    path.write_bytes(b"GIF89a\0\0\0\0\0\0\0;")
    with pytest.raises(UnreadableImage):
        inspect_image(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.timeout(20)
def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for read in (inspect_image, read_pixels, content_digest):
        with pytest.raises(UnreadableImage, match="not a regular file"):
            read(tmp_path / "pipe.png")


def test_folders_devices_and_absent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="not a regular file"):
        inspect_image(tmp_path)
    with pytest.raises(UnreadableImage, match="no such file"):
        inspect_image(tmp_path / "absent.png")
    with pytest.raises(UnreadableImage, match="null"):
        inspect_image(tmp_path / "a\0b.png")
    if Path("/dev/zero").exists():
        with pytest.raises(UnreadableImage, match="not a regular file"):
            read_pixels(Path("/dev/zero"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_one_may_not_read_is_told_so(tmp_path: Path) -> None:
    path = save(tmp_path, PICTURE, "locked.png")
    path.chmod(0)
    with pytest.raises(UnreadableImage, match="permission is denied"):
        inspect_image(path)
