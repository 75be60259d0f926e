"""From the document to the engine: rows, marks, and who teaches."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from annotator.document.annotations import BitMask, Box, Polygon, Stroke, TextPrompt
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class, label_patch, remove_class, reorder_classes
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.image_folder import add_folder
from annotator.flows.support import RowTable, query, support_set, teaching_images
from annotator.flows.workspace import Workspace
from engines.exchange import MarkKind


@pytest.fixture
def workspace(tmp_path: Path, photographs: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "project", photographs) as opened:
        add_folder(opened)
        for name in ("disc", "ring"):
            opened.do(f"Add {name}", [add_class(opened.project, name)])
        yield opened


def first_image(workspace: Workspace) -> ImageId:
    return next(iter(workspace.project.images))


def draw(workspace: Workspace, target: ClassId, x: float, y: float, radius: float = 3.0) -> None:
    cue = Stroke(workspace.project.next_cue_id(), target, ((x, y),), radius)
    workspace.do("Stroke", [AddCue(first_image(workspace), cue)])


def class_id(workspace: Workspace, name: str) -> ClassId:
    found = workspace.project.classes.named(name)
    assert found is not None
    return found.class_id


def test_rows_follow_display_order_and_ids_come_back(workspace: Workspace) -> None:
    disc, ring = class_id(workspace, "disc"), class_id(workspace, "ring")
    workspace.do("Reorder", [reorder_classes(workspace.project, (ring, disc))])
    rows = RowTable.of(workspace.project)
    assert rows.class_ids == (ring, disc)
    there = rows.rows_by_class()[np.array([BACKGROUND, disc, ring])]
    assert there.tolist() == [0, 2, 1]
    assert rows.classes_by_row()[there].tolist() == [BACKGROUND, disc, ring]


def test_cues_become_marks_of_their_kind(workspace: Workspace) -> None:
    disc = class_id(workspace, "disc")
    draw(workspace, disc, 30, 40)
    image = first_image(workspace)
    ring = ((5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0))
    next_id = workspace.project.next_cue_id
    workspace.do("Polygon", [AddCue(image, Polygon(next_id(), disc, ring))])
    workspace.do("Box", [AddCue(image, Box(next_id(), disc, (60, 60, 80, 80)))])
    (shot,) = support_set(workspace.project).shots
    kinds = [mark.kind for mark in shot.marks]
    assert kinds.count(MarkKind.BOX) == 1
    assert len(kinds) == 3
    assert all(mark.row == 1 for mark in shot.marks)
    assert {m.kind for m in query(workspace.project, image).fixed} <= {
        MarkKind.STROKE,
        MarkKind.MASK,
    }


def test_a_removed_class_teaches_nothing(workspace: Workspace) -> None:
    draw(workspace, class_id(workspace, "disc"), 30, 40)
    workspace.do("Remove", [remove_class(workspace.project, class_id(workspace, "disc"))])
    support = support_set(workspace.project)
    assert support.names == ("ring",)
    assert support.shots == ()


@pytest.mark.parametrize(
    ("provenance", "teaches"),
    [(Provenance.DRAWN, True), (Provenance.IMPORTED, True), (Provenance.ACCEPTED, False)],
)
def test_only_what_people_made_teaches(
    workspace: Workspace, provenance: Provenance, teaches: bool
) -> None:
    image, disc = first_image(workspace), class_id(workspace, "disc")
    mask = BitMask.of(np.ones((10, 10), bool), (20, 30))
    workspace.do("Paint", [label_patch(workspace.project, image, mask, disc, provenance)])
    assert (image in teaching_images(workspace.project)) is teaches


def test_a_cue_over_a_painted_pixel_has_the_last_word(workspace: Workspace) -> None:
    image, disc, ring = (
        first_image(workspace), class_id(workspace, "disc"), class_id(workspace, "ring"),
    )  # fmt: skip
    mask = BitMask.of(np.ones((20, 20), bool), (20, 30))
    workspace.do("Paint", [label_patch(workspace.project, image, mask, disc, Provenance.DRAWN)])
    draw(workspace, ring, 30, 40)
    marks = support_set(workspace.project).shots[0].marks
    claimed = np.zeros(workspace.project.images[image].size, int)
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        claimed[y0:y1, x0:x1] += mark.mask
    assert claimed.max() == 1
    assert {mark.row for mark in marks} == {1, 2}


def test_prompts_travel_with_their_class(workspace: Workspace) -> None:
    prompt = TextPrompt(workspace.project.next_cue_id(), class_id(workspace, "ring"), "a ring")
    workspace.do("Prompt", [AddCue(None, prompt)])
    assert support_set(workspace.project).prompts == (None, "a ring")
