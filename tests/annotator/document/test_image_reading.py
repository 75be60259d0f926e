"""Promises of reading images: every kind comes out upright and with the right colours."""

import io
import logging
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
from document_pictures import PICTURE, H, W, save, save_tiff, stretched
from PIL import Image

from annotator.document.errors import UnreadableImage
from annotator.document.image_reading import (
    ImageFacts,
    Limits,
    content_digest,
    inspect_image,
    read_pixels,
)


def test_lossless_kinds_give_the_very_pixels(tmp_path: Path) -> None:
    for name, options in {
        "a.png": {},
        "a.bmp": {},
        "a.webp": {"lossless": True},
        "a.tif": {},
        "lzw.tif": {"compression": "tiff_lzw"},
        "deflate.tiff": {"compression": "tiff_adobe_deflate"},
    }.items():
        path = save(tmp_path, PICTURE, name, **options)
        assert inspect_image(path) == (ImageFacts(W, H, 0),), name
        assert np.array_equal(read_pixels(path), PICTURE), name


def test_lossy_kinds_come_close(tmp_path: Path) -> None:
    for name, options in {
        "a.jpg": {"quality": 95, "subsampling": 0},
        "progressive.jpg": {"quality": 95, "subsampling": 0, "progressive": True},
        "a.webp": {"quality": 95},
        "a.tif": {"compression": "jpeg", "quality": 95},
    }.items():
        read = read_pixels(save(tmp_path, PICTURE, name, **options))
        assert np.abs(read.astype(int) - PICTURE).mean() < 4, name


