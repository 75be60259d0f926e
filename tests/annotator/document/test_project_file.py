"""Promises of the project file: one owner, nothing foreign, damage found and not made worse."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from document_gestures import picture, random_edits

from annotator.document import file_opening, schema
from annotator.document.annotations import BitMask, Stroke
from annotator.document.edits import AddCue, AddImages, add_class, label_patch
from annotator.document.errors import (
    DocumentError,
    ProjectBusy,
    ProjectDamaged,
    ProjectExists,
    ProjectForeign,
    ProjectMissing,
)
from annotator.document.images import ImageEntry
from annotator.document.project_folder import FILE_NAME, create_project, open_project

HOLDER = """
import sys, time
from pathlib import Path
from annotator.document.project_folder import open_project
from annotator.document.edits import add_class
opened = open_project(Path(sys.argv[1]))
opened.history.do("Class", [add_class(opened.project, "held")])
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed project with something of everything in it, not to be touched."""
    folder, rng = tmp_path_factory.mktemp("model") / "project", random.Random(5)
    with create_project(folder, folder) as opened:
        for number in range(80):
            opened.history.do(f"Gesture {number}", random_edits(rng, opened.project))
    return folder


@pytest.fixture
def folder(tmp_path: Path, model: Path) -> Path:
    """A copy of the model."""
    return Path(shutil.copytree(model, tmp_path / "project"))


def contents(folder: Path) -> bytes:
    return (folder / FILE_NAME).read_bytes()


def patch_file(folder: Path, offset: int, replacement: bytes) -> None:
    with (folder / FILE_NAME).open("r+b") as file:
        file.seek(offset)
        file.write(replacement)


def refused(folder: Path, error: type[DocumentError], words: str) -> None:
    """Opening raises, says so in sentences about this file, and leaves the file alone."""
    before = contents(folder)
    with pytest.raises(error, match=words) as caught:
        open_project(folder)
    assert str(caught.value).endswith(".")
    assert str(folder) in str(caught.value)
    assert contents(folder) == before


def test_a_folder_without_a_project_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(ProjectMissing, match="no project"):
        open_project(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_creating_never_replaces_anything(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(ProjectExists, match="open it instead"):
        create_project(folder, folder)
    assert contents(folder) == before


def test_creating_in_a_folder_with_other_things_leaves_them(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    create_project(tmp_path, tmp_path).close()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"cache", FILE_NAME, "notes.txt"}


def test_creating_where_a_file_stands_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "project").write_text("a file, not a folder")
    with pytest.raises(DocumentError, match="cannot be made"):
        create_project(tmp_path / "project", tmp_path)


def test_a_closed_project_is_a_single_file_beside_its_cache(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["cache", FILE_NAME]


def test_the_same_process_cannot_open_it_twice(folder: Path) -> None:
    with open_project(folder), pytest.raises(ProjectBusy, match="open already"):
        open_project(folder)
    open_project(folder).close()


def test_a_second_process_is_told_that_the_project_is_busy(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        refused(folder, ProjectBusy, "close it there")
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close() if holder.stdout else None
    with open_project(folder) as opened:  # the lock died with its owner, the gesture did not
        assert opened.project.classes.named("held") is not None


def test_an_open_project_keeps_other_processes_out_after_it_was_refused_here(folder: Path) -> None:
    """POSIX would drop the lock if this process closed the file once more."""
    code = f"""
from pathlib import Path
from annotator.document.errors import ProjectBusy
from annotator.document.project_folder import open_project
try:
    open_project(Path({str(folder)!r}))
except ProjectBusy:
    print("busy")
