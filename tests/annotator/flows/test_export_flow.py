"""The project as exporters see it: truth only, categories that keep their numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from annotator.document.annotations import BitMask
from annotator.document.edits import (
    add_class,
    label_patch,
    merge_classes,
    rename_class,
    reorder_classes,
)
from annotator.document.errors import DocumentError
from annotator.document.label_map import Provenance
from annotator.flows.export_flow import dataset, export_project, options, validate_folder
from annotator.flows.workspace import Workspace


@pytest.fixture
def labelled(discs: Workspace) -> Workspace:
    """Two of the six photographs have truth: disc in one, ring in the other."""
    discs.do("Add ring", [add_class(discs.project, "ring")])
    for image, class_id in zip(
        list(discs.project.images)[:2], discs.project.classes.ids(), strict=True
    ):
        mask = BitMask.of(np.ones((20, 30), bool), (5, 5))
        patch = label_patch(discs.project, image, mask, class_id, Provenance.DRAWN)
        discs.do("Paint", [patch])
    return discs


def categories_in(folder: Path) -> dict[str, int]:
    document = json.loads((folder / "annotations" / "instances_all.json").read_text())
    return {category["name"]: category["id"] for category in document["categories"]}


def test_only_images_with_truth_leave(labelled: Workspace) -> None:
    assert [image.name for image in dataset(labelled).images] == ["disc_0.png", "disc_1.png"]


def test_without_truth_the_sentence_says_what_to_do(discs: Workspace) -> None:
    with pytest.raises(DocumentError, match="accept"):
        dataset(discs)


def test_renaming_and_reordering_never_renumber_a_dataset(
    tmp_path: Path, labelled: Workspace
) -> None:
    export_project(labelled, tmp_path / "a", options("coco"))
    disc, ring = labelled.project.classes.ids()
    labelled.do("Reorder", [reorder_classes(labelled.project, (ring, disc))])
    labelled.do("Rename", [rename_class(labelled.project, disc, "coin")])
    export_project(labelled, tmp_path / "b", options("coco"))
    before, after = categories_in(tmp_path / "a"), categories_in(tmp_path / "b")
    assert before == {"disc": 1, "ring": 2}
    assert after == {"coin": 1, "ring": 2}


def test_a_merged_class_leaves_as_the_one_it_went_into(tmp_path: Path, labelled: Workspace) -> None:
    disc, ring = labelled.project.classes.ids()
    labelled.do("Merge", [merge_classes(labelled.project, source=ring, target=disc)])
    result = export_project(labelled, tmp_path / "out", options("coco"))
    assert categories_in(tmp_path / "out") == {"disc": 1}
    assert result.annotations == 2
    assert validate_folder(tmp_path / "out").ok