def test_pixels_are_contiguous_writable_and_ones_own(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png", "a.tif", "a.bmp"):
        read = read_pixels(save(tmp_path, PICTURE, name))
        assert read.dtype == np.uint8
        assert read.flags.c_contiguous
        assert read.flags.writeable


def test_the_first_bytes_decide_and_not_the_name(tmp_path: Path) -> None:
    path = save(tmp_path, PICTURE, "really_a.png")
    path = path.rename(path.with_suffix(".jpg"))
    assert np.array_equal(read_pixels(path), PICTURE)


def test_names_in_any_script_open(tmp_path: Path) -> None:
    for name in ("Übergrößen ñ.png", "写真 01.png", "e\u0301.png", "\u00e9.png", "q'uote\".png"):
        assert np.array_equal(read_pixels(save(tmp_path, PICTURE, name)), PICTURE), name


def test_grey_and_bilevel_become_three_equal_channels(tmp_path: Path) -> None:
    grey = PICTURE[:, :, 0]
    for name in ("g.png", "g.tif", "g.bmp"):
        read = read_pixels(save(tmp_path, grey, name))
        assert all(np.array_equal(read[:, :, channel], grey) for channel in range(3)), name
    bits = grey > 100
    for name in ("b.png", "b.tif", "b.bmp"):
        read = read_pixels(save(tmp_path, Image.fromarray(bits), name))
        assert np.array_equal(read, np.repeat(bits[:, :, None], 3, axis=2) * 255), name


def test_palettes_are_looked_up(tmp_path: Path) -> None:
    palette = Image.fromarray(PICTURE).quantize(16)
    expected = np.array(palette.convert("RGB"))
    for name, options in {
        "p.png": {}, "p.gif": {}, "p.bmp": {}, "p.tif": {}, "p4.tif": {"bits": 4}
    }.items():  # fmt: skip
        assert np.array_equal(read_pixels(save(tmp_path, palette, name, **options)), expected), name


def test_inks_are_resolved_alike_in_jpeg_and_tiff(tmp_path: Path) -> None:
    inks = Image.fromarray(PICTURE).convert("CMYK")
    expected = np.array(inks.convert("RGB"))
    assert np.array_equal(read_pixels(save(tmp_path, inks, "c.tif")), expected)
    jpeg = read_pixels(save(tmp_path, inks, "c.jpg", quality=98, subsampling=0))
    assert np.abs(jpeg.astype(int) - expected).mean() < 4


def test_full_alpha_is_dropped(tmp_path: Path) -> None:
    opaque = np.dstack((PICTURE, np.full((H, W), 255, np.uint8)))
    for name in ("a.png", "a.tif", "a.webp"):
        options = {"lossless": True} if name.endswith("webp") else {}
        assert np.array_equal(read_pixels(save(tmp_path, opaque, name, **options)), PICTURE), name


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    alpha = np.zeros((H, W), np.uint8)
    alpha[:10], alpha[10:20] = 255, 128
    for name in ("a.png", "a.tif"):
        read = read_pixels(save(tmp_path, np.dstack((PICTURE, alpha)), name))
        assert np.array_equal(read[:10], PICTURE[:10]), name
        assert (read[20:] == 255).all(), name
        half = PICTURE[10:20] * (128 / 255) + 127
        assert np.abs(read[10:20] - half).max() <= 1, name


def test_grey_with_alpha_is_laid_on_white(tmp_path: Path) -> None:
    both = np.dstack((PICTURE[:, :, 0], np.where(np.arange(W) < 20, 255, 0) + np.zeros((H, W))))
    both = both.astype(np.uint8)
    for path in (
        save(tmp_path, Image.fromarray(both), "la.png"),
        save_tiff(
            tmp_path, both, photometric="minisblack", planarconfig="contig", extrasamples=[2]
        ),
    ):
        read = read_pixels(path)
        assert np.array_equal(read[:, :20, 1], both[:, :20, 0])
        assert (read[:, 20:] == 255).all()


def test_a_transparent_colour_of_a_palette_is_laid_on_white(tmp_path: Path) -> None:
    palette = Image.fromarray(PICTURE).quantize(8)
    indices = np.array(palette)
    for name in ("t.png", "t.gif"):
        read = read_pixels(save(tmp_path, palette, name, transparency=3))
        assert (read[indices == 3] == 255).all(), name
        seen = indices != 3
        assert np.array_equal(read[seen], np.array(palette.convert("RGB"))[seen]), name


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["o.jpg", "o.png", "o.webp", "o.tif"])
def test_every_orientation_comes_out_upright(tmp_path: Path, name, orientation: int) -> None:
    undo = [
        lambda a: a, np.fliplr, lambda a: np.rot90(a, 2), np.flipud,
        lambda a: a.swapaxes(0, 1), np.rot90,
        lambda a: np.rot90(a, 2).swapaxes(0, 1), lambda a: np.rot90(a, -1),
    ][orientation - 1]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {"o.jpg": {"quality": 98}, "o.webp": {"lossless": True}}.get(name, {})
    path = save(tmp_path, np.ascontiguousarray(undo(PICTURE)), name, exif=exif, **quality)
    assert inspect_image(path) == (ImageFacts(W, H, 0),)
    read = read_pixels(path)
    assert read.shape == PICTURE.shape
    assert np.abs(read.astype(int) - PICTURE).mean() < 4
    assert read.flags.c_contiguous


def test_deep_pictures_are_turned_upright_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = PICTURE[:, :, 0].astype(np.uint16) * 200
    path = save(tmp_path, Image.fromarray(np.ascontiguousarray(np.rot90(deep))), "d.png", exif=exif)
    assert inspect_image(path) == (ImageFacts(W, H, 0),)
    assert np.abs(read_pixels(path)[:, :, 0] - stretched(deep)).max() <= 0.51


