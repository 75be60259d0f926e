import numpy as np
import pytest
from PySide6.QtGui import QImage

from annotator.canvas.pyramid import ImagePyramid

GENERATOR = np.random.default_rng(3)


def as_rgb(picture: QImage) -> np.ndarray:
    whole = picture.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(whole.constBits(), np.uint8).reshape(whole.height(), -1)
    return flat[:, : 3 * whole.width()].reshape(whole.height(), whole.width(), 3).copy()


def smooth_picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    waves = (np.sin(rows / 37) + np.cos(columns / 53)) * 50 + 120
    return np.stack((waves, 255 - waves, waves / 2), -1).astype(np.uint8)


def test_at_100_percent_every_pixel_is_itself() -> None:
    pixels = GENERATOR.integers(0, 256, (61, 83, 3), np.uint8)
    seen = as_rgb(ImagePyramid(pixels).window((5, 7, 80, 60), 1.0))
    assert np.array_equal(seen, pixels[7:60, 5:80])


def test_above_100_percent_pixels_are_squares() -> None:
    pixels = GENERATOR.integers(0, 256, (20, 30, 3), np.uint8)
    seen = as_rgb(ImagePyramid(pixels).window((0, 0, 120, 80), 4.0))
    assert np.array_equal(seen, pixels.repeat(4, axis=0).repeat(4, axis=1))


@pytest.mark.parametrize("zoom", [0.9, 0.5, 0.31, 0.125, 0.06])
def test_below_100_percent_it_is_the_picture_only_smaller(zoom: float) -> None:
    pixels = smooth_picture(1337, 2011)
    extent = round(2011 * zoom), round(1337 * zoom)
    seen = as_rgb(ImagePyramid(pixels).window((0, 0, *extent), zoom))
    rows = ((np.arange(extent[1]) + 0.5) / zoom).astype(int).clip(0, 1336)
    columns = ((np.arange(extent[0]) + 0.5) / zoom).astype(int).clip(0, 2010)
    wanted = pixels[rows][:, columns].astype(int)
    assert np.abs(seen - wanted).max() <= 6


@pytest.mark.parametrize("zoom", [0.7, 0.23, 2.6])
def test_windows_fit_together_without_a_seam(zoom: float) -> None:
    pyramid = ImagePyramid(GENERATOR.integers(0, 256, (301, 407, 3), np.uint8))
    whole = as_rgb(pyramid.window((0, 0, 90, 64), zoom))
    left, right = (as_rgb(pyramid.window((a, 0, b, 64), zoom)) for a, b in ((0, 41), (41, 90)))
    apart = np.abs(whole.astype(int) - np.concatenate((left, right), axis=1))
    assert apart.max() <= 6, "noise differs by tens where two windows do not continue each other"
    assert apart.mean() < 0.1


def test_shrinking_averages_instead_of_skipping() -> None:
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[::2, ::2] = 255
    seen = as_rgb(ImagePyramid(pixels).window((0, 0, 128, 128), 0.25))
    assert abs(float(seen.mean()) - 255 / 4) < 2


def test_only_the_rows_that_are_looked_at_are_read() -> None:
    pyramid = ImagePyramid(np.zeros((4096, 1024, 3), np.uint8))
    assert pyramid.held_bytes == 0
    pyramid.window((0, 0, 100, 100), 1.0)
    assert pyramid.held_bytes == 0
    pyramid.window((0, 0, 100, 100), 0.25)
    assert 0 < pyramid.held_bytes < 1024 * 4096
    assert pyramid.held_bytes < 4096 * 1024 * 3 * 4 / 9


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 4), (0, 5, 3)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="picture"):
        ImagePyramid(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (2999, 1), (513, 511)])
def test_odd_sizes_are_shown_at_every_zoom(size: tuple[int, int]) -> None:
    pyramid = ImagePyramid(np.full((*size, 3), 77, np.uint8))
    for zoom in (0.07, 0.4, 1.0, 3.0):
        width, height = (min(300, max(1, round(side * zoom))) for side in size[::-1])
        seen = as_rgb(pyramid.window((0, 0, width, height), zoom))
        assert (np.abs(seen.astype(int) - 77) <= 1).all(), zoom


def test_a_prepared_pyramid_shows_the_same_and_reads_nothing_more() -> None:
    pixels = smooth_picture(1100, 900)
    lazy, prepared = ImagePyramid(pixels), ImagePyramid(pixels)
    prepared.prepare()
    held = prepared.held_bytes
    window = (0, 0, 180, 220), 0.2
    assert np.array_equal(as_rgb(prepared.window(*window)), as_rgb(lazy.window(*window)))
    assert prepared.held_bytes == held == lazy.held_bytes
