"""Promises of texts: unit vectors of the text tower, compared with the map of the same space."""

from pathlib import Path
from typing import Any

import open_clip
import pytest
import safetensors.torch
import torch
from foreign_toys import drawn, pictures, register_tiny_clips
from torch.nn import functional as F  # noqa: N812

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.backbones.catalog import open_backbone
from engines.backbones.importing import import_weights
from engines.backbones.open_clip_nets import build_clip
from engines.backbones.text import (
    BACKGROUND_NAMES,
    ClipText,
    background_vectors,
    clip_tokenizer,
    open_text_encoder,
    text_map,
    text_scores,
)
from engines.backbones.timm_nets import build_timm
from engines.device import choose_device
from engines.errors import EngineError, MissingWeights

DEVICE = choose_device("cpu", precision="float32")


@pytest.fixture(autouse=True)
def _tiny_models() -> None:
    register_tiny_clips()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf with one tiny CLIP, called 'mine'."""
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    file = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(drawn(build_clip("tiny-rn")), file)
    import_weights(file, network="open_clip:tiny-rn", models_dir=tmp_path / "models")
    return tmp_path / "models"


def test_a_name_becomes_the_mean_of_its_sentences(shelf: Path) -> None:
    encoder = open_text_encoder("mine", DEVICE, shelf)
    vectors = encoder.embed(["car", "tree house", "car"])
    assert vectors.shape == (3, encoder.dimension)
    assert torch.allclose(vectors.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.equal(vectors[0], vectors[2])
    assert not torch.allclose(vectors[0], vectors[1], atol=1e-3)

    model: Any = build_clip("tiny-rn")
    model.load_state_dict(drawn(model), strict=False)
    tokenizer = open_clip.get_tokenizer("tiny-rn")
    plain = ClipText(
        model.eval(), tokenizer, DEVICE, dimension=24, digest="", templates=("a {}.", "the {}!")
    )
    with torch.inference_mode():
        sentences = model.encode_text(tokenizer(["a car.", "the car!"]), normalize=True)
    wanted = F.normalize(sentences.mean(dim=0), dim=0)
    assert torch.allclose(plain.embed(["car"])[0], wanted, atol=1e-5)


def test_the_text_tower_is_asked_once_per_name(shelf: Path) -> None:
    encoder: Any = open_text_encoder("mine", DEVICE, shelf)
    seen: list[int] = []
    tower = encoder._model.encode_text
    encoder._model.encode_text = lambda tokens: seen.append(len(tokens)) or tower(tokens)
    first = encoder.embed(["car", "road"])
    again = encoder.embed(["road", "  car "])
    assert len(seen) == 1
    assert torch.equal(first, again.flip(0))


def test_texts_and_images_of_one_model_can_be_compared(shelf: Path) -> None:
    encoder = open_text_encoder("mine", DEVICE, shelf)
    backbone = open_backbone("mine", DEVICE, shelf)
    features = backbone.encode(pictures(64, 96))
    scores = text_scores(features, encoder.embed(["car", "tree"]))
    assert scores.shape == (1, 2, *features.maps[-1].shape[-2:])
    assert float(scores.abs().max()) <= 1 + 1e-5
    places = text_map(features)
    assert places is not None
    one = places[0, :, 1, 2] @ encoder.embed(["tree"])[0]
    assert scores[0, 1, 1, 2] == pytest.approx(float(one), abs=1e-5)


def test_the_background_is_spoken_of_in_the_same_space(shelf: Path) -> None:
    encoder = open_text_encoder("mine", DEVICE, shelf)
    assert background_vectors(encoder).shape == (len(BACKGROUND_NAMES), encoder.dimension)
    assert encoder.embed([]).shape == (0, encoder.dimension)


def test_the_dimension_is_that_of_the_text_map(shelf: Path) -> None:
    encoder = open_text_encoder("open_clip:tiny-rn", DEVICE, shelf)
    specs = {spec.name: spec for spec in open_backbone("mine", DEVICE, shelf).card.maps}
    assert specs["text"].channels == encoder.dimension == encoder.embed(["x"]).shape[1]
    assert len(encoder.digest) == 64


def test_what_knows_no_texts_says_so(shelf: Path) -> None:
    file = shelf.parent / "net.safetensors"
    safetensors.torch.save_file(drawn(build_timm("test_convnext")), file)
    import_weights(file, network="timm:test_convnext", models_dir=shelf)
    with pytest.raises(EngineError, match="knows no texts"):
        open_text_encoder("net", DEVICE, shelf)
    with pytest.raises(MissingWeights, match="models fetch clip_rn50"):
        open_text_encoder("clip_rn50", DEVICE, shelf)
    features = FeatureMaps((torch.zeros(1, 4, 2, 2),), (MapSpec("layer1", 4, 4),))
    assert text_map(features) is None
    with pytest.raises(EngineError, match="does not know texts"):
        text_scores(features, torch.zeros(1, 4))


def test_vectors_of_another_model_are_refused(shelf: Path) -> None:
    features = FeatureMaps((torch.zeros(1, 8, 2, 2),), (MapSpec("text", 32, 8),))
    with pytest.raises(EngineError, match="24 entries but the backbone's text map 8"):
        text_scores(features, open_text_encoder("mine", DEVICE, shelf).embed(["car"]))


@pytest.mark.parametrize("name", ["", "   "])
def test_a_class_without_a_name_is_refused(name: str, shelf: Path) -> None:
    with pytest.raises(EngineError, match="without a name"):
        open_text_encoder("mine", DEVICE, shelf).embed([name])


def test_odd_names_are_only_names(shelf: Path) -> None:
    encoder = open_text_encoder("mine", DEVICE, shelf)
    vectors = encoder.embed(["{}", "{0.__class__}", "Straße 車", "x" * 5000, "a\nb"])
    assert bool(vectors.isfinite().all())


def test_no_vocabulary_is_fetched() -> None:
    with pytest.raises(EngineError, match="nothing is fetched unasked"):
        clip_tokenizer("ViT-B-16-SigLIP")
