"""Promises of weights of other libraries: every tensor checked, nothing guessed."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from foreign_toys import drawn, pictures, register_tiny_clips
from torch import Tensor

from engines.backbones.advice import advice_on_name
from engines.backbones.catalog import open_backbone
from engines.backbones.families import FAMILIES, Family, foreign_name, is_foreign, require
from engines.backbones.foreign_weights import fitting_tensors
from engines.backbones.importing import ImportedWeights, import_weights
from engines.backbones.open_clip_nets import build_clip
from engines.backbones.shelf import backbone_cards
from engines.backbones.timm_nets import build_timm
from engines.device import choose_device
from engines.errors import EngineError, MissingWeights, UnknownName, UnusableWeights
from engines.weights import find_weights, list_weights

DEVICE = choose_device("cpu", precision="float32")
NETWORKS = ["open_clip:tiny-vit", "open_clip:tiny-rn", "timm:test_vit", "timm:test_convnext"]


@pytest.fixture(autouse=True)
def _tiny_models() -> None:
    register_tiny_clips()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    return tmp_path / "models"


def weights_of(architecture: str) -> dict[str, Tensor]:
    family, _, name = architecture.partition(":")
    return drawn(build_clip(name) if family == "open_clip" else build_timm(name))


def keep(
    architecture: str, shelf: Path, tensors: dict[str, Tensor] | None = None, *, name: str = "mine"
) -> ImportedWeights:
    file = shelf.parent / f"{name}.safetensors"
    safetensors.torch.save_file(tensors or weights_of(architecture), file)
    return import_weights(file, network=architecture, models_dir=shelf)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_what_is_imported_opens_with_the_maps_its_card_tells(
    architecture: str, shelf: Path
) -> None:
    card = keep(architecture, shelf).card
    assert card == find_weights("mine", shelf)
    assert card.architecture == architecture
    backbone = open_backbone("mine", DEVICE, shelf)
    assert [(s.name, s.stride, s.channels) for s in backbone.card.maps] == list(card.maps)
    images = pictures(64, 80)
    features = backbone.encode(images)
    assert [int(one.shape[1]) for one in features.maps] == [row[2] for row in card.maps]
    again = open_backbone(architecture, DEVICE, shelf).encode(images)
    for one, other in zip(features.maps, again.maps, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_opening_draws_no_number_that_anyone_notices(architecture: str, shelf: Path) -> None:
    keep(architecture, shelf)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    open_backbone("mine", DEVICE, shelf)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_shelf_shows_it_without_opening_it(shelf: Path) -> None:
    keep("open_clip:tiny-vit", shelf)
    row = next(row for row in backbone_cards(shelf) if row.card.name == "mine")
    assert row.ready
    assert row.card.title == "OpenCLIP tiny-vit"
    assert [spec.name for spec in row.card.maps][-1] == "text"
    assert row.card.preprocessing.mean[0] == pytest.approx(0.481, abs=1e-3)


def test_wrappers_and_heads_of_training_are_no_hindrance(shelf: Path) -> None:
    tensors = {f"module.{k}": v.half() for k, v in weights_of("timm:test_convnext").items()}
    tensors["module.head.fc.weight"] = torch.zeros(10, 64)
    imported = keep("timm:test_convnext", shelf, tensors)
    assert imported.card.dtype == "float16"
    assert any("1 tensor(s) are not needed" in line for line in imported.lines)


def test_names_of_another_publisher_are_translated_by_the_library(shelf: Path) -> None:
    """OpenAI's files hold the text tower beside the image tower, newer models below 'text.'."""
    tensors = weights_of("open_clip:tiny-siglip")
    flat = {k.removeprefix("text."): v for k, v in tensors.items()}
    assert flat.keys() != tensors.keys()
    imported = keep("open_clip:tiny-siglip", shelf, flat)
    assert imported.card.maps[-1] == ("text", 16, 64)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("drop", r"stem\.0\.weight is missing"),
        ("shape", r"stem\.0\.weight has shape \(1, 2\) instead of"),
        ("kind", r"stem\.0\.weight holds torch\.int8"),
        ("nan", r"stem\.0\.weight.*not finite"),
    ],
)
def test_a_tensor_that_does_not_fit_is_named_and_nothing_is_kept(
    change: str, told: str, shelf: Path
) -> None:
    tensors = weights_of("timm:test_convnext")
    first = "stem.0.weight"
    if change == "drop":
        del tensors[first]
    elif change == "shape":
        tensors[first] = torch.zeros(1, 2)
    elif change == "kind":
        tensors[first] = tensors[first].to(torch.int8)
    else:
        tensors[first][0, 0, 0, 0] = float("nan")
    with pytest.raises(UnusableWeights, match=told):
        keep("timm:test_convnext", shelf, tensors)
    assert list_weights(shelf) == ()


