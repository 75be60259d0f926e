"""Promises of the catalogue: what is here opens, what is missing says how to get it."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from engines.backbones.architectures import architectures, tensor_shapes
from engines.backbones.catalog import open_backbone
from engines.backbones.families import is_foreign
from engines.backbones.filters import FilterBank
from engines.backbones.importing import import_weights
from engines.backbones.published import PUBLISHED
from engines.backbones.shelf import backbone_cards
from engines.device import choose_device
from engines.errors import MissingWeights, UnknownName, UnusableWeights

DEVICE = choose_device("cpu", precision="float32")


def toy_weights(name: str) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(1)
    shapes = tensor_shapes(name).items()
    return {k: torch.rand(shape, generator=draw).half() * 0.1 for k, shape in shapes}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf with nothing embedded and one imported SqueezeNet called 'mine'."""
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    put(tmp_path / "models", "mine")
    return tmp_path / "models"


def put(shelf: Path, name: str, *, style: str | None = None, drop: str = "none") -> None:
    shelf.mkdir(exist_ok=True)
    file = shelf / f"{name}.pt"
    tensors = {k: v for k, v in toy_weights("squeezenet1_1").items() if not k.startswith(drop)}
    torch.save(tensors, file)
    import_weights(file, preprocessing=style, models_dir=shelf)


def test_every_known_backbone_has_a_card_and_missing_ones_have_advice(shelf: Path) -> None:
    rows = {row.card.name: row for row in backbone_cards(shelf)}
    fetchable = {one.name for one in PUBLISHED.values() if is_foreign(one.architecture)}
    rejected = {"embedded_wide", "embedded_depthwise"}
    assert set(rows) == {"filters", "mine", *architectures(), *fetchable} - rejected
    assert [name for name, row in rows.items() if row.ready] == ["filters", "mine"]
    own = rows.pop("embedded")
    assert all(("annotator models import" in row.advice) != row.ready for row in rows.values())
    assert "comes with the program" in own.advice
    assert "import" not in own.advice
    assert rows["filters"].card.pretraining == "none"
    assert rows["resnet50"].card.maps[2].channels == 1024


def test_designs_that_do_not_ship_have_a_row_only_where_their_weights_are(shelf: Path) -> None:
    tensors = {k: torch.full(v, 0.01) for k, v in tensor_shapes("embedded_wide").items()}
    safetensors.torch.save_file(tensors, shelf / "embedded_wide.safetensors")
    import_weights(shelf / "embedded_wide.safetensors", models_dir=shelf)
    rows = {row.card.name: row for row in backbone_cards(shelf)}
    assert rows["embedded_wide"].ready
    assert "embedded_depthwise" not in rows


def test_what_can_be_fetched_says_so(shelf: Path) -> None:
    rows = {row.card.name: row for row in backbone_cards(shelf)}
    for name in ("resnet152", "clip_vit_b16", "dinov2_vit_s14"):
        assert f"annotator models fetch {name}" in rows[name].advice
    assert rows["clip_vit_b16"].card.licence
    assert "fetch" not in rows["mobilenet_v1"].advice


def test_the_filters_open_without_any_weights(tmp_path: Path) -> None:
    assert isinstance(open_backbone("filters", DEVICE, tmp_path), FilterBank)


def test_imported_weights_open_by_their_name_and_by_their_network(shelf: Path) -> None:
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    by_name = open_backbone("mine", DEVICE, shelf)
    by_network = open_backbone("squeezenet1_1", DEVICE, shelf)
    assert by_name.card == by_network.card
    for one, other in zip(by_name.encode(images).maps, by_network.encode(images).maps, strict=True):
        assert torch.equal(one, other)


def test_two_weights_of_one_network_must_be_told_apart(shelf: Path) -> None:
    put(shelf, "second")
    with pytest.raises(UnknownName, match="mine, second"):
        open_backbone("squeezenet1_1", DEVICE, shelf)
    put(shelf, "squeezenet1_1")
    assert open_backbone("squeezenet1_1", DEVICE, shelf).card.name == "squeezenet1_1"


def test_a_network_cut_short_opens_with_the_maps_it_has(shelf: Path) -> None:
    put(shelf, "short", drop="features.11")
    backbone = open_backbone("short", DEVICE, shelf)
    assert [spec.stride for spec in backbone.card.maps] == [4, 8]
    assert "cut short" in backbone.card.title
    assert len(backbone.encode(torch.rand(1, 3, 40, 50)).maps) == 2


def test_the_same_weights_prepared_otherwise_have_another_digest(shelf: Path) -> None:
    before = open_backbone("mine", DEVICE, shelf).card.weights_digest
    put(shelf, "mine", style="caffe")
    assert open_backbone("mine", DEVICE, shelf).card.weights_digest != before


def test_missing_weights_are_never_replaced_by_random_ones(shelf: Path) -> None:
    with pytest.raises(MissingWeights, match=r"ResNet-50.*annotator models import"):
        open_backbone("resnet50", DEVICE, shelf)


def test_a_name_nobody_has_lists_those_that_somebody_has(shelf: Path) -> None:
    with pytest.raises(UnknownName, match="filters, mine, resnet18"):
        open_backbone("resnet19", DEVICE, shelf)


def test_damage_is_told_and_not_worked_around(shelf: Path) -> None:
    file = shelf / "mine.safetensors"
    other = {k: torch.zeros_like(v) for k, v in safetensors.torch.load_file(file).items()}
    safetensors.torch.save_file(other, file)
    with pytest.raises(UnusableWeights, match="digest"):
        open_backbone("mine", DEVICE, shelf)


def test_a_card_of_a_network_of_tomorrow_is_not_offered(shelf: Path) -> None:
    card = json.loads((shelf / "mine.json").read_text())
    changes: tuple[dict[str, object], ...] = (
        {"architecture": "resnet9000"},
        {"stages": ["features.7"]},
        {"stages": []},
        {"preprocessing": "new"},
    )
    for change in changes:
        (shelf / "mine.json").write_text(json.dumps(card | change))
        assert "mine" not in {row.card.name for row in backbone_cards(shelf)}
        with pytest.raises((UnknownName, UnusableWeights)):
            open_backbone("mine", DEVICE, shelf)


def test_a_damaged_card_says_itself_what_is_wrong(shelf: Path) -> None:
    (shelf / "mine.json").write_text("{")
    with pytest.raises(UnusableWeights, match=r"mine\.json"):
        open_backbone("mine", DEVICE, shelf)
