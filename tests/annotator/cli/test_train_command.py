"""Promises of `annotator train panet`: one command trains, goes on, leaves a usable backbone."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from word_data import put_pictures, put_texts

from annotator.cli.parser import parse
from annotator.cli.run import run
from annotator.flows.training_flow import PanetWish
from engines.backbones.backbone import MapSpec
from engines.backbones.shelf import backbone_cards

SMALL = ("--backbone", "filters", "--episodes", "6", "--batch", "2", "--width", "8",
         "--size", "192", "--device", "cpu")  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Discs of two colours on noise, five pictures each, as images and masks."""
    folder = tmp_path / "data"
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:96, :128]
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(10):
        colour, value = (((220, 60, 40), 1), ((40, 90, 220), 2))[number % 2]
        rows = (((y - 48) ** 2 + (x - draw.integers(40, 90)) ** 2) < 30**2).astype(np.uint8)
        pixels = draw.integers(90, 140, (96, 128, 3)).astype(np.uint8)
        pixels[rows > 0] = colour
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        Image.fromarray(rows * np.uint8(value)).save(folder / "masks" / f"{number}.png")
    return folder


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def command(data: Path, *more: str) -> list[str]:
    out = str(data.parent / "run")
    return ["train", "panet", "--data", str(data), "--out", out, "--json", *SMALL, *more]


def test_one_command_trains_and_leaves_a_backbone(
    data: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(data)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["names"] == ["panet_filters"]
    assert told["episodes"] == 6
    assert "10 pictures, 2 classes" in told["pool"]
    assert Path(told["samples"]).is_file()
    assert Path(told["log"]).is_file()
    row = {row.card.name: row for row in backbone_cards(shelf)}["panet_filters"]
    assert row.ready
    assert row.card.maps[-1] == MapSpec("neck", 8, 8)


def test_the_same_command_again_does_not_train_again(
    data: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(command(data))
    first = json.loads(capsys.readouterr().out)
    assert run(command(data)) == 0
    assert json.loads(capsys.readouterr().out)["seconds"] == first["seconds"]


def test_what_is_missing_or_wrong_is_one_sentence(
    data: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command(data, "--backbone", "vgg16_panet")) == 1
    assert "annotator models import FILE --as vgg16_panet" in capsys.readouterr().out
    assert run(command(data, "--width", "0")) == 1
    assert "Nothing would be trained" in capsys.readouterr().out
    assert run(command(data, "--ways", "5")) == 1
    assert "5 classes with 2 photographs each" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong", [("--fold", "4"), ("--episodes", "0"), ("--rate", "-1"), ("--seed", "-1")]
)
def test_wrong_numbers_are_refused_before_anything_starts(
    wrong: tuple[str, str], data: Path
) -> None:
    with pytest.raises(SystemExit) as left:
        parse(command(data, *wrong))
    assert left.value.code == 2


def test_the_result_is_named_after_backbone_and_fold() -> None:
    wish = PanetWish(Path("d"), Path("o"), "timm:convnext_tiny", fold=2)
    assert wish.shelf_name == "panet_timm_convnext_tiny_fold2"
    assert PanetWish(Path("d"), Path("o"), "filters", name="mine").shelf_name == "mine"


def test_one_command_trains_words_that_answer_a_folder_without_marks(
    tmp_path: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, texts = put_pictures(tmp_path / "pictures"), put_texts(tmp_path / "texts")
    out = str(tmp_path / "run")
    wish = ["train", "vocabulary", "--data", str(data), "--models", str(texts), "--backbone",
            "filters", "--out", out, "--steps", "5", "--device", "cpu", "--json"]  # fmt: skip
    assert run(wish) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "text_vocabulary"
    assert told["words"] == 85
    assert told["held_out"] == []
    assert Path(told["log"]).is_file()
    asked = ["evaluate", "coco20i", "--data", str(data), "--method", "text", "--support", "text",
             "--backbone", "filters", "--episodes", "2", "--size", "192", "--json"]  # fmt: skip
    assert run(asked) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["support"] == "text"
    assert 0 <= figures["mean_iou"] <= 100


def test_words_for_a_backbone_without_a_vocabulary_are_refused_in_one_sentence(
    data: Path, shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["evaluate", "folder", "--data", str(data), "--method", "text", "--support", "text",
             "--backbone", "filters"]  # fmt: skip
    assert run(asked) == 1
    assert "'filters' knows no words" in capsys.readouterr().err
