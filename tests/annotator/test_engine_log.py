"""The engine's log: what a real child says and how it dies is on disk, and in no other place."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotator import engine_log
from annotator.engine_log import ENGINE_VARIABLE, keep_engine_log, last_words

CHILD = """
import logging, os, sys
from annotator.engine_log import redirect_engine
redirect_engine()
logging.getLogger("engines").warning("warm")
sys.stderr.write("said by Python\\n")
os.write(2, b"said by a library\\n")
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "")
    keep_engine_log(tmp_path / "logs")


def child(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD + program], capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_everything_the_child_says_is_in_the_file(tmp_path: Path) -> None:
    done = child("")
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "logs" / engine_log.FILE_NAME).read_text(encoding="utf-8")
    assert "WARNING  engines  warm" in text
    assert "said by Python" in text
    assert "said by a library" in text


def test_the_last_words_of_a_native_crash_are_those_of_the_last_start() -> None:
    child("sys.stderr.write('an older life\\n')")
    child("os.abort()")
    words = last_words()
    assert "Fatal Python error: Aborted" in words
    assert "an older life" not in words


def test_without_being_asked_nothing_is_redirected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENGINE_VARIABLE)
    assert "said by Python" in child("").stderr
    assert last_words() == ""


def test_a_folder_that_cannot_be_written_stops_no_engine(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keep_engine_log(tmp_path / "file")
    assert child("").returncode == 0


def test_a_large_file_rolls_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / engine_log.FILE_NAME
    monkeypatch.setattr(engine_log, "FILE_BYTES", 10)
    for number in range(6):
        path.write_text(f"file number {number}")
        engine_log._roll(path)
    assert sorted(os.listdir(tmp_path)) == [f"engine.log.{k}" for k in (1, 2, 3)]
    assert path.with_name("engine.log.1").read_text() == "file number 5"
