"""Promises of TIFF pages: every layout is read, what cannot be shown is refused."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from document_pictures import PICTURE, H, W, save, save_tiff, stretched
from PIL import Image

from annotator.document.errors import UnreadableImage
from annotator.document.image_reading import (
    ImageFacts,
    Limits,
    inspect_image,
    read_pixels,
)


def test_four_bit_greys_are_spread_over_the_whole_range(tmp_path: Path) -> None:
    bits = np.arange(16, dtype=np.uint8).reshape(4, 4)
    path = save_tiff(tmp_path, bits, bitspersample=4)
    assert np.array_equal(read_pixels(path)[:, :, 0], bits * 17)


def test_inverted_greys_are_turned_back(tmp_path: Path) -> None:
    path = save_tiff(tmp_path, 255 - PICTURE[:, :, 0], photometric="miniswhite")
    assert np.array_equal(read_pixels(path)[:, :, 0], PICTURE[:, :, 0])


def test_premultiplied_colours_are_not_darkened_twice(tmp_path: Path) -> None:
    samples = np.full((4, 4, 4), 100, np.uint8)
    samples[:, :, 3] = 128
    path = save_tiff(tmp_path, samples, photometric="rgb", extrasamples=["assocalpha"])
    assert (read_pixels(path) == 227).all()


def test_every_page_of_a_tiff_is_told_and_read(tmp_path: Path) -> None:
    pages = np.stack((PICTURE, PICTURE[::-1], PICTURE[:, ::-1]))
    path = save_tiff(tmp_path, pages, photometric="rgb")
    assert inspect_image(path) == tuple(ImageFacts(W, H, page) for page in range(3))
    for page in range(3):
        assert np.array_equal(read_pixels(path, page), pages[page])
    with pytest.raises(UnreadableImage, match="no page 3"):
        read_pixels(path, 3)


def test_reduced_copies_in_a_tiff_are_no_pages_but_keep_their_number(tmp_path: Path) -> None:
    path = tmp_path / "pyramid.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(PICTURE, photometric="rgb")
        tiff.write(PICTURE[::2, ::2], photometric="rgb", subfiletype=1)
        tiff.write(PICTURE[:20], photometric="rgb")
    assert [(facts.page, facts.height) for facts in inspect_image(path)] == [(0, H), (2, 20)]
    assert np.array_equal(read_pixels(path, 2), PICTURE[:20])


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 16)},
        {"tile": (16, 32), "compression": "lzw"},
        {"rowsperstrip": 5, "compression": "zlib", "predictor": True},
        {"bigtiff": True},
        {"byteorder": ">"},
    ],
)
def test_every_layout_of_tiff_is_read(tmp_path: Path, options) -> None:
    path = save_tiff(tmp_path, PICTURE, photometric="rgb", **options)
    assert inspect_image(path) == (ImageFacts(W, H, 0),)
    assert np.array_equal(read_pixels(path), PICTURE)
    deep = save_tiff(tmp_path, PICTURE.astype(np.uint16) * 256, photometric="rgb", **options)
    assert np.abs(read_pixels(deep) - stretched(PICTURE)).max() <= 0.51


def test_planar_channels_are_read_like_interleaved_ones(tmp_path: Path) -> None:
    planes = np.ascontiguousarray(np.moveaxis(PICTURE, 2, 0))
    path = save_tiff(tmp_path, planes, photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_pixels(path), PICTURE)


@pytest.mark.parametrize("planar", ["separate", "contig"])
@pytest.mark.parametrize("count", [2, 5])
def test_of_other_than_three_or_four_channels_the_first_is_shown(
    tmp_path: Path, planar, count
) -> None:
    samples = np.random.default_rng(0).integers(0, 255, (9, 8, count), dtype=np.uint8)
    stored = samples if planar == "contig" else np.ascontiguousarray(np.moveaxis(samples, 2, 0))
    path = save_tiff(tmp_path, stored, photometric="minisblack", planarconfig=planar)
    assert np.array_equal(read_pixels(path), np.repeat(samples[:, :, :1], 3, axis=2))


def test_of_four_channels_without_alpha_the_first_three_are_shown(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).integers(0, 255, (9, 8, 4), dtype=np.uint8)
    path = save_tiff(tmp_path, samples, photometric="minisblack", planarconfig="contig")
    assert np.array_equal(read_pixels(path), samples[:, :, :3])


def test_of_a_stack_in_depth_the_first_plane_is_shown(tmp_path: Path) -> None:
    stack = np.random.default_rng(0).integers(0, 255, (4, 32, 32), dtype=np.uint8)
    path = save_tiff(tmp_path, stack, volumetric=True, tile=(4, 16, 16), photometric="minisblack")
    assert inspect_image(path) == (ImageFacts(32, 32, 0),)
    assert np.array_equal(read_pixels(path)[:, :, 0], stack[0])


def test_a_colour_model_nobody_resolves_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, Image.new("LAB", (8, 8)), "lab.tif")
    with pytest.raises(UnreadableImage, match="colour model CIELAB"):
        read_pixels(path)


def test_complex_samples_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage, match="complex"):
        read_pixels(save_tiff(tmp_path, np.zeros((5, 5), np.complex64)))


def test_limits_of_a_tiff_are_kept(tmp_path: Path) -> None:
    path = save_tiff(tmp_path, np.stack([PICTURE] * 3), photometric="rgb")
    with pytest.raises(UnreadableImage, match="more than 2 pages"):
        inspect_image(path, Limits(max_pages=2))
    with pytest.raises(UnreadableImage, match="decodes to"):
        read_pixels(path, 0, Limits(max_decoded_bytes=100))


def test_a_cut_off_jpeg_inside_a_tiff_is_refused(tmp_path: Path) -> None:
    path = save_tiff(tmp_path, PICTURE, photometric="rgb", compression="jpeg", rowsperstrip=16)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableImage, match="cut off"):
        read_pixels(path)
