"""Models and doctor: rows a person reads, weights that come in, damage that is told."""

from pathlib import Path

import pytest
from safetensors.torch import save_file

from annotator.flows import engine_shelf
from engines.errors import UnusableWeights


@pytest.fixture(autouse=True)
def _empty_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))


def squeezenet_file(folder: Path) -> Path:
    from torchvision.models import squeezenet1_1

    path = folder / "mine.safetensors"
    save_file({k: v.contiguous() for k, v in squeezenet1_1().state_dict().items()}, path)
    return path


def test_the_default_is_ready_and_the_rest_says_what_it_needs() -> None:
    rows = {row.name: row for row in engine_shelf.backbones()}
    assert rows["filters"].ready
    assert rows["embedded"].ready, "it comes with the program"
    assert rows["resnet50"].state == "needs weights"
    assert {row.name for row in engine_shelf.methods()} == {"probe", "panet", "text"}


def test_imported_weights_stand_on_the_shelf(tmp_path: Path) -> None:
    imported = engine_shelf.import_weights(
        squeezenet_file(tmp_path), network=None, preprocess="caffe"
    )
    assert imported.facts["architecture"] == "squeezenet1_1"
    assert imported.facts["preprocessing"] == "caffe"
    assert "mine" in {row.name for row in engine_shelf.backbones() if row.ready}


def test_a_text_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "letter.safetensors").write_text("dear model")
    with pytest.raises(UnusableWeights, match="letter"):
        engine_shelf.import_weights(tmp_path / "letter.safetensors", network=None, preprocess=None)


def test_the_doctor_names_device_and_what_is_missing() -> None:
    findings = engine_shelf.examine()
    found = dict(findings.rows)
    assert found["torch"] != "not installed"
    assert found["dtype"] in {"float32", "bfloat16", "float16"}
    assert any("GPU" in advice for advice in findings.advice) or found["device"] != "cpu"


def test_the_doctor_tells_of_a_damaged_card(tmp_path: Path) -> None:
    engine_shelf.import_weights(squeezenet_file(tmp_path), network=None, preprocess=None)
    (tmp_path / "models" / "mine.json").write_text("{")
    assert any("mine" in advice for advice in engine_shelf.examine().advice)
