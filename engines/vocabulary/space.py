"""Words as a method wants them: a word in, a vector and a remark out; open or closed vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard, FeatureMaps
from engines.backbones.text import (
    TEXT_MAP,
    TextEncoder,
    background_vectors,
    open_text_encoder,
    text_scores,
)
from engines.device import Device
from engines.errors import EngineError
from engines.vocabulary.model import Vocabulary
from engines.vocabulary.shelf import open_vocabulary, vocabulary_card
from engines.vocabulary.words import FETCH, unknown_sentence

OPEN_SCALE = 40.0  # of cosines to probabilities: CLIP's own 100 is for whole images


@dataclass(frozen=True, eq=False)
class ReadWord:
    """``vector`` (D,) unit, None where nothing is near; ``remark`` a sentence, empty if known.

    ``offset`` is added to the logits of this word.
    """

    vector: Tensor | None
    remark: str = ""
    offset: float = 0.0


class WordSpace(Protocol):
    """Where words and pixels are compared."""

    def read(self, word: str) -> ReadWord:
        """The vector of a word."""

    def logits(self, features: FeatureMaps, words: Sequence[ReadWord]) -> Tensor:
        """R words -> (B, R + 1, h, w) on the space's own grid; row 0 is none of them."""


class ClosedWords:
    """A vocabulary trained for this backbone."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def read(self, word: str) -> ReadWord:
        """Known words exactly; others by the nearest known ones, with a remark."""
        known = self._vocabulary.words
        found = known.find(word)
        if not found.places:
            return ReadWord(None, unknown_sentence(word, (), len(known)))
        names = [known.names[place] for place in found.places]
        remark = "" if found.exact else unknown_sentence(word, names, len(known))
        offset = float(self._vocabulary.offsets[list(found.places)].mean())
        return ReadWord(self._vocabulary.mean_vector(found.places), remark, offset)

    def logits(self, features: FeatureMaps, words: Sequence[ReadWord]) -> Tensor:
        """Scaled cosines, the threshold taken off; see `Vocabulary.logits`."""
        offsets = torch.tensor([word.offset for word in words])
        places = self._vocabulary.places(features)
        return self._vocabulary.logits(places, word_vectors(words), offsets)


class OpenWords:
    """The text tower that belongs to the backbone's text map."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._background: Tensor | None = None

    def read(self, word: str) -> ReadWord:
        """Any word."""
        return ReadWord(self._encoder.embed([word])[0])

    def logits(self, features: FeatureMaps, words: Sequence[ReadWord]) -> Tensor:
        """Scaled cosines; the background is the best of what commonly surrounds things."""
        if self._background is None:
            self._background = background_vectors(self._encoder)
        named = text_scores(features, word_vectors(words))
        around = text_scores(features, self._background).amax(dim=1, keepdim=True)
        return OPEN_SCALE * torch.cat([around, named], dim=1)


def word_vectors(words: Sequence[ReadWord]) -> Tensor:
    """(R, D) of words that all have a vector."""
    return torch.stack([word.vector for word in words if word.vector is not None])


def open_words(backbone: BackboneCard, device: Device, models_dir: Path | None = None) -> WordSpace:
    """The words that a backbone can be asked for; `EngineError` saying what is missing."""
    if backbone.maps[-1].name == TEXT_MAP:
        return OpenWords(open_text_encoder(backbone.name, device, models_dir))
    card = vocabulary_card(backbone, models_dir)
    if card is None:
        raise EngineError(
            f"The backbone '{backbone.name}' knows no words: choose 'embedded', fetch one of CLIP "
            f"with {FETCH}, or train a vocabulary for it with `annotator train vocabulary`."
        )
    vocabulary = open_vocabulary(card, backbone, models_dir)
    return ClosedWords(vocabulary.on(device.torch_device))