def test_weights_of_another_network_say_how_much_is_amiss(shelf: Path) -> None:
    with pytest.raises(UnusableWeights, match=r"does not fit timm test_vit: .* and \d+ more"):
        keep("timm:test_vit", shelf, weights_of("timm:test_convnext"))


def test_a_network_that_no_backbone_can_be_is_refused_before_anything_is_kept(shelf: Path) -> None:
    with pytest.raises(EngineError, match="one size alone"):
        keep("timm:test_maxvit", shelf)
    assert list_weights(shelf) == ()


@pytest.mark.parametrize("name", ["filters", "resnet18", "embedded"])
def test_a_name_that_means_another_backbone_is_refused(name: str, shelf: Path) -> None:
    with pytest.raises(UnusableWeights, match="another backbone"):
        keep("timm:test_convnext", shelf, name=name)


def test_damage_after_the_import_is_told(shelf: Path) -> None:
    keep("timm:test_convnext", shelf)
    other = {k: v + 1 for k, v in weights_of("timm:test_convnext").items()}
    safetensors.torch.save_file(other, shelf / "mine.safetensors")
    with pytest.raises(UnusableWeights, match="digest"):
        open_backbone("mine", DEVICE, shelf)


@pytest.mark.parametrize(
    "change",
    [
        {"maps": []},
        {"maps": [["stage1", 4, 24]]},
        {"maps": [["stage1", 0, 24]]},
        {"maps": [["stage1", 4, "24"]]},
        {"maps": "none"},
        {"architecture": "other:test_convnext"},
        {"architecture": "timm:../test"},
    ],
)
def test_a_card_that_was_tampered_with_never_opens(change: dict[str, object], shelf: Path) -> None:
    keep("timm:test_convnext", shelf)
    card = json.loads((shelf / "mine.json").read_text())
    (shelf / "mine.json").write_text(json.dumps(card | change))
    backbone_cards(shelf)  # the list is shown in any case
    with pytest.raises((UnknownName, UnusableWeights)):
        open_backbone("mine", DEVICE, shelf)


def test_a_card_whose_maps_another_version_of_the_library_lacks_never_opens(shelf: Path) -> None:
    card = json.loads((keep("timm:test_convnext", shelf), (shelf / "mine.json").read_text())[1])
    card["maps"][0][2] += 1
    (shelf / "mine.json").write_text(json.dumps(card))
    with pytest.raises(UnusableWeights, match="does not give"):
        open_backbone("mine", DEVICE, shelf)


def test_without_the_library_the_shelf_still_stands_and_says_what_to_do(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep("timm:test_convnext", shelf)
    monkeypatch.setattr(Family, "installed", property(lambda _self: False))
    row = next(row for row in backbone_cards(shelf) if row.card.name == "mine")
    assert not row.ready
    assert "pip install timm" in row.advice
    with pytest.raises(EngineError, match=r"package timm, which is not installed.*pip install"):
        open_backbone("mine", DEVICE, shelf)
    with pytest.raises(EngineError, match="open_clip_torch"):
        require(FAMILIES["open_clip"])


def test_missing_weights_say_how_to_get_them(shelf: Path) -> None:
    with pytest.raises(MissingWeights, match=r"models fetch clip_rn50.*--as open_clip:RN50-quick"):
        open_backbone("clip_rn50", DEVICE, shelf)
    with pytest.raises(MissingWeights, match="models fetch clip_rn101"):
        open_backbone("open_clip:RN101-quickgelu", DEVICE, shelf)
    with pytest.raises(MissingWeights, match=r"import FILE --as timm:resnet26d"):
        open_backbone("timm:resnet26d", DEVICE, shelf)
    assert advice_on_name("resnet19") is None


def test_names_of_families_are_read_strictly() -> None:
    assert foreign_name("open_clip:ViT-B-16").title == "OpenCLIP ViT-B-16"
    assert is_foreign("timm:x")
    assert not is_foreign("resnet18")
    for wrong in ("resnet18", "timm:", "jax:vit", ":x"):
        with pytest.raises(UnknownName, match="open_clip:NETWORK or timm:NETWORK"):
            foreign_name(wrong)


def test_the_counters_of_normalisation_are_not_asked_for() -> None:
    with torch.device("meta"):
        plan = build_timm("test_resnet")
    tensors = drawn(build_timm("test_resnet"))
    assert not any(name.endswith("num_batches_tracked") for name in tensors)
    assert fitting_tensors(plan, tensors, "a ResNet", "file").keys() == tensors.keys()
