"""Label images find their image, are read as ids, and say in one sentence why they cannot be."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from annotator.importing.errors import LabelFolderMissing, UnreadableLabels
from annotator.importing.label_images import LabelFolder, open_label_folder

IDS = np.array([[0, 1, 2], [2, 255, 0]], np.uint8)
SIZE = (2, 3)


def put(path: Path, array: np.ndarray = IDS, mode: str = "P") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(array)
    if mode == "P":
        picture.putpalette([0] * 768)
    picture.save(path)
    return path


def opened(folder: Path, *images: str) -> LabelFolder:
    return open_label_folder(folder, dict.fromkeys(images, SIZE))


@pytest.mark.parametrize("mode", ["P", "L"])
def test_values_are_read_as_they_are(tmp_path: Path, mode: str) -> None:
    put(tmp_path / "a.png", mode=mode)
    labels = opened(tmp_path, "a.jpg")
    assert np.array_equal(labels.drafts["a.jpg"].read(), IDS)
    assert labels.ids() == {0, 1, 2, 255}
    assert labels.problems == ()


def test_small_palettes_and_one_bit_masks_give_ids(tmp_path: Path) -> None:
    small = Image.fromarray(np.minimum(IDS, 3))
    small.putpalette([0, 0, 0, 9, 9, 9, 50, 50, 50, 99, 99, 99])
    small.save(tmp_path / "small.png", bits=2)
    Image.fromarray(IDS == 1).save(tmp_path / "bit.png")
    labels = opened(tmp_path, "small.jpg", "bit.jpg")
    assert labels.drafts["small.jpg"].read().tolist() == np.minimum(IDS, 3).tolist()
    assert labels.drafts["bit.jpg"].read().tolist() == (IDS == 1).astype(int).tolist()


def test_the_relative_path_wins_over_a_namesake(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    put(tmp_path / "right" / "a.png")
    labels = opened(tmp_path, "right/a.jpg")
    assert labels.drafts["right/a.jpg"].name == "right/a.png"
    assert [name for name, _ in labels.problems] == ["a.png"]


def test_a_unique_stem_is_found_in_any_folder(tmp_path: Path) -> None:
    put(tmp_path / "masks" / "deep" / "a.png")
    assert list(opened(tmp_path, "photos/a.jpg", "b.jpg").drafts) == ["photos/a.jpg"]


def test_an_ambiguous_stem_is_told_and_not_guessed(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    labels = opened(tmp_path, "x/a.jpg", "y/a.jpg")
    assert not labels.drafts
    assert "2 images" in labels.problems[0][1]


def _sixteen_bits(path: Path) -> None:
    path.write_bytes(imagecodecs.png_encode(IDS.astype(np.uint16)))


def _cut(path: Path) -> None:
    put(path)
    path.write_bytes(path.read_bytes()[:30])


FAULTY = {
    "16 bits": (_sixteen_bits, "16 bits"),
    "rgb": (lambda p: put(p, np.dstack([IDS] * 3), "RGB"), "colours"),
    "size": (lambda p: put(p, np.zeros((5, 5), np.uint8)), "5 x 5"),
    "text": (lambda p: p.write_text("no picture at all, only words"), "not a PNG"),
    "bomb": (
        lambda p: p.write_bytes(
            b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x08\x03"
        ),
        "2147483647",
    ),
    "nobody": (lambda p: put(p.with_name("stranger.png")), "No image"),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_each_unusable_file_is_one_problem_in_one_sentence(tmp_path: Path, kind: str) -> None:
    make, words = FAULTY[kind]
    make(tmp_path / "a.png")
    put(tmp_path / "good.png")
    labels = opened(tmp_path, "a.jpg", "good.jpg")
    assert list(labels.drafts) == ["good.jpg"]
    ((_, sentence),) = labels.problems
    assert words in sentence
    assert sentence.endswith(".")


def test_a_file_cut_short_is_told_when_it_is_read(tmp_path: Path) -> None:
    _cut(tmp_path / "a.png")
    draft = opened(tmp_path, "a.jpg").drafts["a.jpg"]
    with pytest.raises(UnreadableLabels, match="does not decode"):
        draft.read()


def test_black_and_white_masks_are_not_taken_for_ignore(tmp_path: Path) -> None:
    put(tmp_path / "a.png", np.where(IDS == 1, 255, 0).astype(np.uint8), "L")
    with pytest.raises(UnreadableLabels, match="255 means 'ignore'"):
        opened(tmp_path, "a.jpg").drafts["a.jpg"].read()
    (tmp_path / "classes.json").write_text('["cat"]')
    assert opened(tmp_path, "a.jpg").drafts["a.jpg"].read().max() == 255


def test_the_folder_names_its_values(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    assert opened(tmp_path, "a.jpg").names == {1: "cat", 2: "dog"}


def test_a_missing_or_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelFolderMissing, match="no folder"):
        opened(tmp_path / "nowhere")
    with pytest.raises(LabelFolderMissing, match="no PNG"):
        opened(tmp_path)


def test_black_and_white_masks_come_in_once_a_person_names_white(tmp_path: Path) -> None:
    black_and_white = np.where(IDS == 1, 255, 0).astype(np.uint8)
    put(tmp_path / "a.png", black_and_white, "L")
    labels = open_label_folder(tmp_path, {"a.jpg": SIZE}, {255: "crack"})
    assert labels.names == {255: "crack"}
    assert np.array_equal(labels.drafts["a.jpg"].read(), black_and_white)
    other = open_label_folder(tmp_path, {"a.jpg": SIZE}, {3: "crack"})
    with pytest.raises(UnreadableLabels, match="--values 255=NAME"):
        other.drafts["a.jpg"].read()


def test_values_that_nobody_named_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "a.png", np.array([[0, 9, 255], [128, 7, 8]], np.uint8), "L")
    labels = open_label_folder(tmp_path, {"a.jpg": SIZE}, {128: "leaf"})
    with pytest.raises(UnreadableLabels, match="holds the values 7, 8, 9, which"):
        labels.drafts["a.jpg"].read()
