"""Texts in the space of images: class names to unit vectors, and their likeness to a text map."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import FeatureMaps
from engines.backbones.families import foreign_name, is_foreign, require
from engines.device import Device
from engines.errors import EngineError, MissingWeights
from engines.weights import WeightsCard, list_weights, load_weights

if TYPE_CHECKING:
    from torch import nn

TEXT_MAP = "text"  # the name of the map that lies in the space of texts
# A name is embedded in every sentence and the vectors averaged (Radford et al., 2021, 3.1.4).
TEMPLATES = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a close view of a {}.",
    "a photo with a {} in it.",
    "a part of a {}.",
)
# What commonly surrounds things: pixels that are nearer to one of these belong to no class.
BACKGROUND_NAMES = (
    "background",
    "sky",
    "wall",
    "floor",
    "ground",
    "road",
    "grass",
    "tree",
    "water",
    "building",
    "table",
)
_BATCH = 64  # sentences at a time
_LONGEST_NAME = 200  # characters; tokenizers cut far below that


class TextEncoder(Protocol):
    """Names to vectors that may be compared with a backbone's text map."""

    @property
    def dimension(self) -> int:
        """Entries of a vector: the channels of the text map."""

    @property
    def digest(self) -> str:
        """Equal digests mean equal vectors."""

    def embed(self, names: Sequence[str]) -> Tensor:
        """N names of classes -> (N, D) float32 of unit length, in their order."""


class ClipText:
    """The text tower of an OpenCLIP model on one device; every name is embedded once."""

    def __init__(
        self,
        model: "nn.Module",
        tokenizer: Any,
        device: Device,
        *,
        dimension: int,
        digest: str,
        templates: Sequence[str] = TEMPLATES,
    ) -> None:
        """``model`` is taken over; ``tokenizer`` makes (n, context) token ids of n sentences."""
        self._model: Any = model.eval().requires_grad_(False).to(device.torch_device)
        self._tokenizer = tokenizer
        self._place = device.torch_device
        self._templates = tuple(templates)
        self._known: dict[str, Tensor] = {}
        self.dimension = dimension
        self.digest = digest

    def embed(self, names: Sequence[str]) -> Tensor:
        """N names -> (N, D) float32 of unit length; `EngineError` for an empty name."""
        words = [_checked(name) for name in names]
        if fresh := [name for name in dict.fromkeys(words) if name not in self._known]:
            self._known |= dict(zip(fresh, self._embedded(fresh), strict=True))
        if not words:
            return torch.zeros(0, self.dimension)
        return torch.stack([self._known[name] for name in words])

    @torch.inference_mode()
    def _embedded(self, names: list[str]) -> Tensor:
        sentences = [template.format(name) for name in names for template in self._templates]
        parts = []
        for first in range(0, len(sentences), _BATCH):
            tokens = self._tokenizer(sentences[first : first + _BATCH]).to(self._place)
            parts.append(F.normalize(self._model.encode_text(tokens).float(), dim=-1))
        each = torch.cat(parts).reshape(len(names), len(self._templates), -1)
        return F.normalize(each.mean(dim=1), dim=-1).cpu()


def open_text_encoder(name: str, device: Device, models_dir: Path | None = None) -> TextEncoder:
    """The text tower that belongs to the backbone ``name``, its weights checked.

    Raises `MissingWeights` where nothing has that name, `EngineError` where its network reads no
    text, `UnusableWeights` for a damaged file.
    """
    weights = _weights_with_text(name, models_dir)
    known = foreign_name(weights.architecture)
    require(known.family)
    tokenizer = clip_tokenizer(known.network)
    from engines.backbones.foreign_weights import whole_foreign  # loads the library

    model: Any = whole_foreign(weights, load_weights(weights, models_dir))
    del model.visual  # the larger half, which is not asked here
    return ClipText(model, tokenizer, device, dimension=weights.maps[-1][2], digest=weights.digest)


def clip_tokenizer(network: str) -> Any:
    """OpenCLIP's own tokenizer of a model, which is part of that package.

    Raises `EngineError` for a model whose vocabulary would have to be fetched.
    """
    import open_clip

    wish = open_clip.get_model_config(network) or {}
    if "hf_tokenizer_name" in wish.get("text_cfg", {}):
        raise EngineError(
            f"The vocabulary of '{network}' is not part of open_clip_torch, and nothing is fetched "
            "unasked; its images can be used, for text choose RN50, RN101 or a ViT of CLIP."
        )
    return open_clip.get_tokenizer(network)


def text_map(features: FeatureMaps) -> Tensor | None:
    """The map in the space of texts, unit length (B, D, h, w); None where the network has none."""
    for one, spec in zip(features.maps, features.specs, strict=True):
        if spec.name == TEXT_MAP:
            return F.normalize(one.float(), dim=1)
    return None


def text_scores(features: FeatureMaps, embeddings: Tensor) -> Tensor:
    """Cosine of every place with every text: embeddings (K, D) unit -> (B, K, h, w) in [-1, 1].

    Raises `EngineError` where the backbone has no text map, or one of another space.
    """
    places = text_map(features)
    if places is None:
        raise EngineError("This backbone does not know texts; choose one of CLIP.")
    if places.shape[1] != embeddings.shape[-1]:
        raise EngineError(
            f"The texts have {embeddings.shape[-1]} entries but the backbone's text map "
            f"{places.shape[1]}: they are of two models; embed the texts anew."
        )
    return F.conv2d(places, embeddings.to(places)[:, :, None, None])


def background_vectors(encoder: TextEncoder, names: Sequence[str] = BACKGROUND_NAMES) -> Tensor:
    """(M, D) unit vectors of what usually surrounds things; a place is the best of its cosines."""
    return encoder.embed(names)


def _weights_with_text(name: str, models_dir: Path | None) -> WeightsCard:
    shelf = list_weights(models_dir)
    fitting = [one for one in shelf if name in (one.name, one.architecture)]
    if not fitting:
        raise MissingWeights(
            f"No weights called '{name}' are on this machine, so it reads no text; run `annotator "
            "models fetch clip_rn50` for one that does."
        )
    card = fitting[0]
    if not is_foreign(card.architecture) or not card.maps or card.maps[-1][0] != TEXT_MAP:
        raise EngineError(f"The backbone '{name}' knows no texts; choose one of CLIP.")
    return card


def _checked(name: str) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise EngineError("A class without a name cannot be looked for by text; name it.")
    return plain[:_LONGEST_NAME]
