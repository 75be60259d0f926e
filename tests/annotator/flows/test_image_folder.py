"""Listing a folder: odd names are told, what is known is not added twice, undo takes it back."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.document.annotations import BitMask
from annotator.document.edits import label_patch
from annotator.document.errors import DocumentError
from annotator.document.label_map import Provenance
from annotator.flows.export_flow import export_project, options
from annotator.flows.image_folder import (
    GONE,
    RESIZED,
    FolderReport,
    add_folder,
    move_image_root,
    require_image_root,
    set_gone_aside,
)
from annotator.flows.workspace import Workspace, gesture


def test_a_second_scan_adds_only_what_is_new(tmp_path: Path, photographs: Path) -> None:
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        assert add_folder(workspace).added == 6
        (photographs / "disc_0.png").rename(photographs / "disc_9.png")
        assert add_folder(workspace).added == 1
        assert len(workspace.project.images) == 7
        workspace.undo()
        assert len(workspace.project.images) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows such names")
def test_a_name_that_is_no_text_is_listed_and_stops_nothing(
    tmp_path: Path, photographs: Path
) -> None:
    raw = os.fsencode(photographs) + b"/caf\xe9.png"
    os.rename(photographs / "disc_0.png", raw)
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        report = add_folder(workspace)
        assert report.added == 5
        ((path, reason),) = report.problems
        assert path == "caf\\xe9.png"
        assert "rename" in reason


def test_a_gesture_can_always_be_shown() -> None:
    assert gesture("Accept", "a.png") == "Accept, 'a.png'"
    odd = gesture("Accept", "x" * 500 + "\n\udce9.png")
    assert odd.isprintable()
    assert len(odd) < 150


def test_listeners_hear_of_every_commit_and_who_caused_it(
    tmp_path: Path, photographs: Path
) -> None:
    heard: list[tuple[bool, object]] = []
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        workspace.subscribe(lambda changes, who: heard.append((changes.image_list, who)))
        add_folder(workspace)
        before = workspace.version
        workspace.undo(initiator="me")
        assert workspace.version == before + 1
    assert heard == [(True, None), (True, "me")]


def test_nothing_this_program_wrote_is_listed_as_a_photograph(
    tmp_path: Path, photographs: Path
) -> None:
    with Workspace.create(photographs, photographs) as workspace:
        add_folder(workspace)
        Image.new("RGB", (8, 8)).save(workspace.cache_folder / "preview.png")
        only_labels(workspace)
        export_project(workspace, photographs / "dataset", options("masks"))
        assert (photographs / "dataset" / "images" / "disc_0.png").is_file()
        assert add_folder(workspace).added == 0
        with Workspace.create(photographs / "inner", photographs) as inner:
            Image.new("RGB", (8, 8)).save(inner.cache_folder / "preview.png")
            assert add_folder(inner).added == 6


def test_folders_that_only_look_like_ours_are_listed(tmp_path: Path, photographs: Path) -> None:
    for folder in ("cache", "theirs"):
        (photographs / folder).mkdir()
        Image.new("RGB", (8, 8)).save(photographs / folder / "a.png")
    (photographs / "theirs" / "report.json").write_text('{"program": "another"}')
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        assert add_folder(workspace).added == 8


def test_an_image_that_is_mended_joins_under_its_old_id(tmp_path: Path, photographs: Path) -> None:
    whole = (photographs / "disc_0.png").read_bytes()
    (photographs / "disc_0.png").write_bytes(whole[:20])
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        assert len(add_folder(workspace).problems) == 1
        version = workspace.version
        assert len(add_folder(workspace).problems) == 1
        assert workspace.version == version, "no news, no gesture"
        (photographs / "disc_0.png").write_bytes(whole)
        assert add_folder(workspace) == FolderReport(1, ())
        entry = workspace.project.image_named("disc_0.png")
        assert entry is not None
        assert (entry.size, entry.problem, len(workspace.project.images)) == ((96, 128), None, 6)
        workspace.undo()
        assert len(workspace.project.images) == 6


def test_an_image_that_is_gone_is_set_aside_and_comes_back_with_its_labels(
    tmp_path: Path, photographs: Path
) -> None:
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        add_folder(workspace)
        only_labels(workspace)
        whole = (photographs / "disc_0.png").read_bytes()
        (photographs / "disc_0.png").unlink()
        assert set_gone_aside(workspace) == (("disc_0.png", GONE),)
        assert set_gone_aside(workspace) == (("disc_0.png", GONE),), "told until it is back"
        Image.new("RGB", (5, 5)).save(photographs / "disc_0.png")
        ((_, reason),) = add_folder(workspace).problems
        assert reason == RESIZED, "its labels would not fit"
        (photographs / "disc_0.png").write_bytes(whole)
        assert add_folder(workspace) == FolderReport(1, ())
        assert len(workspace.project.image_ids_with_labels()) == 1
        for _ in range(3):
            workspace.undo()
        entry = workspace.project.image_named("disc_0.png")
        assert entry is not None
        assert entry.problem is None, "all three rescans are undone"


def test_the_folder_of_images_can_be_said_to_lie_elsewhere(
    tmp_path: Path, photographs: Path
) -> None:
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        add_folder(workspace)
        require_image_root(workspace)
        moved = photographs.rename(tmp_path / "moved")
        with pytest.raises(DocumentError, match="rescan"):
            require_image_root(workspace)
        with pytest.raises(DocumentError, match="None of"):
            move_image_root(workspace, tmp_path)
        move_image_root(workspace, moved)
        require_image_root(workspace)
        assert set_gone_aside(workspace) == ()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_project_finds_its_images_through_any_link(tmp_path: Path, photographs: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "link").symlink_to(tmp_path / "p")
    with Workspace.create(tmp_path / "p", photographs) as workspace:
        add_folder(workspace)
    with Workspace.open(tmp_path / "deep" / "er" / "link") as workspace:
        require_image_root(workspace)
        assert add_folder(workspace) == FolderReport(0, ())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_above_both_do_not_keep_them_from_moving_together(
    tmp_path: Path, photographs: Path
) -> None:
    (tmp_path / "real").mkdir()
    photographs.rename(tmp_path / "real" / "photos")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with Workspace.create(tmp_path / "link" / "p", tmp_path / "link" / "photos") as workspace:
        assert workspace.project.settings["image_root"] == "../photos"


def only_labels(workspace: Workspace) -> None:
    """A few true pixels on the first photograph."""
    project = workspace.project
    image_id = next(iter(project.images))
    mask = BitMask.of(np.ones((4, 4), np.bool_), (3, 3))
    workspace.do("Draw", [label_patch(project, image_id, mask, 0, int(Provenance.DRAWN))])