@pytest.mark.parametrize(
    "block", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0rubbish", b"Exif\0\0"]
)
def test_a_damaged_exif_block_neither_hides_the_picture_nor_warns(tmp_path: Path, block) -> None:
    stream = io.BytesIO()
    Image.fromarray(PICTURE).save(stream, "JPEG", quality=95)
    plain = stream.getvalue()
    after_jfif = 2 + 2 + struct.unpack(">H", plain[4:6])[0]
    marker = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
    path = save(tmp_path, PICTURE, "damaged.jpg")
    path.write_bytes(plain[:2] + marker + plain[after_jfif:])  # no JFIF: Pillow asks EXIF for dpi
    assert inspect_image(path) == (ImageFacts(W, H, 0),)
    assert read_pixels(path).shape == PICTURE.shape


def test_of_an_animation_the_first_frame_is_read(tmp_path: Path) -> None:
    frames = [Image.fromarray(PICTURE), Image.fromarray(PICTURE[::-1].copy())]
    for name, options in {"a.webp": {"lossless": True}, "a.png": {}, "a.gif": {}}.items():
        path = save(tmp_path, frames[0], name, save_all=True, append_images=frames[1:], **options)
        assert inspect_image(path) == (ImageFacts(W, H, 0),)
        near = 40 if name == "a.gif" else 0  # 256 colours
        assert np.abs(read_pixels(path).astype(int) - PICTURE).max() <= near, name
        with pytest.raises(UnreadableImage, match="no page 1"):
            read_pixels(path, 1)


def test_reading_leaves_no_file_open(tmp_path: Path) -> None:
    path = save(tmp_path, PICTURE, "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        inspect_image(path)
        read_pixels(path)
    broken = save(tmp_path, PICTURE, "b.png")
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(UnreadableImage):
        read_pixels(broken)


def test_the_limit_of_pillow_is_left_as_it_was(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    read_pixels(save(tmp_path, PICTURE, "a.jpg"))
    assert before == Image.MAX_IMAGE_PIXELS == 1024**3 // 4 // 3


def test_a_digest_follows_content_and_page_and_not_the_name(tmp_path: Path) -> None:
    first, twin = save(tmp_path, PICTURE, "a.png"), save(tmp_path, PICTURE, "b.png")
    other = save(tmp_path, PICTURE[::-1].copy(), "c.png")
    assert content_digest(first) == content_digest(twin)
    assert content_digest(first) != content_digest(other)
    assert content_digest(first) != content_digest(first, 1)
    assert len(content_digest(first)) == 40


def test_any_single_damaged_byte_gives_a_picture_or_a_sentence(tmp_path: Path, caplog) -> None:
    """Flip bytes all over small files: nothing but `UnreadableImage` may come out."""
    small = PICTURE[:12, :10].copy()
    rng = np.random.default_rng(5)
    caplog.set_level(logging.CRITICAL)
    for name in ("f.jpg", "f.png", "f.bmp", "f.gif", "f.webp", "f.tif"):
        path = save(tmp_path, small, name)
        data = path.read_bytes()
        for at in rng.integers(0, len(data), 60).tolist():
            path.write_bytes(data[:at] + bytes([data[at] ^ rng.integers(1, 256)]) + data[at + 1 :])
            try:
                read = read_pixels(path, limits=Limits(max_pixels=1_000_000))
            except UnreadableImage:
                continue
            assert read.ndim == 3


@pytest.mark.parametrize("name", ["t.jpg", "t.png", "t.bmp", "t.gif", "t.webp", "t.tif", "l.tif"])
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_cut_off_files_are_refused_and_never_filled_up(tmp_path: Path, name, kept, caplog) -> None:
    options = {"compression": "tiff_lzw"} if name == "l.tif" else {}
    noise = np.random.default_rng(0).integers(0, 255, (120, 130, 3), dtype=np.uint8)
    path = save(tmp_path, noise, name, **options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with caplog.at_level(logging.CRITICAL), pytest.raises(UnreadableImage, match=name):
        read_pixels(path)


def test_a_cut_off_deep_png_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 65535, (60, 60), dtype=np.uint16)
    path = save(tmp_path, Image.fromarray(noise), "deep.png")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UnreadableImage, match="damaged or cut off"):
        read_pixels(path)
