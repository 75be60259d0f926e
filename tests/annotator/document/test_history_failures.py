"""Promises of History when something fails: project and file stay as they were."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from document_gestures import picture, state_of
from document_toys import add_toy_image, file_of, noise_patch

from annotator.document.draft import Draft
from annotator.document.edits import Edit, add_class
from annotator.document.errors import InvalidEdit, NotSaved, ProjectDamaged
from annotator.document.project_folder import OpenProject, create_project, open_project


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenProject]:
    with create_project(tmp_path / "project", tmp_path / "images") as opened:
        yield opened


def test_an_unfit_edit_in_the_middle_of_a_gesture_undoes_the_whole_gesture(
    opened: OpenProject,
) -> None:
    add_toy_image(opened)
    before, name = picture(opened.project), opened.history.undo_name
    add = add_class(opened.project, "door")
    with pytest.raises(InvalidEdit, match=r"in use already|'door' already"):
        opened.history.do("Twice", [add, add])
    assert picture(opened.project) == before
    assert opened.history.undo_name == name


def test_undone_work_survives_a_gesture_that_failed(opened: OpenProject) -> None:
    opened.history.do("First", [add_class(opened.project, "first")])
    opened.history.undo()
    bad = rename_class_of_nobody(opened)
    with pytest.raises(InvalidEdit):
        opened.history.do("Bad", [bad])
    assert opened.history.redo_name == "First"
    opened.history.redo()
    assert opened.project.classes.named("first") is not None


def rename_class_of_nobody(opened: OpenProject) -> Edit:
    return add_class(opened.project, "x").inverse()


def test_a_full_disk_leaves_project_and_file_as_they_were(tmp_path: Path) -> None:
    with create_project(tmp_path / "project", tmp_path) as opened:
        opened.history.do("Class", [add_class(opened.project, "door")])
        image_id = add_toy_image(opened, 1000, 1000)
        opened.history.do("Paint", [noise_patch(opened, image_id, 0)])
        before = picture(opened.project)
        pages = file_of(opened).rows("PRAGMA page_count")[0][0]
        file_of(opened).rows(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(NotSaved, match="no room"):
            opened.history.do("Paint", [noise_patch(opened, image_id, 1)])
        assert picture(opened.project) == before
        assert opened.history.undo_name == "Paint"
        file_of(opened).rows("PRAGMA max_page_count = 1000000")
        opened.history.do("Paint again", [noise_patch(opened, image_id, 1)])
        opened.history.undo()
        assert state_of(opened.project) == {k: v for k, v in before.items() if k != "next ids"}
    with open_project(tmp_path / "project") as opened:
        assert picture(opened.project) == before


@pytest.mark.parametrize("verb", ["do", "undo", "redo"])
@pytest.mark.parametrize("moment", ["COMMIT", "gesture", "counter"])
def test_a_failing_file_leaves_project_and_file_as_they_were(
    opened: OpenProject, verb: str, moment: str
) -> None:
    image_id = add_toy_image(opened)
    opened.history.do("Class", [add_class(opened.project, "door")])
    opened.history.do("Paint", [noise_patch(opened, image_id, 0)])
    opened.history.do("Paint more", [noise_patch(opened, image_id, 1)])
    opened.history.undo()
    before = picture(opened.project), opened.history.undo_name, opened.history.redo_name
    size_before = opened.history.journal_bytes

    def refuse(action: int, first: str | None, second: str | None, *_: object) -> int:
        writing = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_READ)
        hit = first == moment and (moment == "COMMIT" or action in writing)
        return sqlite3.SQLITE_DENY if hit else sqlite3.SQLITE_OK

    connection = file_of(opened).connection
    connection.set_authorizer(refuse)
    verbs = {
        "do": lambda: opened.history.do("Paint else", [noise_patch(opened, image_id, 2)]),
        "undo": opened.history.undo,
        "redo": opened.history.redo,
    }
    with pytest.raises(NotSaved, match="Nothing was changed"):
        verbs[verb]()
    connection.set_authorizer(None)
    assert (picture(opened.project), opened.history.undo_name, opened.history.redo_name) == before
    assert opened.history.journal_bytes == size_before
    assert opened.history.redo()
    assert opened.history.undo()
    assert picture(opened.project) == before[0]


def test_what_is_read_during_a_gesture_that_fails_is_not_believed_afterwards(
    opened: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    first, second = add_toy_image(opened), add_toy_image(opened)
    opened.history.do("Paint", [noise_patch(opened, first, 0)])
    before = picture(opened.project)
    monkeypatch.setattr(
        "annotator.document.history.Draft", lambda project: Draft(project, hold_bytes=1)
    )

    def edits() -> Iterator[Edit]:
        yield noise_patch(opened, first, 1)
        yield noise_patch(opened, second, 1)  # the first map is written out ahead of the commit
        opened.project._label_maps.drop(first)  # as if the cache had been full
        assert opened.project.label_map(first).touched
        raise InvalidEdit("The person changed their mind.")

    with pytest.raises(InvalidEdit, match="mind"):
        opened.history.do("Paint", edits())
    assert picture(opened.project) == before


def test_a_damaged_record_is_named_and_nothing_is_undone(opened: OpenProject) -> None:
    opened.history.do("Class, 'door'", [add_class(opened.project, "door")])
    before = picture(opened.project)
    file_of(opened).run("UPDATE edit SET payload = zeroblob(40)")
    with pytest.raises(ProjectDamaged, match="Class, 'door'"):
        opened.history.undo()
    assert picture(opened.project) == before
    assert opened.history.undo_name == "Class, 'door'"


def test_a_closed_project_refuses_in_one_sentence(tmp_path: Path) -> None:
    opened = create_project(tmp_path / "project", tmp_path)
    edit = add_class(opened.project, "door")
    opened.close()
    with pytest.raises(NotSaved, match="closed"):
        opened.history.do("Class", [edit])
    assert len(opened.project.classes) == 0
