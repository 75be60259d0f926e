"""The command line answers as the window would: with the choices that the project keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.__main__ import main
from annotator.document.annotations import Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class, set_setting
from annotator.document.images import ImageId
from annotator.flows.image_folder import add_folder
from annotator.flows.muting import mute_edit
from annotator.flows.workspace import Workspace

DISC = ClassId(1)


@pytest.fixture
def project(tmp_path: Path, photographs: Path) -> Path:
    with Workspace.create(tmp_path / "project", photographs) as opened:
        add_folder(opened)
        opened.do("Add", [add_class(opened.project, "disc")])
        for image in list(opened.project.images)[:2]:
            for target, x in ((DISC, 34.0), (BACKGROUND, 110.0)):
                draw(opened, image, target, x)
    return tmp_path / "project"


def draw(workspace: Workspace, image: ImageId, target: ClassId, x: float) -> None:
    cue = Stroke(workspace.project.next_cue_id(), target, ((x, 34.0), (x, 46.0)), 4.0)
    workspace.do("Stroke", [AddCue(image, cue)])


def keep(folder: Path, **settings: str) -> None:
    with Workspace.open(folder) as opened:
        edits = [set_setting(opened.project, key, text) for key, text in settings.items()]
        opened.do("Keep", edits)


def segmented(capsys: pytest.CaptureFixture[str], folder: Path, *more: str) -> dict[str, Any]:
    assert main(["segment", str(folder), "--json", *more]) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def labelled(said: dict[str, Any]) -> int:
    return sum(sum(one["pixels"].values()) for one in said["images"])


def test_a_kept_threshold_holds_on_the_command_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = labelled(segmented(capsys, project))
    keep(project, threshold="0.95")
    assert 0 < labelled(segmented(capsys, project)) < before


def test_muted_images_teach_nothing_on_the_command_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert segmented(capsys, project)["support"] == 2
    with Workspace.open(project) as opened:
        first = next(iter(opened.project.images))
        opened.do("Mute", [mute_edit(opened.project, first, muted=True)])
    assert segmented(capsys, project)["support"] == 1


def test_a_kept_choice_that_cannot_be_met_stops_unless_another_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(project, method="magic")
    assert main(["segment", str(project)]) == 1
    assert "This project's method cannot be used" in capsys.readouterr().err
    assert segmented(capsys, project, "--method", "probe")["support"] == 2
