"""The closed vocabulary: known words with their vectors, what is no word, and the projection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import FeatureMaps
from engines.errors import UnusableWeights
from engines.vocabulary.projection import WordProjection, word_inputs
from engines.vocabulary.words import WordList

LIMIT_WORDS = 20_000
_STEPS = 127  # of int8 in a vector's largest entry


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words and where they lie. ``vectors`` (K, D) and ``background`` (M, D) of unit length.

    ``scale`` multiplies cosines, ``threshold`` is taken off every word before it is compared with
    the background, ``offsets`` (K,) are added for each word alone. ``taught`` (K,) uint8: 0 a
    vector of CLIP alone, 1 with pixels as well, 2 learned from pixels without a vector of CLIP, 3
    held out of training.
    """

    words: WordList
    vectors: Tensor
    taught: Tensor
    background: Tensor
    projection: WordProjection
    scale: float
    threshold: float
    offsets: Tensor

    def places(self, features: FeatureMaps) -> Tensor:
        """(B, D, h, w) unit vectors in the space of words."""
        return self.projection.on_map(word_inputs(features))

    def logits(self, places: Tensor, vectors: Tensor, offsets: Tensor | None = None) -> Tensor:
        """places (B, D, h, w), vectors (R, D), offsets (R,) -> (B, R + 1, h, w).

        Row 0 is no word at all.
        """
        background = F.conv2d(places, self.scale * self.background[:, :, None, None])
        words = F.conv2d(places, self.scale * vectors[:, :, None, None]) - self.threshold
        if offsets is not None:
            words = words + offsets.to(words)[:, None, None]
        return torch.cat([background.logsumexp(dim=1, keepdim=True), words], dim=1)

    def mean_vector(self, places: Sequence[int]) -> Tensor:
        """(D,) unit: the mean of several words."""
        return F.normalize(self.vectors[list(places)].mean(dim=0), dim=0)

    def on(self, device: torch.device) -> "Vocabulary":
        """The same on another device."""
        return Vocabulary(
            self.words,
            self.vectors.to(device),
            self.taught,
            self.background.to(device),
            self.projection.to(device),
            self.scale,
            self.threshold,
            self.offsets,
        )


def as_tensors(vocabulary: Vocabulary) -> dict[str, Tensor]:
    """What is stored: words as bytes, vectors as int8, weights as float16."""
    text = "\n".join(vocabulary.words.names).encode()
    vectors = vocabulary.vectors
    steps = _STEPS / vectors.abs().amax(dim=1, keepdim=True)
    tensors = {
        "names": torch.frombuffer(bytearray(text), dtype=torch.uint8),
        "vectors": (vectors * steps).round().to(torch.int8),
        "taught": vocabulary.taught.to(torch.uint8),
        "background": vocabulary.background.half(),
        "scale": torch.tensor([vocabulary.scale]),
        "threshold": torch.tensor([vocabulary.threshold]),
        "offsets": vocabulary.offsets.half(),
    }
    weights = vocabulary.projection.state_dict()
    return tensors | {f"projection.{name}": one.half() for name, one in weights.items()}


def from_tensors(tensors: Mapping[str, Tensor], *, source: str) -> Vocabulary:
    """The reverse; `UnusableWeights` naming ``source`` where parts lack or do not fit."""
    try:
        names = bytes(tensors["names"].numpy()).decode().split("\n")
        vectors = F.normalize(tensors["vectors"].float(), dim=1)
        background = F.normalize(tensors["background"].float(), dim=1)
        projection = _projection(tensors)
        offsets = tensors["offsets"].float()
        counts = {len(names), len(vectors), len(tensors["taught"]), len(offsets)}
        fits = len(counts) == 1 and len(names) <= LIMIT_WORDS
        widths = {vectors.shape[1], background.shape[1], projection.second.out_features}
        if not fits or len(widths) != 1:
            raise ValueError("its parts are not of one vocabulary")
        scale, threshold = float(tensors["scale"]), float(tensors["threshold"])
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise UnusableWeights(
            f"{source} is no vocabulary this version reads ({error}); train it again."
        ) from error
    words = WordList(names)
    return Vocabulary(
        words, vectors, tensors["taught"], background, projection, scale, threshold, offsets
    )


def _projection(tensors: Mapping[str, Tensor]) -> WordProjection:
    start = "projection."
    weights = {k[len(start) :]: v.float() for k, v in tensors.items() if k.startswith(start)}
    hidden, channels = weights["first.weight"].shape
    projection = WordProjection(channels, hidden, len(weights["second.bias"]))
    projection.load_state_dict(weights)
    return projection.eval().requires_grad_(False)
