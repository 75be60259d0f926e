"""Promises of `annotator evaluate`: rows for people, figures by name for machines."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.cli import COMMANDS
from annotator.cli.run import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draw = np.random.default_rng(0)
    for part in ("images", "masks"):
        (tmp_path / "set" / part).mkdir(parents=True)
    for number in range(6):
        mask = np.zeros((64, 80), np.uint8)
        x = int(draw.integers(5, 45))
        mask[20:50, x : x + 28] = 3
        pixels = np.where(mask[..., None] > 0, (220, 120, 40), (20, 60, 90)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "set" / "images" / f"{number}.png")
        Image.fromarray(mask).save(tmp_path / "set" / "masks" / f"{number}.png")
    return tmp_path / "set"


def test_a_folder_is_measured_for_machines(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["evaluate", "folder", "--data", str(folder), "--backbone", "filters",
                "--shots", "2", "--support", "scribble", "--seeds", "2", "--size", "96",
                "--json"])  # fmt: skip
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["ok"] is True
    assert told["weighted_iou"] > 80
    assert {"mean_iou", "fb_iou", "spread", "protocol"} <= told.keys()


def test_a_folder_is_measured_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "folder", "--data", str(folder), "--size", "96",
                "--backbone", "filters"]) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "| folder | probe | filters" in said
    assert "machine:" in said


def test_missing_data_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "faces", "--data", str(tmp_path)]) == 1
    assert "no folder 'images'" in capsys.readouterr().err


def test_words_alone_are_refused_by_methods_that_do_not_read_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evaluate", "folder", "--data", str(folder), "--support", "text"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_evaluate_is_a_command_and_no_folder() -> None:
    assert "evaluate" in COMMANDS