"""
    with open_project(folder):
        with pytest.raises(ProjectBusy):
            open_project(folder)
        answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout == "busy\n"


def test_an_empty_file_is_damaged(folder: Path) -> None:
    (folder / FILE_NAME).write_bytes(b"")
    refused(folder, ProjectDamaged, "empty")


@pytest.mark.parametrize("text", [b"x", b"These are only notes of mine. " * 400])
def test_a_text_file_is_foreign(folder: Path, text: bytes) -> None:
    (folder / FILE_NAME).write_bytes(text)
    refused(folder, ProjectForeign, "not a project")


def test_a_database_of_another_program_is_foreign(folder: Path) -> None:
    (folder / FILE_NAME).unlink()
    with closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    refused(folder, ProjectForeign, "another program")


def test_a_database_with_our_mark_but_other_tables_is_foreign(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("CREATE TRIGGER bite AFTER INSERT ON cue BEGIN DELETE FROM image; END")
    refused(folder, ProjectForeign, "other tables")


def test_a_newer_version_is_told_apart(folder: Path) -> None:
    patch_file(folder, 60, (schema.VERSION + 1).to_bytes(4, "big"))
    refused(folder, ProjectForeign, "newer version")


@pytest.mark.parametrize("keep", [16, 99, 100, 4096, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_damaged(folder: Path, keep: float) -> None:
    whole = contents(folder)
    (folder / FILE_NAME).write_bytes(whole[: keep if keep > 1 else int(len(whole) * keep)])
    refused(folder, ProjectDamaged, "damaged|cut off")


def test_a_file_that_was_cut_off_is_damaged_also_after_a_kill(folder: Path) -> None:
    """With left-overs of a killed process beside it, SQLite has to judge; still nothing changes."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    whole = contents(folder)
    assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
    (folder / FILE_NAME).write_bytes(whole[: len(whole) // 2])
    refused(folder, ProjectDamaged, "damaged")
    assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
    (folder / FILE_NAME).write_bytes(whole)
    with open_project(folder) as opened:
        assert opened.project.classes.named("held") is not None


@pytest.mark.parametrize("offset", range(100))
def test_a_flipped_byte_in_the_header_is_refused_or_harmless(folder: Path, offset: int) -> None:
    with open_project(folder) as opened:
        expected = picture(opened.project)
    before = contents(folder)
    patch_file(folder, offset, bytes([before[offset] ^ 0xFF]))
    spoilt = contents(folder)
    try:
        opened = open_project(folder)
    except (ProjectForeign, ProjectDamaged):
        assert contents(folder) == spoilt
        return
    with opened:
        assert picture(opened.project) == expected


def test_flipped_bytes_in_the_middle_are_refused_or_named_when_read(folder: Path) -> None:
    rng, whole = random.Random(1), contents(folder)
    with open_project(folder) as opened:
        expected = picture(opened.project)
    found = 0
    for _ in range(150):
        spoilt = bytearray(whole)
        spot = rng.randrange(100, len(whole) - 64)
        spoilt[spot : spot + 64] = rng.randbytes(64)
        (folder / FILE_NAME).write_bytes(spoilt)
        try:
            opened = open_project(folder)
        except (ProjectDamaged, ProjectForeign):
            assert contents(folder) == bytes(spoilt)
            found += 1
            continue
        with opened:
            try:
                seen = picture(opened.project)
            except ProjectDamaged:
                found += 1
            else:
                assert seen == expected  # it hit the journal or unused space
    assert found > 10  # most of the file is the journal, which is only looked at when undoing


def test_damage_within_labels_and_marks_is_found_with_the_images_name(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    with create_project(folder, tmp_path) as opened:
        project, history = opened.project, opened.history
        image_id = project.next_image_id()
        history.do("Add", [AddImages((ImageEntry(image_id, "street/7.png", 50, 50),))])
        history.do("Class", [add_class(project, "door")])
        stroke = Stroke(project.next_cue_id(), project.classes.ids()[0], ((1.0, 1.0),), 2.0)
        history.do("Stroke", [AddCue(image_id, stroke)])
        whole = BitMask.of(np.ones((50, 50), bool))
        history.do("Paint", [label_patch(project, image_id, whole, 1, 1)])
    with closing(sqlite3.connect(folder / FILE_NAME)) as other, other:
        for table in ("tile", "cue"):
            ((payload,),) = other.execute(f"SELECT payload FROM {table}").fetchall()
            spoilt = payload[:-3] + bytes([payload[-3] ^ 1]) + payload[-2:]
            other.execute(f"UPDATE {table} SET payload = ?", (spoilt,))
    with open_project(folder) as opened:
        with pytest.raises(ProjectDamaged, match=r"labels of the image 'street/7\.png'"):
            opened.project.label_map(image_id)
        with pytest.raises(ProjectDamaged, match=r"marks of the image 'street/7\.png'"):
            opened.project.cues(image_id)
        assert opened.project.image(image_id).path == "street/7.png"  # the rest goes on
        opened.history.do("Class", [add_class(opened.project, "window")])


@pytest.mark.parametrize(
    ("statement", "thing"),
    [
        ("UPDATE state SET payload = zeroblob(20)", "classes or settings"),
        ("UPDATE image SET width = -5", "list of images"),
        ("UPDATE image SET path = path || 'x'", "list of images"),
        ("UPDATE image SET path = '../../secret.png'", "list of images"),
        ("UPDATE image SET path = 'same.png', page = 0", "list of images"),
        ("UPDATE image SET width = 1000000000, height = 1000000000", "list of images"),
        ("UPDATE image SET path = CAST(x'ff41' AS TEXT)", "damaged"),
        ("UPDATE cue SET image_id = NULL", "text prompts"),
    ],
)
def test_unsound_rows_are_refused(folder: Path, statement: str, thing: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as other, other:
        other.execute(statement)
    with pytest.raises(ProjectDamaged, match=thing):
        open_project(folder)


def test_a_python_with_an_old_sqlite_is_told_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_opening.sqlite3, "sqlite_version_info", (3, 36, 9))
    with pytest.raises(DocumentError, match=r"SQLite 3\.37"):
        open_project(folder)


def test_a_lost_cache_folder_comes_back_empty(folder: Path) -> None:
    (folder / "cache").rmdir()
    with open_project(folder) as opened:
        assert list(opened.cache_folder.iterdir()) == []


def old_project(tmp_path: Path) -> Path:
    """A project of version 1: the document without a journal."""
    folder = tmp_path / "old"
    with create_project(folder, tmp_path) as opened:
        opened.history.do("Class", [add_class(opened.project, "door")])
    with closing(sqlite3.connect(folder / FILE_NAME, isolation_level=None)) as old:
        for statement in ("DROP TABLE edit", "DROP TABLE gesture", "PRAGMA user_version = 1"):
            old.execute(statement)
        old.execute("DELETE FROM counter WHERE name = 'done_gesture'")
    return folder


def test_an_old_version_is_upgraded_and_a_copy_of_it_kept(tmp_path: Path) -> None:
    folder = old_project(tmp_path)
    with open_project(folder) as opened:
        assert [row.name for row in opened.project.classes] == ["door"]
        assert opened.history.undo_name is None
        opened.history.do("Class", [add_class(opened.project, "window")])
    assert schema.read_header(folder / FILE_NAME).version == schema.VERSION
    with closing(sqlite3.connect(folder / f"{FILE_NAME}.v1.bak")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (1,)
        assert schema.layout(copy) == schema.expected_layout(1)
    open_project(folder).close()
    assert len(list(folder.glob("*.bak"))) == 1


def test_an_upgrade_that_fails_leaves_the_old_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = old_project(tmp_path)

    def fail(connection: sqlite3.Connection, version: int) -> None:
        schema.STEPS[1](connection)
        connection.execute("INSERT INTO nowhere VALUES (1)")

    with monkeypatch.context() as patch:
        patch.setattr(file_opening.schema, "upgrade", fail)
        with pytest.raises(DocumentError):
            open_project(folder)
    assert schema.read_header(folder / FILE_NAME).version == 1
    open_project(folder).close()
    assert sorted(path.name for path in folder.glob("*.bak")) == [
        f"{FILE_NAME}.v1.2.bak",
        f"{FILE_NAME}.v1.bak",
    ]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(folder: Path) -> None:
    (folder / FILE_NAME).chmod(0o444)
    folder.chmod(0o555)
    try:
        refused(folder, DocumentError, "cannot be written")
    finally:
        folder.chmod(0o755)
