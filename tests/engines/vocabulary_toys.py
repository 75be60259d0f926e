"""A toy vocabulary for the scenes of `fewshot_toys`."""

import numpy as np
import torch
from fewshot_toys import COLOURS, SPECS, ToyBackbone
from torch.nn import functional as F  # noqa: N812

from engines.exchange import ArrayImage
from engines.vocabulary.model import Vocabulary
from engines.vocabulary.projection import WordProjection, input_channels, word_inputs
from engines.vocabulary.words import WordList

WORDS = ("disc", "square", "square_(tool)", "disc:edge", "fire engine")


def toy_vocabulary(backbone: ToyBackbone) -> Vocabulary:
    """Words "disc" and "square" mean the colours of `fewshot_toys.scene`; the rest means nothing.

    The projection is exact: the input of a plain picture of a colour goes to the axis of its word.
    """
    plain = [np.full((64, 64, 3), colour, np.uint8) for colour in COLOURS]
    batch = torch.from_numpy(np.stack(plain)).permute(0, 3, 1, 2).float() / 255
    inputs = word_inputs(backbone.encode(batch))[:, :, 4, 4].clone()
    local = sum(spec.channels for spec in SPECS)
    inputs[:, local:] = 0  # what is around and the whole image tell nothing here
    projection = WordProjection(input_channels(SPECS), 3, 3)
    pseudo = torch.linalg.pinv(inputs).T  # (3, C): 1 for its own colour, 0 for the others
    projection.load_state_dict({
        "mean": torch.zeros(inputs.shape[1]), "spread": torch.ones(inputs.shape[1]),
        "first.weight": pseudo * (torch.arange(inputs.shape[1]) < local),
        "first.bias": torch.zeros(3),
        "second.weight": torch.eye(3), "second.bias": torch.zeros(3),
    })  # fmt: skip
    axes = torch.eye(3)
    elsewhere = F.normalize(torch.tensor([[-1.0, -1.0, 0.2], [-1.0, 0.2, -1.0]]), dim=1)
    vectors = torch.stack([axes[1], axes[2], axes[2], *elsewhere])
    return Vocabulary(
        WordList(WORDS), vectors, torch.ones(len(WORDS), dtype=torch.uint8), axes[:1],
        projection.eval().requires_grad_(False), 10.0, 0.0, torch.zeros(len(WORDS)),
    )  # fmt: skip


def features(backbone: ToyBackbone, image: ArrayImage) -> object:
    batch = torch.from_numpy(image.array).permute(2, 0, 1)[None].float() / 255
    return backbone.encode(batch)
