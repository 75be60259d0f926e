"""What an export would do, said before it is done; and the plan keeps its word."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from annotator.document.annotations import BitMask, CueId, Stroke
from annotator.document.edits import AddCue, label_patch, set_problem
from annotator.document.label_map import Provenance
from annotator.flows.export_flow import export_project, options
from annotator.flows.export_plan import NOTHING_YET, ONLY_MARKS, plan_export, split_sizes
from annotator.flows.workspace import Workspace


@pytest.fixture
def mixed(discs: Workspace) -> Workspace:
    """Of six images two are labelled, one has a mark, one has a problem, two are untouched."""
    first, second, third, fourth, *_ = discs.project.images
    for image_id in (first, second):
        mask = BitMask.of(np.ones((9, 9), bool), (3, 4))
        patch = label_patch(discs.project, image_id, mask, 1, Provenance.DRAWN)
        discs.do("Paint", [patch])
    stroke = Stroke(
        CueId(discs.project.next_cue_id()), discs.project.classes.ids()[0], ((5, 5),), 2
    )
    discs.do("Stroke", [AddCue(third, stroke)])
    discs.do("Problem", [set_problem(discs.project, fourth, "It is torn.")])
    return discs


def test_every_image_left_out_is_counted_under_its_reason(mixed: Workspace, tmp_path: Path) -> None:
    plan = plan_export(mixed.project, tmp_path / "out", options("coco"))
    reasons = {group.reason: group.count for group in plan.left_out}
    assert reasons == {NOTHING_YET: 2, ONLY_MARKS: 1, "It is torn.": 1}
    assert plan.images + sum(reasons.values()) == len(mixed.project.images)


@pytest.mark.parametrize("flavour", ["coco", "coco-polygons", "masks"])
@pytest.mark.parametrize("split", [None, (80, 20)])
@pytest.mark.parametrize("masks", [False, True])
def test_exactly_the_planned_files_are_written(
    mixed: Workspace, tmp_path: Path, flavour: str, split: tuple[int, ...] | None, masks: bool
) -> None:
    wish = options(flavour, split=split, masks=masks)
    plan = plan_export(mixed.project, tmp_path / "out", wish)
    export_project(mixed, tmp_path / "out", wish)
    written = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    for planned in plan.files:
        for name in planned.path.split(", "):
            if name.endswith("/"):
                inside = {one for one in written if one.startswith(name)}
                assert len(inside) == planned.count
                written -= inside
            else:
                assert name in written
                written.remove(name)
    assert not written


def test_the_split_sizes_add_up_to_all_images() -> None:
    for images in range(1, 40):
        sizes = split_sizes(images, {"train": 0.8, "val": 0.1, "test": 0.1})
        assert sum(sizes.values()) == images
        assert abs(sizes["train"] - 0.8 * images) < 1


def test_a_former_export_may_be_replaced_and_a_foreign_folder_may_not(
    mixed: Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert plan_export(mixed.project, out, options("masks")).obstacle == ""
    export_project(mixed, out, options("masks"))
    ours = plan_export(mixed.project, out, options("masks"))
    assert ours.replaceable
    assert ours.obstacle
    again = plan_export(mixed.project, out, options("masks", overwrite=True))
    assert again.obstacle == ""
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("years of work")
    foreign = plan_export(mixed.project, tmp_path / "foreign", options("masks"))
    assert not foreign.replaceable
    assert "foreign" in foreign.obstacle
    (tmp_path / "file").write_text("a file")
    assert plan_export(mixed.project, tmp_path / "file", options("masks")).obstacle


def test_too_little_room_is_said_before_writing(
    mixed: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roomy = plan_export(mixed.project, tmp_path / "deep" / "out", options("coco"))
    assert roomy.fits
    assert roomy.free_bytes is not None
    assert roomy.size_bytes > 2 * 1000
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert not plan_export(mixed.project, tmp_path / "out", options("coco")).fits


def test_an_empty_project_plans_nothing(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with Workspace.create(tmp_path / "project", tmp_path / "none") as empty:
        plan = plan_export(empty.project, tmp_path / "out", options("coco"))
    assert (plan.images, plan.files, plan.left_out) == (0, (), ())
