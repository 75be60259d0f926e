"""Small copies of images: what the full reading gives, reduced; the same refusals."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from annotator.document import small_tiff
from annotator.document.errors import UnreadableImage
from annotator.document.image_headers import Limits
from annotator.document.image_reading import read_pixels
from annotator.document.small_reading import read_small, reduced

SIDE = 80
H, W = 480, 640


def scene(dtype: type = np.uint8) -> np.ndarray:
    """(H, W, 3): smooth hills, so that ways of averaging differ little."""
    y, x = np.mgrid[:H, :W]
    planes = (np.sin(x / 90) + 1, np.cos(y / 70) + 1, np.sin((x + y) / 120) + 1)
    largest = np.iinfo(dtype).max
    return (np.stack(planes, axis=2) / 2 * largest).astype(dtype)


def check(path: Path, *, most: float, page: int = 0) -> np.ndarray:
    small = read_small(path, page, side=SIDE)
    expected = reduced(read_pixels(path, page), SIDE)
    assert small.dtype == np.uint8
    assert small.shape == expected.shape
    assert max(small.shape) == SIDE
    assert np.abs(small.astype(float) - expected).mean() <= most
    return small


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_a_jpeg_is_read_small_and_upright(tmp_path: Path, mode: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(scene()).convert(mode).save(path, quality=92, exif=exif)
    small = check(path, most=2.5)
    assert small.shape[:2] == ((60, 80) if orientation < 5 else (80, 60))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "1", "L", "I;16"])
def test_a_png_of_any_mode_is_read_small(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.png"
    if mode == "I;16":
        path.write_bytes(imagecodecs.png_encode(scene(np.uint16)[:, :, 0].copy()))
    else:
        Image.fromarray(scene()).convert(mode).save(path)
    check(path, most=12.0 if mode == "1" else 1.5)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((H, W, 4), np.uint8)
    pixels[:, : W // 2, 3] = 255
    Image.fromarray(pixels, "RGBA").save(tmp_path / "a.png")
    small = check(tmp_path / "a.png", most=1.0)
    assert small[30, 5].tolist() == [0, 0, 0]
    assert small[30, 75].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", ["a.webp", "a.bmp", "a.gif"])
def test_other_kinds_are_read_small(tmp_path: Path, name: str) -> None:
    Image.fromarray(scene()).save(tmp_path / name)
    check(tmp_path / name, most=3.0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_bare_tiff_pixels_are_read_by_every_nth_row(
    tmp_path: Path, dtype: type, byteorder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, scene(dtype), byteorder=byteorder, photometric="rgb")
    whole = reduced(read_pixels(path), SIDE).astype(float)

    def fail(_page: object) -> None:
        raise AssertionError("the whole page was decoded")

    monkeypatch.setattr(tifffile.TiffPage, "asarray", fail)
    small = read_small(path, side=SIDE)
    assert small.shape == whole.shape
    assert np.abs(small - whole).mean() <= 4.0


@pytest.mark.parametrize("inside", [True, False])
def test_a_reduced_copy_in_the_file_is_read_in_place_of_the_page(
    tmp_path: Path, inside: bool
) -> None:
    path, pixels = tmp_path / "a.tif", scene()
    marked = pixels[::2, ::2].copy()
    marked[:60] = (255, 0, 0)  # to be told apart from the page
    with tifffile.TiffWriter(path) as writer:
        packed = {"compression": "zlib", "photometric": "rgb"}
        writer.write(pixels, subifds=1 if inside else None, **packed)
        writer.write(marked, subfiletype=1, **packed)
    assert read_small(path, side=SIDE)[5, 40].tolist() == [255, 0, 0]
    assert read_small(path, side=320)[5, 40].tolist() != [255, 0, 0]  # the copy is too small


def test_a_copy_of_another_shape_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(scene(), compression="zlib", photometric="rgb")
        lie = np.full((400, 200, 3), (255, 0, 0), np.uint8)
        writer.write(lie, subfiletype=1, compression="zlib", photometric="rgb")
    check(path, most=0.0)


def test_a_later_page_is_read_small(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.stack([scene(), 255 - scene()]), photometric="rgb")
    assert np.abs(check(path, most=4.0, page=1).astype(int) - read_small(path, side=SIDE)).max() > 9
    with pytest.raises(UnreadableImage, match="no page 2"):
        read_small(path, 2, side=SIDE)


def test_a_small_image_is_not_made_larger(tmp_path: Path) -> None:
    Image.fromarray(scene()[:5, :9]).save(tmp_path / "a.png")
    assert np.array_equal(read_small(tmp_path / "a.png", side=SIDE), scene()[:5, :9])
    Image.fromarray(scene()[:1, :]).save(tmp_path / "line.png")
    assert read_small(tmp_path / "line.png", side=SIDE).shape == (1, SIDE, 3)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_what_is_cut_off_or_too_large_is_refused_as_in_the_full_reading(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    Image.fromarray(scene()).save(path)
    with pytest.raises(UnreadableImage, match=f"640 x 480.*{10**5}"):
        read_small(path, side=SIDE, limits=Limits(max_pixels=H * W - 1))
    path.write_bytes(path.read_bytes()[: -path.stat().st_size // 3])
    for read in (read_pixels, lambda p: read_small(p, side=SIDE)):
        with pytest.raises(UnreadableImage, match=name):
            read(path)


def test_a_file_with_very_many_copies_is_read_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(small_tiff, "_MOST_COPIES", 2)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for step in (1, 2, 3, 4):
            writer.write(scene()[::step, ::step].copy(), subfiletype=int(step > 1), compression=8)
    with tifffile.TiffFile(path) as tiff:
        assert len(list(small_tiff._copies(tiff, 0))) == 2
