"""Cards to choose by: only what exists, what it needs, and what to do about what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from annotator.flows import engine_shelf
from annotator.flows.method_cards import backbone_cards, card_of_backbone, method_cards
from engines.backbones.architectures import architectures
from engines.fewshot.cards import METHOD_CARDS
from engines.sessions.catalog import BackboneChoice
from engines.weights import WeightsCard, store_weights

LEARNED = BackboneChoice(
    name="mine",
    title="ResNet-18",
    maps=((4, 64), (8, 128)),
    pretraining="not told by the file",
    licence="CC BY 4.0",
    ready=True,
    weights_bytes=3 << 20,
    work=5.2,
)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One imported network called 'mine', nothing embedded."""
    import torch

    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path))
    stages = tuple(stage.spec.name for stage in architectures()["squeezenet1_1"].stages)
    card = WeightsCard(
        name="mine", architecture="squeezenet1_1", stages=stages, preprocessing="imagenet",
        pretraining="not told by the file", digest="", source="mine.pt", dtype="float16",
        date="2026-01-01", licence="",
    )  # fmt: skip
    store_weights({"a": torch.zeros(2)}, card, tmp_path)
    return tmp_path


def test_every_method_there_is_has_a_card_and_no_other() -> None:
    cards = method_cards()
    assert [card.name for card in cards] == [card.name for card in METHOD_CARDS]
    assert all(card.available and not card.missing for card in cards)
    assert [card.name for card in cards if card.uses_text] == ["text"]
    assert cards[0].needs == "Strokes, masks and boxes on 1 image or more."
    words = next(card for card in cards if card.uses_text)
    assert words.needs == "A word for each class; strokes, masks and boxes beside it if you like."
    assert all(card.summary.endswith(".") for card in cards)


def test_what_can_be_opened_comes_first_and_the_rest_says_what_to_do(shelf: Path) -> None:
    cards = backbone_cards(shelf)
    assert {card.name for card in cards if card.available} == {"filters", "mine"}
    assert [card.available for card in cards] == sorted((c.available for c in cards), reverse=True)
    shown = {card.name for card in cards}
    assert {"filters", "mine", *architectures()} - shown == {"embedded_wide", "embedded_depthwise"}
    assert {"clip_rn50", "dinov2_vit_s14", "convnext_tiny"} <= shown
    assert all(bool(card.missing) != card.available for card in cards)
    assert all("operations" in card.needs for card in cards if not card.available)


def test_weights_whose_file_is_gone_are_not_offered(shelf: Path) -> None:
    (shelf / "mine.safetensors").unlink()
    mine = next(card for card in backbone_cards(shelf) if card.name == "mine")
    assert not mine.available
    assert "SqueezeNet" in mine.missing


def test_needs_are_size_speed_and_licence() -> None:
    card = card_of_backbone(LEARNED)
    assert card.needs == (
        "3.0 MiB of weights; fast: 5.2 G operations per 512 px image; licence: CC BY 4.0."
    )
    assert (
        card.summary == "Network features at strides 4 and 8; pre-training: not told by the file."
    )


@pytest.mark.parametrize(("work", "word"), [(20.0, "slower"), (60.0, "slow without a GPU")])
def test_large_networks_say_that_they_are_slow(work: float, word: str) -> None:
    from dataclasses import replace

    assert f"; {word}: " in card_of_backbone(replace(LEARNED, work=work)).needs


def test_the_command_line_lists_the_same_cards(shelf: Path) -> None:
    rows = {row.name: row for row in engine_shelf.backbones()}
    for card in backbone_cards(shelf):
        row = rows[card.name]
        assert (row.title, row.needs, row.ready, row.missing) == (
            card.title, card.needs, card.available, card.missing,
        )  # fmt: skip
    assert [row.name for row in engine_shelf.methods()] == [card.name for card in method_cards()]


def test_cards_are_read_without_torch(shelf: Path) -> None:
    code = (
        "import sys, pathlib, annotator.flows.method_cards as m; m.method_cards();"
        f"cards = m.backbone_cards(pathlib.Path({str(shelf)!r}));"
        "sys.exit('torch' in sys.modules or 'mine' not in [c.name for c in cards])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
