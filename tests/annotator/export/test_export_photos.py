"""Photographs are copied where that is safe and rewritten upright everywhere else."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.export.dataset import ExportImage
from annotator.export.errors import InvalidDataset
from annotator.export.photos import plain_suffix, write_photo

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 40, 3)).astype(np.uint8)


def image_of(source: Path | None, pixels: np.ndarray = PIXELS, page: int = 0) -> ExportImage:
    size = (pixels.shape[0], pixels.shape[1])
    return ExportImage("a", size, lambda: pixels, lambda: pixels[..., 0], source, page)


def saved(path: Path, picture: Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("name", "suffix"), [("a.jpeg", ".jpg"), ("a.png", ".png"), ("lies.png", ".jpg")]
)
def test_plain_files_are_copied_byte_by_byte(tmp_path: Path, name: str, suffix: str) -> None:
    kind = "PNG" if suffix == ".png" else "JPEG"
    source = saved(tmp_path / name, Image.fromarray(PIXELS), format=kind)
    photo = write_photo(image_of(source), tmp_path / "out" / "deep" / "a")
    assert photo.copied
    assert photo.path == tmp_path / "out" / "deep" / f"a{suffix}"
    assert photo.path.read_bytes() == source.read_bytes()


def test_an_orientation_tag_is_baked_into_the_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = np.ascontiguousarray(np.rot90(PIXELS, -1))
    source = saved(tmp_path / "a.jpg", Image.fromarray(PIXELS), exif=exif)
    photo = write_photo(image_of(source, upright), tmp_path / "out")
    with Image.open(photo.path) as opened:
        assert opened.format == "PNG"
        assert 0x0112 not in opened.getexif()
        assert np.array_equal(np.asarray(opened), upright)


def test_a_half_turn_is_not_copied_although_the_size_is_the_same(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    source = saved(tmp_path / "a.jpg", Image.fromarray(PIXELS), exif=exif)
    assert not write_photo(image_of(source), tmp_path / "out").copied


def _sixteen_bit(path: Path) -> Path:
    import imagecodecs

    path.write_bytes(imagecodecs.png_encode(PIXELS.astype(np.uint16) * 257))
    return path


MAKERS = {
    "grey": lambda p: saved(p / "a.png", Image.fromarray(PIXELS[..., 0])),
    "alpha": lambda p: saved(p / "a.png", Image.fromarray(PIXELS).convert("RGBA")),
    "palette": lambda p: saved(p / "a.png", Image.fromarray(PIXELS).quantize(16)),
    "cmyk": lambda p: saved(p / "a.jpg", Image.fromarray(PIXELS).convert("CMYK")),
    "transparent colour": lambda p: saved(
        p / "a.png", Image.fromarray(PIXELS), transparency=(1, 2, 3)
    ),
    "animation": lambda p: saved(
        p / "a.png",
        Image.fromarray(PIXELS),
        save_all=True,
        append_images=[Image.fromarray(255 - PIXELS)],
    ),
    "other size": lambda p: saved(p / "a.png", Image.fromarray(PIXELS[:9])),
    "tiff": lambda p: saved(p / "a.tif", Image.fromarray(PIXELS)),
    "sixteen bits": lambda p: _sixteen_bit(p / "a.png"),
    "missing": lambda p: p / "none.png",
}


@pytest.mark.parametrize("kind", MAKERS)
def test_everything_else_is_rewritten_losslessly(tmp_path: Path, kind: str) -> None:
    photo = write_photo(image_of(MAKERS[kind](tmp_path)), tmp_path / "out")
    assert not photo.copied
    with Image.open(photo.path) as opened:
        assert np.array_equal(np.asarray(opened), PIXELS)


def test_damaged_sources_are_not_copied(tmp_path: Path) -> None:
    broken = tmp_path / "a.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    assert plain_suffix(image_of(broken)) is None


def test_copying_can_be_refused_and_pages_are_never_copied(tmp_path: Path) -> None:
    source = saved(tmp_path / "a.png", Image.fromarray(PIXELS))
    assert not write_photo(image_of(source), tmp_path / "b", copy_sources=False).copied
    assert not write_photo(image_of(source, page=1), tmp_path / "c").copied


def test_pixels_of_another_shape_than_promised_are_refused(tmp_path: Path) -> None:
    broken = ExportImage("a", (9, 9), lambda: PIXELS, lambda: PIXELS[..., 0])
    with pytest.raises(InvalidDataset, match="promised"):
        write_photo(broken, tmp_path / "out")
