"""Promises of the import: the right network is found, hostile files are refused, nothing is run."""

import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor

from engines.backbones.architectures import tensor_shapes
from engines.backbones.importing import import_weights
from engines.errors import EngineError, UnknownName, UnusableWeights
from engines.weights import list_weights, load_weights


class Bomb:
    """Creates a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.marker), "w")


def toy_weights(name: str, *, without: str | None = None) -> dict[str, Tensor]:
    return {
        tensor_name: torch.full(shape, 0.01, dtype=torch.float16)
        for tensor_name, shape in tensor_shapes(name).items()
        if without is None or not tensor_name.startswith(without)
    }


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf, without what ships with the program."""
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    return tmp_path / "models"


def saved(folder: Path, name: str, tensors: dict[str, Tensor]) -> Path:
    file = folder / name
    if file.suffix == ".safetensors":
        safetensors.torch.save_file(tensors, file)
    else:
        torch.save(tensors, file)
    return file


@pytest.mark.parametrize(
    "name",
    ["squeezenet1_1", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"],
)
def test_a_network_is_recognised_by_names_and_shapes(
    name: str, tmp_path: Path, shelf: Path
) -> None:
    file = saved(tmp_path, "some_file.safetensors", toy_weights(name))
    imported = import_weights(file, models_dir=shelf)
    assert imported.card.architecture == name
    assert imported.card.name == "some_file"
    assert imported.missing_stages == ()
    assert imported.card.preprocessing == ("tf" if name == "mobilenet_v1" else "imagenet")
    assert list_weights(shelf) == (imported.card,)


def test_what_is_kept_has_the_values_and_dtype_of_the_file(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("squeezenet1_1")
    card = import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf).card
    kept = load_weights(card, shelf)
    assert card.dtype == "float16"
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], weights[name]) for name in weights)


@pytest.mark.parametrize(
    "wrapper", ["module.", "backbone.", "encoder.", "model.", "module.encoder."]
)
def test_wrappers_of_training_code_are_taken_off(wrapper: str, tmp_path: Path, shelf: Path) -> None:
    weights = {wrapper + name: value for name, value in toy_weights("squeezenet1_1").items()}
    imported = import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
    assert imported.card.architecture == "squeezenet1_1"


@pytest.mark.parametrize("nest", [None, "state_dict", "model", "model_state_dict"])
def test_torch_files_are_read_wherever_the_state_dict_lies(
    nest: str | None, tmp_path: Path, shelf: Path
) -> None:
    content: dict[str, object] = dict(toy_weights("squeezenet1_1"))
    if nest:
        content = {"epoch": 3, nest: content}
    torch.save(content, tmp_path / "net.pth")
    assert (
        import_weights(tmp_path / "net.pth", models_dir=shelf).card.architecture == "squeezenet1_1"
    )


def test_the_older_torch_format_is_read_too(tmp_path: Path, shelf: Path) -> None:
    file = tmp_path / "old.pth"
    torch.save(toy_weights("squeezenet1_1"), file, _use_new_zipfile_serialization=False)
    assert import_weights(file, models_dir=shelf).card.architecture == "squeezenet1_1"


def test_keras_names_are_understood(tmp_path: Path, shelf: Path) -> None:
    keras = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean"}
    keras |= {"running_var": "moving_variance"}
    weights = {}
    for name, value in toy_weights("mobilenet_v1").items():
        layer, suffix = name.rsplit(".", 1)
        kernel = "depthwise_kernel" if "_dw_" in layer else "kernel"
        weights[f"{layer}.{keras[suffix] if layer.endswith('_bn') else kernel}"] = value
    imported = import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
    assert imported.card.architecture == "mobilenet_v1"


