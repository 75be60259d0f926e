"""Promises of deep samples: one rule for all, and it depends on the picture alone."""

from pathlib import Path

import numpy as np
import pytest
from document_pictures import PICTURE, H, W, save, save_tiff, stretched
from PIL import Image

from annotator.document.image_reading import (
    read_pixels,
)


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_deep_greys_follow_the_rule_of_percentiles(tmp_path: Path, name: str) -> None:
    deep = 1000 + PICTURE[:, :, 0].astype(np.uint16) * 7
    read = read_pixels(save(tmp_path, Image.fromarray(deep), name))
    assert np.abs(read[:, :, 0] - stretched(deep)).max() <= 0.51


def test_deep_colours_are_stretched_together_so_that_hues_stay(tmp_path: Path) -> None:
    import imagecodecs

    deep = 500 + PICTURE.astype(np.uint16) * 9
    png = tmp_path / "deep.png"
    png.write_bytes(imagecodecs.png_encode(deep))
    for path in (png, save_tiff(tmp_path, deep, photometric="rgb")):
        assert np.abs(read_pixels(path) - stretched(deep)).max() <= 0.51


def test_deep_transparency_is_laid_on_white(tmp_path: Path) -> None:
    import imagecodecs

    deep = np.dstack((PICTURE.astype(np.uint16) * 200, np.zeros((H, W), np.uint16)))
    deep[:5, :, 3] = 65535
    png = tmp_path / "deep.png"
    png.write_bytes(imagecodecs.png_encode(deep))
    for path in (png, save_tiff(tmp_path, deep, photometric="rgb", extrasamples=["unassalpha"])):
        read = read_pixels(path)
        assert (read[5:] == 255).all()
        assert np.abs(read[:5] - stretched(deep[:, :, :3])[:5]).max() <= 0.51


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, np.float64, np.int16, np.int32, np.uint32]
)
def test_floats_and_wide_integers_follow_the_same_rule(tmp_path: Path, kind) -> None:
    samples = (PICTURE[:, :, 0].astype(np.float64) * 3 - 200).clip(
        0 if kind == np.uint32 else None, None
    )
    path = save_tiff(tmp_path, samples.astype(kind), compression="zlib")
    assert np.abs(read_pixels(path)[:, :, 2] - stretched(samples)).max() <= 0.51


def test_samples_that_are_no_numbers_are_black(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)
    samples[0, :3] = np.nan, np.inf, -np.inf
    read = read_pixels(save_tiff(tmp_path, samples))
    assert (read[0, :3] == 0).all()
    assert read[7, 7, 0] == 255


@pytest.mark.parametrize("value", [0.0, 3.5, np.nan])
def test_a_float_picture_of_one_value_is_black(tmp_path: Path, value: float) -> None:
    assert (read_pixels(save_tiff(tmp_path, np.full((5, 6), value, np.float32))) == 0).all()


def test_a_speck_on_a_flat_deep_ground_is_still_seen(tmp_path: Path) -> None:
    samples = np.full((200, 200), 400, np.uint16)
    samples[100, 100] = 900
    read = read_pixels(save_tiff(tmp_path, samples))
    assert read[100, 100, 0] == 255
    assert read[0, 0, 0] == 0


def test_the_largest_floats_do_not_overflow(tmp_path: Path) -> None:
    most = np.finfo(np.float64).max
    read = read_pixels(save_tiff(tmp_path, np.array([[-most, 0, most]] * 3)))
    assert read[0, :, 0].tolist() == [0, 128, 255]


def test_a_large_deep_picture_is_measured_on_a_grid_the_same_way_every_time(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(3000, 300, (1200, 1100)).astype(np.uint16)
    path = save_tiff(tmp_path, samples)
    read = read_pixels(path)
    assert np.array_equal(read, read_pixels(path))
    assert np.abs(read[:, :, 0] - stretched(samples)).max() < 4
