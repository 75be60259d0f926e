"""Files from anywhere come in, lost ones are found again, and what was made on them stays."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.document.annotations import BitMask
from annotator.document.edits import label_patch
from annotator.document.errors import DocumentError
from annotator.document.image_reading import read_pixels
from annotator.document.label_map import Provenance
from annotator.flows.image_folder import GONE
from annotator.flows.image_survey import (
    look_for_moved,
    survey_paths,
    survey_root,
    take_found,
    take_survey,
)
from annotator.flows.workspace import Workspace


def picture(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 60)).save(path)
    return path


def test_files_and_folders_from_elsewhere_come_in_and_can_be_read(
    discs: Workspace, tmp_path: Path
) -> None:
    picture(tmp_path / "far" / "deep" / "a.png")
    single = picture(tmp_path / "b.jpg")
    broken = tmp_path / "c.png"
    broken.write_bytes(b"nothing")
    survey = survey_paths(discs.project, [tmp_path / "far", single, broken])
    assert len(discs.project.images) == 6, "looking changes nothing"
    said = take_survey(discs, survey)
    assert said.startswith("2 images came in; 1 image cannot be used")
    new = list(discs.project.images.values())[6:]
    assert [Path(e.path).name for e in new] == ["a.png", "b.jpg", "c.png"]
    for entry in new[:2]:
        path = discs.project.image_path(entry.image_id)
        assert read_pixels(path).shape == (30, 40, 3)
    discs.undo()
    assert len(discs.project.images) == 6


def test_what_is_in_already_comes_in_once(discs: Workspace) -> None:
    root = discs.project.image_root
    assert survey_paths(discs.project, [root, root / "disc_0.png"]).drafts == ()


def test_a_file_inside_the_image_folder_is_stored_relative(discs: Workspace) -> None:
    inside = picture(discs.project.image_root / "new" / "d.png")
    take_survey(discs, survey_paths(discs.project, [inside, inside.parent]))
    assert list(discs.project.images.values())[-1].path == "new/d.png"


def test_a_lost_file_is_found_by_name_and_size_with_its_labels(
    discs: Workspace, tmp_path: Path
) -> None:
    first, second, *_ = discs.project.images
    mask = BitMask.of(np.ones((9, 9), bool), (3, 4))
    discs.do("Paint", [label_patch(discs.project, first, mask, 1, Provenance.DRAWN)])
    moved = tmp_path / "elsewhere" / "sub"
    moved.mkdir(parents=True)
    for name in ("disc_0.png", "disc_1.png"):
        shutil.move(discs.project.image_root / name, moved / name)
    picture(moved / "disc_1.png")  # of the same name, yet another picture
    said = take_survey(discs, survey_root(discs.project))
    assert "2 images lost" in said
    assert discs.project.image(first).problem == GONE
    said = take_found(discs, look_for_moved(discs.project, tmp_path / "elsewhere"))
    assert said == "1 image found again, with all that was made on them."
    assert discs.project.image(first).problem is None
    assert discs.project.image_path(first) == moved / "disc_0.png"
    assert discs.project.label_map(first).touched
    assert discs.project.image(second).problem == GONE
    assert discs.undo().image_list
    assert discs.project.image(first).problem == GONE


def test_two_files_that_fit_alike_are_not_guessed_between(discs: Workspace, tmp_path: Path) -> None:
    source = discs.project.image_root / "disc_0.png"
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        shutil.copy(source, tmp_path / place / "disc_0.png")
    source.unlink()
    take_survey(discs, survey_root(discs.project))
    said = take_found(discs, look_for_moved(discs.project, tmp_path))
    assert said.startswith("No lost image lies in")


def test_a_folder_that_moved_as_a_whole_is_one_step(discs: Workspace, tmp_path: Path) -> None:
    root = discs.project.image_root
    shutil.move(root, tmp_path / "moved")
    with pytest.raises(DocumentError):
        survey_root(discs.project)
    take_found(discs, look_for_moved(discs.project, tmp_path / "moved"))
    assert discs.project.image_root == tmp_path / "moved"
    assert take_survey(discs, survey_root(discs.project)) == "No images are new."
