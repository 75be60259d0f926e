"""Promises of the closed vocabulary: words find their pixels, files keep them, torn files speak."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fewshot_toys import SPECS, ToyBackbone, accuracy, scene
from vocabulary_toys import WORDS, features, toy_vocabulary

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.device import choose_device
from engines.errors import EngineError, UnusableWeights
from engines.vocabulary.model import as_tensors, from_tensors
from engines.vocabulary.projection import WordProjection, input_channels, word_inputs
from engines.vocabulary.shelf import open_vocabulary, store_vocabulary, vocabulary_card
from engines.vocabulary.space import ClosedWords, OpenWords, open_words
from engines.weights import WeightsCard

BACKBONE = ToyBackbone()


def stored(folder: Path) -> WeightsCard:
    return store_vocabulary(
        toy_vocabulary(BACKBONE), BACKBONE.card, folder, name="words", origin="toy", source="test"
    )


def test_inputs_stand_on_the_grid_of_stride_8_whatever_the_maps() -> None:
    maps = tuple(torch.rand(2, s.channels, 96 // s.stride, 64 // s.stride) for s in SPECS)
    inputs = word_inputs(FeatureMaps(maps, SPECS))
    assert inputs.shape == (2, input_channels(SPECS), 12, 8)
    assert torch.allclose(inputs[:, 12:28].norm(dim=1), torch.ones(2, 12, 8), atol=1e-5)
    odd = (MapSpec("only", 16, 5),)
    assert word_inputs(FeatureMaps((torch.rand(1, 5, 3, 2),), odd)).shape == (1, 10, 3, 2)


def test_the_last_input_is_the_deepest_map_averaged_over_what_is_around() -> None:
    deep = torch.rand(1, 5, 12, 12)
    inputs = word_inputs(FeatureMaps((deep,), (MapSpec("only", 16, 5),)))
    unit = torch.nn.functional.normalize(deep, dim=1)
    assert torch.allclose(inputs[0, 5:, 5, 6], unit[0, :, 1:10, 2:11].mean(dim=(1, 2)), atol=1e-6)
    assert torch.allclose(inputs[0, 5:, 0, 0], unit[0, :, :5, :5].mean(dim=(1, 2)), atol=1e-6)


def test_a_projection_on_a_map_equals_the_projection_of_its_cells() -> None:
    torch.manual_seed(0)
    projection = WordProjection(7, 6, 4)
    inputs = torch.rand(2, 7, 3, 5)
    on_map = projection.on_map(inputs)
    assert on_map.shape == (2, 4, 3, 5)
    assert torch.allclose(on_map[1, :, 2, 3], projection(inputs[1, :, 2, 3][None])[0], atol=1e-6)
    assert torch.allclose(on_map.norm(dim=1), torch.ones(2, 3, 5), atol=1e-5)


def test_words_find_their_pixels_without_any_mark() -> None:
    vocabulary = toy_vocabulary(BACKBONE)
    image, rows = scene(4)
    places = vocabulary.places(features(BACKBONE, image))  # type: ignore[arg-type]
    logits = vocabulary.logits(places, vocabulary.vectors[:2])
    assert logits.shape == (1, 3, 16, 24)
    assert accuracy(logits, rows) > 0.93


def test_a_threshold_takes_pixels_from_every_word() -> None:
    vocabulary = toy_vocabulary(BACKBONE)
    places = vocabulary.places(features(BACKBONE, scene(4)[0]))  # type: ignore[arg-type]
    plain = vocabulary.logits(places, vocabulary.vectors[:1])
    object.__setattr__(vocabulary, "threshold", 3.0)
    higher = vocabulary.logits(places, vocabulary.vectors[:1])
    assert torch.equal(plain[:, 0], higher[:, 0])
    assert torch.allclose(plain[:, 1] - 3, higher[:, 1])


def test_a_vocabulary_survives_its_file_within_a_percent(tmp_path: Path) -> None:
    stored(tmp_path)
    card = vocabulary_card(BACKBONE.card, tmp_path)
    assert card is not None
    read = open_vocabulary(card, BACKBONE.card, tmp_path)
    assert read.words.names == WORDS
    assert torch.allclose(read.vectors, toy_vocabulary(BACKBONE).vectors, atol=0.01)
    image, rows = scene(2)
    places = read.places(features(BACKBONE, image))  # type: ignore[arg-type]
    assert accuracy(read.logits(places, read.vectors[:2]), rows) > 0.93


def test_only_a_vocabulary_of_these_very_weights_is_taken(tmp_path: Path) -> None:
    stored(tmp_path)
    assert vocabulary_card(ToyBackbone(seed=8).card, tmp_path) is None


def test_a_vocabulary_that_does_not_fit_the_maps_is_refused(tmp_path: Path) -> None:
    card = stored(tmp_path)
    other = ToyBackbone().card
    object.__setattr__(other, "maps", SPECS[:2])
    with pytest.raises(UnusableWeights, match="does not fit the maps"):
        open_vocabulary(card, other, tmp_path)


@pytest.mark.parametrize("part", ["names", "vectors", "projection.first.weight", "scale"])
def test_a_file_without_a_part_is_refused(part: str) -> None:
    tensors = as_tensors(toy_vocabulary(BACKBONE))
    del tensors[part]
    with pytest.raises(UnusableWeights, match="no vocabulary this version reads"):
        from_tensors(tensors, source="words")


def test_a_file_of_two_vocabularies_is_refused() -> None:
    tensors = as_tensors(toy_vocabulary(BACKBONE))
    tensors["vectors"] = tensors["vectors"][:3]
    with pytest.raises(UnusableWeights, match="not of one vocabulary"):
        from_tensors(tensors, source="words")


def test_closed_words_answer_unknown_ones_by_near_ones_and_say_so() -> None:
    words = ClosedWords(toy_vocabulary(BACKBONE))
    known, near, far = (words.read(word) for word in ("squares", "fire engin", "xyzzy"))
    assert known.remark == ""
    assert torch.allclose(known.vector, torch.eye(3)[2])  # type: ignore[arg-type]
    assert near.vector is not None
    assert "'fire engine'" in near.remark
    assert far.vector is None
    assert "annotator models fetch" in far.remark


def test_a_backbone_without_words_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"'toy' knows no words.*annotator train vocabulary"):
        open_words(BACKBONE.card, choose_device("cpu"), tmp_path)


def test_the_shelf_opens_the_vocabulary_of_a_backbone(tmp_path: Path) -> None:
    stored(tmp_path)
    words = open_words(BACKBONE.card, choose_device("cpu"), tmp_path)
    image, rows = scene(1)
    read = [words.read(name) for name in ("disc", "square")]
    assert accuracy(words.logits(features(BACKBONE, image), read), rows) > 0.93  # type: ignore[arg-type]


def test_the_offset_of_a_word_is_added_to_it_alone() -> None:
    vocabulary = toy_vocabulary(BACKBONE)
    vocabulary.offsets[0] = 2.0
    words, seen = ClosedWords(vocabulary), features(BACKBONE, scene(4)[0])
    disc, square = words.read("disc"), words.read("square")
    higher = words.logits(seen, [disc, square])  # type: ignore[arg-type]
    plain = words.logits(seen, [replace(disc, offset=0.0), square])  # type: ignore[arg-type]
    assert torch.allclose(higher[:, 1], plain[:, 1] + 2)
    assert torch.equal(higher[:, [0, 2]], plain[:, [0, 2]])


class ToyEncoder:
    """Every name is the axis of its first letter."""

    dimension = 26
    digest = "toy"

    def embed(self, names: object) -> torch.Tensor:
        return torch.stack([torch.eye(26)[ord(name[0]) - 97] for name in names])  # type: ignore[attr-defined]


def test_open_words_compare_with_what_surrounds_things() -> None:
    """Two places: one is all "z" (no background begins with it), one all "s" as "sky" does."""
    words = OpenWords(ToyEncoder())
    place = torch.zeros(1, 26, 1, 2)
    place[0, 25, 0, 0] = place[0, 18, 0, 1] = 1.0
    maps = FeatureMaps((place,), (MapSpec("text", 32, 26),))
    logits = words.logits(maps, [words.read("zebra")])
    assert logits.shape == (1, 2, 1, 2)
    assert logits[0, :, 0, 0].argmax() == 1
    assert logits[0, :, 0, 1].argmax() == 0
