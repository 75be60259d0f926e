"""An import is looked at first, changes nothing until it is done, and is one step to take back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.document.annotations import BitMask
from annotator.document.edits import label_patch
from annotator.document.errors import InvalidEdit
from annotator.document.label_map import Provenance
from annotator.flows.errors import Cancelled
from annotator.flows.import_commit import commit_import
from annotator.flows.import_plan import (
    AS_BACKGROUND,
    AS_IGNORE,
    painted,
    plan_import,
    prepare_import,
    value_colours,
)
from annotator.flows.reporting import CancelToken, SilentReporter
from annotator.flows.workspace import Workspace
from annotator.importing.errors import LabelFolderMissing

SHAPE = (96, 128)


def write_labels(folder: Path, **named: np.ndarray) -> Path:
    folder.mkdir(exist_ok=True)
    for name, values in named.items():
        Image.fromarray(values.astype(np.uint8)).save(folder / f"{name}.png")
    return folder


def halves(left: int, right: int) -> np.ndarray:
    values = np.full(SHAPE, left, np.uint8)
    values[:, 64:] = right
    return values


def test_values_are_counted_with_what_they_most_likely_mean(
    discs: Workspace, tmp_path: Path
) -> None:
    folder = write_labels(tmp_path / "m", disc_0=halves(0, 1), disc_1=halves(7, 255))
    before = discs.version
    plan = plan_import(discs.project, folder)
    rows = {row.value: row for row in plan.rows}
    assert {v: row.meaning for v, row in rows.items()} == {
        0: AS_BACKGROUND, 1: "disc", 7: "class 7", 255: AS_IGNORE,
    }  # fmt: skip
    assert rows[1].pixels == 96 * 64
    assert rows[7].images == 1
    assert discs.version == before, "looking changes nothing"


def test_a_mask_of_0_and_255_alone_is_an_object(discs: Workspace, tmp_path: Path) -> None:
    plan = plan_import(discs.project, write_labels(tmp_path / "m", disc_0=halves(0, 255)))
    assert {row.value: row.meaning for row in plan.rows}[255] == "object"


def test_the_folders_own_table_names_the_values(discs: Workspace, tmp_path: Path) -> None:
    folder = write_labels(tmp_path / "m", disc_0=halves(1, 2))
    (folder / "classes.json").write_text('["left", "right"]')
    plan = plan_import(discs.project, folder)
    assert [row.meaning for row in plan.rows] == ["left", "right"]


def test_what_cannot_be_used_is_listed_with_its_reason(discs: Workspace, tmp_path: Path) -> None:
    folder = write_labels(
        tmp_path / "m", disc_0=halves(0, 1), stranger=halves(0, 1), disc_1=np.ones((5, 5))
    )
    problems = dict(plan_import(discs.project, folder).problems)
    assert set(problems) == {"stranger.png", "disc_1.png"}
    with pytest.raises(LabelFolderMissing):
        plan_import(discs.project, tmp_path / "nowhere")


def test_an_import_is_one_step_with_its_new_classes(discs: Workspace, tmp_path: Path) -> None:
    folder = write_labels(tmp_path / "m", disc_0=halves(1, 2), disc_1=halves(2, 3))
    plan = plan_import(discs.project, folder)
    meanings = {1: "left", 2: "disc", 3: AS_IGNORE}
    done = prepare_import(discs.project, plan, meanings, keep_labelled=False)
    assert done.images == 2
    discs.do("Import", done.edits)
    first, second = list(discs.project.images)[:2]
    left = discs.project.classes.named("left")
    assert left is not None
    assert (discs.project.visible_classes(first)[:, :64] == left.class_id).all()
    assert set(np.unique(discs.project.visible_classes(second))) == {0, 1}
    kinds = discs.project.provenance_kinds(second)
    assert kinds == {Provenance.IMPORTED, Provenance.UNTOUCHED}, "what is ignored stays untouched"
    discs.undo()
    assert discs.project.classes.named("left") is None
    assert not discs.project.image_ids_with_labels()


def test_what_is_labelled_already_can_be_kept(discs: Workspace, tmp_path: Path) -> None:
    first = next(iter(discs.project.images))
    mask = BitMask.of(np.ones((96, 10), bool))
    discs.do("Paint", [label_patch(discs.project, first, mask, 1, Provenance.DRAWN)])
    plan = plan_import(discs.project, write_labels(tmp_path / "m", disc_0=halves(2, 2)))
    assert plan.labelled == 1
    for keep, drawn in ((True, 960), (False, 0)):
        done = prepare_import(discs.project, plan, {2: "other"}, keep_labelled=keep)
        discs.do("Import", done.edits)
        classes = discs.project.visible_classes(first)
        assert np.count_nonzero(classes == 1) == drawn
        discs.undo()


def test_nothing_to_change_is_no_step(discs: Workspace, tmp_path: Path) -> None:
    plan = plan_import(discs.project, write_labels(tmp_path / "m", disc_0=halves(1, 2)))
    nothing = prepare_import(discs.project, plan, {1: AS_IGNORE, 2: AS_IGNORE}, keep_labelled=True)
    assert nothing.edits == ()


def test_names_that_no_class_can_have_are_refused(discs: Workspace, tmp_path: Path) -> None:
    plan = plan_import(discs.project, write_labels(tmp_path / "m", disc_0=halves(0, 1)))
    with pytest.raises(InvalidEdit):
        prepare_import(discs.project, plan, {0: AS_BACKGROUND, 1: "  "}, keep_labelled=True)
    with pytest.raises(InvalidEdit):
        value_colours(discs.project.classes, {1: ""})


def test_samples_show_the_values_that_become_a_class(discs: Workspace, tmp_path: Path) -> None:
    plan = plan_import(discs.project, write_labels(tmp_path / "m", disc_0=halves(0, 1)))
    colours = value_colours(discs.project.classes, {0: AS_BACKGROUND, 1: "disc"})
    assert set(colours) == {1}
    sample = plan.samples[0]
    shown = painted(sample, colours)
    assert shown.shape == (*SHAPE, 3)
    changed = (shown.astype(int) - sample.pixels).any(axis=2)
    assert changed[:, 70:].mean() > 0.9
    assert changed[:, :58].mean() < 0.05


class StopsAt(SilentReporter):
    """Lets the work go on until a fraction of it is done."""

    def __init__(self, fraction: float) -> None:
        super().__init__(CancelToken())
        self._fraction = fraction
        self.told: list[float] = []

    def progress(self, fraction: float, message: str = "") -> None:
        self.told.append(fraction)
        if fraction >= self._fraction:
            self._token.cancel()


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.75])
def test_an_import_that_is_stopped_never_happened(
    discs: Workspace, tmp_path: Path, fraction: float
) -> None:
    labels = {f"disc_{k}": halves(0, 2) for k in range(4)}
    plan = plan_import(discs.project, write_labels(tmp_path / "m", **labels))
    stopping = StopsAt(fraction)
    with pytest.raises(Cancelled):
        commit_import(
            discs, plan, {0: AS_BACKGROUND, 2: "x"}, keep_labelled=True, reporter=stopping
        )
    assert discs.project.classes.named("x") is None
    assert not discs.project.image_ids_with_labels()
    assert discs.history.undo_name == "Add disc"


def test_an_import_tells_how_far_it_is(discs: Workspace, tmp_path: Path) -> None:
    labels = {f"disc_{k}": halves(0, 1) for k in range(4)}
    plan = plan_import(discs.project, write_labels(tmp_path / "m", **labels))
    watching = StopsAt(2.0)
    done = commit_import(
        discs, plan, {0: AS_BACKGROUND, 1: "disc"}, keep_labelled=True, reporter=watching
    )
    assert done.images == 4
    assert watching.told == sorted(watching.told)
    assert watching.told[-1] > 0.5
    assert discs.history.undo_name == "Import labels, 'm'"


def test_looking_can_be_stopped(discs: Workspace, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    folder = write_labels(tmp_path / "m", disc_0=halves(0, 1))
    with pytest.raises(Cancelled):
        plan_import(discs.project, folder, reporter=SilentReporter(token))
