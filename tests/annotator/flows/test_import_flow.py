"""Label images come in as truth or as cues, under their own names, without touching the rest."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.document.annotations import MaskPatch
from annotator.document.label_map import Provenance
from annotator.flows.import_flow import Role, import_label_images
from annotator.flows.workspace import Workspace


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Three classes of labels for the first photograph: 1, 7, and 255 for the last rows."""
    folder = tmp_path / "labels"
    folder.mkdir()
    ids = np.zeros((96, 128), np.uint8)
    ids[10:20, 10:30], ids[40:50, 60:90], ids[90:] = 1, 7, 255
    Image.fromarray(ids).save(folder / "disc_0.png")
    return folder


def test_truth_is_imported_with_its_provenance(discs: Workspace, labels: Path) -> None:
    report = import_label_images(discs, labels)
    assert (report.imported, report.problems) == (1, ())
    image = next(iter(discs.project.images))
    label_map = discs.project.label_map(image)
    names = {row.name: row.class_id for row in discs.project.classes}
    assert set(names) == {"disc", "class 7"}, "1 is the id of disc, 7 is nobody's"
    assert (label_map.classes[10:20, 10:30] == names["disc"]).all()
    assert (label_map.classes[40:50, 60:90] == names["class 7"]).all()
    assert (label_map.provenance[:90] == Provenance.IMPORTED).all()
    assert (label_map.provenance[90:] == Provenance.UNTOUCHED).all(), "255 says nothing"


def test_support_becomes_cues_and_leaves_the_image_open(discs: Workspace, labels: Path) -> None:
    import_label_images(discs, labels, role="support", names=("disc",))
    image = next(iter(discs.project.images))
    cues = discs.project.cues(image)
    assert all(isinstance(cue, MaskPatch) for cue in cues)
    assert {discs.project.classes[c.target].name for c in cues if c.target} == {"disc", "class 7"}
    covered = sum(cue.mask.array().sum() for cue in cues if isinstance(cue, MaskPatch))
    assert covered == 90 * 128
    assert not discs.project.label_map(image).touched
    discs.undo()
    assert discs.project.cues(image) == ()


def test_names_of_the_folder_are_taken_where_none_are_given(discs: Workspace, labels: Path) -> None:
    (labels / "classes.json").write_text('{"1": "leaf", "7": "disc"}')
    import_label_images(discs, labels)
    assert [row.name for row in discs.project.classes] == ["disc", "leaf"]


def test_what_does_not_fit_is_told_and_stops_nothing(discs: Workspace, labels: Path) -> None:
    Image.new("L", (5, 5)).save(labels / "disc_1.png")
    Image.new("L", (128, 96)).save(labels / "stranger.png")
    report = import_label_images(discs, labels)
    assert report.imported == 1
    assert sorted(path for path, _ in report.problems) == ["disc_1.png", "stranger.png"]


@pytest.mark.parametrize("role", ["truth", "support"])
def test_white_becomes_the_class_it_is_said_to_be(
    discs: Workspace, tmp_path: Path, role: Role
) -> None:
    folder = tmp_path / "black_and_white"
    folder.mkdir()
    white = np.zeros((96, 128), np.uint8)
    white[10:20, 10:30] = 255
    Image.fromarray(white).save(folder / "disc_0.png")
    report = import_label_images(discs, folder, role=role, values={255: "disc"})
    assert (report.imported, report.problems) == (1, ())
    assert [row.name for row in discs.project.classes] == ["disc"]
    image = next(iter(discs.project.images))
    if role == "truth":
        assert np.count_nonzero(discs.project.visible_classes(image) == 1) == 200
    else:
        areas = {c.target: c.mask.array().sum() for c in discs.project.cues(image)}  # type: ignore[union-attr]
        assert areas == {0: 96 * 128 - 200, 1: 200}


@pytest.mark.parametrize("role", ["truth", "support"])
def test_labels_that_say_nothing_are_told_and_stop_nothing(
    discs: Workspace, labels: Path, role: Role
) -> None:
    (labels / "labels.txt").write_text("disc\n")  # so that 255 is known to mean ignore
    Image.new("L", (128, 96), 255).save(labels / "aaa.png")
    (labels / "aaa.png").rename(labels / "disc_1.png")
    Image.new("L", (128, 96), 1).save(labels / "disc_2.png")
    report = import_label_images(discs, labels, role=role)
    assert report.imported == 2
    ((name, reason),) = report.problems
    assert name == "disc_1.png"
    assert "says nothing" in reason
