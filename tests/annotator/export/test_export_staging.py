"""Nothing half-written ever stands at the target, and nothing of a person's is ever removed."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotator.export import staging
from annotator.export.errors import TargetRefused, WriteFailed
from annotator.export.locking import LOCK_NAME, FolderLock
from annotator.export.staging import MARKER, staged, why_not_ours

needs_posix = pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")


def write_export(out: Path, content: str = "new", *, overwrite: bool = False) -> None:
    with staged(out, overwrite=overwrite) as folder:
        (folder / "report.json").write_text(json.dumps({MARKER: 1}))
        (folder / "images").mkdir()
        (folder / "images" / "a.txt").write_text(content)


def write_half(out: Path) -> None:
    with staged(out, overwrite=True) as folder:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt


def content_of(out: Path) -> str:
    return (out / "images" / "a.txt").read_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_export_stands_at_its_target_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_export(tmp_path / "deep" / "out")
    assert content_of(tmp_path / "deep" / "out") == "new"
    assert names(tmp_path / "deep") == ["out"]
    assert LOCK_NAME not in names(tmp_path / "deep" / "out")


def test_an_empty_folder_is_a_fine_target(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_export(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_a_former_export_is_replaced_only_when_asked(tmp_path: Path) -> None:
    write_export(tmp_path / "out", "old")
    with pytest.raises(TargetRefused, match="not empty"):
        write_export(tmp_path / "out")
    assert content_of(tmp_path / "out") == "old"
    write_export(tmp_path / "out", overwrite=True)
    assert content_of(tmp_path / "out") == "new"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("report", [None, "{}", "[]", "not json", "[" * 100_000])
def test_a_foreign_folder_is_kept_even_with_overwrite(tmp_path: Path, report: str | None) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.txt").write_text("precious")
    if report is not None:
        (out / "report.json").write_text(report)
    with pytest.raises(TargetRefused):
        write_export(out, overwrite=True)
    assert (out / "chapter1.txt").read_text() == "precious"
    assert names(tmp_path) == ["thesis"]


def test_a_former_export_with_a_persons_file_in_it_is_kept(tmp_path: Path) -> None:
    write_export(tmp_path / "out", "old")
    (tmp_path / "out" / "weights.pt").write_text("a week of training")
    with pytest.raises(TargetRefused, match=r"weights\.pt"):
        write_export(tmp_path / "out", overwrite=True)
    assert content_of(tmp_path / "out") == "old"


def test_a_target_that_holds_the_source_images_is_kept(tmp_path: Path) -> None:
    write_export(tmp_path / "out", "old")
    source = tmp_path / "out" / "images" / "a.txt"
    with (
        pytest.raises(TargetRefused, match=r"a\.txt"),
        staged(tmp_path / "out", overwrite=True, sources=[source]),
    ):
        pass
    assert source.exists()


def test_a_failure_in_the_middle_leaves_the_old_export(tmp_path: Path) -> None:
    write_export(tmp_path / "out", "old")
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "out")
    assert content_of(tmp_path / "out") == "old"
    assert names(tmp_path) == ["out"]


def test_a_failed_swap_gives_the_old_export_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_export(tmp_path / "out", "old")
    rename = os.rename

    def failing(source: Path, target: Path) -> None:
        if "staging" in str(source):
            raise PermissionError(errno.EACCES, "denied", str(source))
        rename(source, target)

    monkeypatch.setattr(staging.os, "rename", failing)
    with pytest.raises(WriteFailed, match="denied"):
        write_export(tmp_path / "out", overwrite=True)
    assert content_of(tmp_path / "out") == "old"
    assert names(tmp_path) == ["out"]


KILLED = """
import os, sys
from pathlib import Path
from annotator.export import staging
def die(*_): os._exit(9)
if sys.argv[2] == "between":
    rename = os.rename
    staging.os.rename = lambda a, b: die() if "staging" in str(a) else rename(a, b)
with staging.staged(Path(sys.argv[1]), overwrite=True) as folder:
    (folder / "report.json").write_text('{"annotator_export": 1}')
    if sys.argv[2] == "writing":
        die()
"""


@pytest.mark.parametrize("moment", ["writing", "between"])
def test_a_killed_export_costs_nothing(tmp_path: Path, moment: str) -> None:
    write_export(tmp_path / "out", "old")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "out"), moment], check=False
    )
    assert done.returncode == 9
    if moment == "writing":
        assert content_of(tmp_path / "out") == "old"
    with pytest.raises(TargetRefused):
        write_export(tmp_path / "out")
    assert content_of(tmp_path / "out") == "old"
    assert names(tmp_path) == ["out"]


def test_a_staging_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    with staged(tmp_path / "out") as first:
        (first / "images").mkdir()
        with staged(tmp_path / "out") as second:
            assert first.is_dir()
            (second / "report.json").write_text(json.dumps({MARKER: 1}))
        (first / "images").rmdir()
        (first / "report.json").write_text("{}")
        with pytest.raises(TargetRefused):
            staging.check_target(tmp_path / "out", overwrite=False)
        (tmp_path / "out" / "report.json").unlink()


@needs_posix
def test_links_files_and_full_disks_are_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(TargetRefused, match="link"):
        write_export(tmp_path / "link")
    with pytest.raises(TargetRefused, match="is a file"):
        write_export(tmp_path / "file")
    with pytest.raises(WriteFailed, match="full; free some space"), staged(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not (tmp_path / "out").exists()


@needs_posix
def test_a_report_that_is_a_link_marks_nothing(tmp_path: Path) -> None:
    (tmp_path / "marked.json").write_text(json.dumps({MARKER: 1}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.json").symlink_to(tmp_path / "marked.json")
    assert why_not_ours(tmp_path / "out") is not None


def test_a_lock_is_held_once_and_let_go(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.acquire()
    assert not FolderLock(tmp_path).abandoned()
    lock.release()
    assert FolderLock(tmp_path).abandoned()
    assert names(tmp_path) == []
