"""Promises of the shelf: cards tell the truth, digests are checked, names stay in their folder."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engines import weights as shelf_module
from engines.errors import MissingWeights, UnusableWeights
from engines.folders import cache_folder, embedded_models, models_folder
from engines.weights import (
    WeightsCard,
    find_weights,
    list_weights,
    load_weights,
    shelf_problems,
    store_weights,
)

CARD = WeightsCard(
    name="net",
    architecture="resnet18",
    stages=("layer1",),
    preprocessing="imagenet",
    pretraining="none",
    digest="",
    source="net.pt",
    dtype="float32",
    date="2025-01-01T00:00:00+00:00",
)
TENSORS = {"a": torch.arange(4.0), "b": torch.ones(2, dtype=torch.float16)}


@pytest.fixture(autouse=True)
def _nothing_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf_module, "embedded_models", lambda: None)


def test_what_is_stored_comes_back(tmp_path: Path) -> None:
    card = store_weights(TENSORS, CARD, tmp_path)
    assert find_weights("net", tmp_path) == card
    assert replace(card, digest="") == CARD
    kept = load_weights(card, tmp_path)
    assert all(torch.equal(kept[name], TENSORS[name]) for name in TENSORS)
    assert kept["b"].dtype == torch.float16


def test_weights_that_are_not_here_tell_how_to_get_them(tmp_path: Path) -> None:
    for name in ("net", "../net", "", "a/b"):
        with pytest.raises(MissingWeights, match="annotator models import FILE"):
            find_weights(name, tmp_path)


def test_a_card_without_its_file_tells_so(tmp_path: Path) -> None:
    card = store_weights(TENSORS, CARD, tmp_path)
    (tmp_path / "net.safetensors").unlink()
    with pytest.raises(MissingWeights, match="gone"):
        load_weights(card, tmp_path)


def test_another_file_under_the_card_is_refused(tmp_path: Path) -> None:
    card = store_weights(TENSORS, CARD, tmp_path)
    store_weights({"a": torch.zeros(4)}, CARD, tmp_path)
    with pytest.raises(UnusableWeights, match="digest"):
        load_weights(card, tmp_path)


@pytest.mark.parametrize("name", ["../net", "a/b", "", ".net", "net\n", "C:net"])
def test_names_cannot_leave_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableWeights, match="rename"):
        store_weights(TENSORS, replace(CARD, name=name), tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"digest": "short"},
        {"name": "other"},
        {"stages": "layer1"},
        {"stages": [1]},
        {"architecture": 5},
        {"unknown": "field"},
    ],
)
def test_a_card_with_a_foreign_field_is_left_out_and_told(
    change: dict[str, object], tmp_path: Path
) -> None:
    store_weights(TENSORS, CARD, tmp_path)
    facts = json.loads((tmp_path / "net.json").read_text())
    (tmp_path / "net.json").write_text(json.dumps(facts | change))
    assert list_weights(tmp_path) == ()
    assert len(shelf_problems(tmp_path)) == 1
    with pytest.raises(UnusableWeights, match=r"net\.json.*import"):
        find_weights("net", tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"0" * 300_000])
def test_damaged_cards_do_not_hide_the_others(content: bytes, tmp_path: Path) -> None:
    card = store_weights(TENSORS, CARD, tmp_path)
    (tmp_path / "bad.json").write_bytes(content)
    assert list_weights(tmp_path) == (card,)
    assert "bad.json" in shelf_problems(tmp_path)[0]


def test_a_kill_between_file_and_card_never_gives_a_wrong_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_weights(TENSORS, CARD, tmp_path)

    def dies_at_the_card(file: Path, content: bytes) -> None:
        if file.suffix == ".json":
            raise KeyboardInterrupt
        file.write_bytes(content)

    monkeypatch.setattr("engines.weight_files.write_whole", dies_at_the_card)
    with pytest.raises(KeyboardInterrupt):
        store_weights({"a": torch.zeros(9)}, CARD, tmp_path)
    with pytest.raises(UnusableWeights, match="digest"):
        load_weights(find_weights("net", tmp_path), tmp_path)


def test_imported_weights_go_before_embedded_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tmp_path / "models", tmp_path / "assets"
    monkeypatch.setattr(shelf_module, "embedded_models", lambda: theirs)
    embedded = store_weights({"a": torch.zeros(1)}, replace(CARD, name="embedded"), theirs)
    store_weights({"a": torch.zeros(2)}, CARD, theirs)
    imported = store_weights(TENSORS, CARD, ours)
    assert list_weights(ours) == (embedded, imported)
    assert load_weights(find_weights("embedded", ours), ours)["a"].shape == (1,)
    assert load_weights(find_weights("net", ours), ours)["a"].shape == (4,)


def test_the_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "here"))
    assert models_folder() == tmp_path / "here"
    assert cache_folder() == tmp_path / "here" / "cache"
    card = store_weights(TENSORS, CARD)
    assert list_weights() == (card,)
    monkeypatch.delenv("ANNOTATOR_MODELS")
    assert models_folder().name == "models"


def test_the_embedded_folder_is_a_folder_or_absent() -> None:
    folder = embedded_models()
    assert folder is None or folder.is_dir()
