"""What starts: the window for nothing or a folder, a command for everything else."""

import subprocess
import sys
from pathlib import Path

import pytest

from annotator import __main__ as start
from annotator.cli import COMMANDS
from annotator.cli.parser import parse


def test_a_folder_opens_in_the_window_unless_it_is_named_like_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "demo").mkdir()
    assert start.wants_window([])
    assert start.wants_window(["photos"])
    assert not start.wants_window(["demo"])
    assert not start.wants_window(["nowhere"])
    assert not start.wants_window(["photos", "--json"])


def test_every_command_is_known_to_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    said = capsys.readouterr().out
    assert all(f"    {command} " in said for command in COMMANDS)


def test_without_a_display_the_sentence_says_what_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(start, "has_display", lambda: False)
    assert start.main([]) == 1
    assert "--help" in capsys.readouterr().err


def test_the_window_never_imports_torch() -> None:
    program = "import sys, annotator.app; sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert done.returncode == 0
