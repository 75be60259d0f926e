"""Listing a folder: odd names are told, what is known is not added twice, undo takes it back."""

import os
import sys
from pathlib import Path

import pytest

from annotator.flows.image_folder import add_folder
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