def test_a_network_cut_short_is_taken_as_far_as_it_is_complete(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("resnet18", without="layer4.") | {"fc.weight": torch.zeros(1000, 512)}
    imported = import_weights(saved(tmp_path, "cut.safetensors", weights), models_dir=shelf)
    assert imported.card.architecture == "resnet18"
    assert imported.card.stages == ("layer1", "layer2", "layer3")
    assert imported.missing_stages == ("layer4",)
    assert imported.ignored == ("fc.weight",)
    assert "ImageNet-1k" in imported.card.pretraining
    assert "layer4.0.conv1.weight is missing" in " ".join(imported.lines)
    assert "fc.weight" in " ".join(imported.lines)


def test_a_longer_network_is_not_taken_for_a_shorter_one(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("resnet34", without="layer4.")
    imported = import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
    assert imported.card.architecture == "resnet34"


def test_a_network_asked_for_by_name_is_the_only_one_tried(tmp_path: Path, shelf: Path) -> None:
    file = saved(tmp_path, "net.safetensors", toy_weights("squeezenet1_1"))
    assert import_weights(file, network="squeezenet1_1", models_dir=shelf).missing_stages == ()
    with pytest.raises(UnusableWeights, match="VGG-16"):
        import_weights(file, network="vgg16", models_dir=shelf)
    with pytest.raises(UnknownName, match="resnet19"):
        import_weights(file, network="resnet19", models_dir=shelf)


def test_a_hole_in_the_first_stage_is_refused_by_name(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("squeezenet1_1", without="features.3.squeeze.")
    with pytest.raises(
        UnusableWeights, match=r"SqueezeNet.*features\.3\.squeeze\.weight is missing"
    ):
        import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
    assert list_weights(shelf) == ()


def test_a_misshaped_tensor_in_the_first_stage_is_refused_by_name(
    tmp_path: Path, shelf: Path
) -> None:
    weights = toy_weights("squeezenet1_1") | {"features.0.weight": torch.zeros(64, 1, 3, 3)}
    with pytest.raises(UnusableWeights, match=r"features\.0\.weight has shape \(64, 1, 3, 3\)"):
        import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)


def test_integers_in_place_of_weights_are_refused(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("squeezenet1_1")
    weights["features.0.weight"] = torch.zeros(64, 3, 3, 3, dtype=torch.int8)
    with pytest.raises(UnusableWeights, match="int8"):
        import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value: float, tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("squeezenet1_1")
    weights["features.12.squeeze.bias"][3] = value
    with pytest.raises(UnusableWeights, match=r"features\.12\.squeeze\.bias.*not finite"):
        import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
    assert list_weights(shelf) == ()


def test_a_file_of_something_else_is_refused_in_one_sentence(tmp_path: Path, shelf: Path) -> None:
    tensors = {"coco": torch.zeros(80, 1024), "voc": torch.zeros(20, 1024)}
    with pytest.raises(UnusableWeights) as refusal:
        import_weights(saved(tmp_path, "text.safetensors", tensors), models_dir=shelf)
    text = str(refusal.value)
    assert "text.safetensors" in text
    assert "coco (80, 1024)" in text
    assert text.count(". ") == 0


def test_code_in_a_torch_file_never_runs(tmp_path: Path, shelf: Path) -> None:
    marker = tmp_path / "ran"
    torch.save({"state_dict": Bomb(marker)}, tmp_path / "bomb.pt")
    with pytest.raises(UnusableWeights, match=r"bomb\.pt.*without running code"):
        import_weights(tmp_path / "bomb.pt", models_dir=shelf)
    assert not marker.exists()


def test_a_torch_file_that_inflates_is_refused(tmp_path: Path, shelf: Path) -> None:
    plain = saved(tmp_path, "plain.pt", toy_weights("squeezenet1_1"))
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(tmp_path / "packed.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in source.namelist():
            packed.writestr(name, source.read(name))
    with pytest.raises(UnusableWeights, match="compressed"):
        import_weights(tmp_path / "packed.pt", models_dir=shelf)


def test_two_networks_in_one_file_are_refused(tmp_path: Path, shelf: Path) -> None:
    weights = toy_weights("squeezenet1_1")
    both = {
        f"{side}.{name}": v.clone() for name, v in weights.items() for side in ("encoder", "model")
    }
    with pytest.raises(UnusableWeights, match="two networks"):
        import_weights(saved(tmp_path, "net.safetensors", both), models_dir=shelf)


def test_the_preprocessing_asked_for_is_recorded(tmp_path: Path, shelf: Path) -> None:
    file = saved(tmp_path, "net.safetensors", toy_weights("squeezenet1_1"))
    told = " ".join(import_weights(file, models_dir=shelf).lines)
    assert "--preprocess" in told
    imported = import_weights(file, preprocessing="caffe", models_dir=shelf)
    assert imported.card.preprocessing == "caffe"
    assert "--preprocess" not in " ".join(imported.lines)
    with pytest.raises(UnknownName, match="imagenet, tf, centred, caffe"):
        import_weights(file, preprocessing="keras", models_dir=shelf)


@pytest.mark.parametrize("stem", ["filters", "resnet18", ".hidden", "with space", "x" * 70])
def test_names_that_would_mislead_or_escape_are_refused(
    stem: str, tmp_path: Path, shelf: Path
) -> None:
    file = saved(tmp_path, f"{stem}.safetensors", toy_weights("squeezenet1_1"))
    with pytest.raises(EngineError, match="rename"):
        import_weights(file, models_dir=shelf)
    assert list_weights(shelf) == ()


def test_a_name_wrapped_ten_thousand_times_is_only_a_name(tmp_path: Path, shelf: Path) -> None:
    name = "module." * 10_000 + "a"
    file = saved(tmp_path, "net.safetensors", {name: torch.zeros(1)})
    with pytest.raises(UnusableWeights, match="fits no network"):
        import_weights(file, models_dir=shelf)


def test_values_that_mean_nothing_without_their_scale_are_refused(
    tmp_path: Path, shelf: Path
) -> None:
    weights = {k: v.to(torch.float8_e4m3fn) for k, v in toy_weights("squeezenet1_1").items()}
    with pytest.raises(UnusableWeights, match="float8"):
        import_weights(saved(tmp_path, "net.safetensors", weights), models_dir=shelf)
