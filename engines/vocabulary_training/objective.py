"""The loss: a cell is told its word among the words of its set, strangers, and no word at all.

A cosine softmax (the temperature is learned) as in contrastive training of images and texts
(Radford et al., 2021, 2.3), on cells in place of images. Words that lie near to the right one are
no counter-examples, nor are words of other sets: a dress is also a part of a person.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.vocabulary.projection import WordProjection
from engines.vocabulary_training.teaching import BACKGROUND, Teaching

FIRST_SCALE, LARGEST_SCALE = 14.0, 40.0


class WordLearner(nn.Module):
    """Everything that is trained: projection, learned words, background, temperature."""

    def __init__(
        self, teaching: Teaching, channels: int, *, hidden: int, backgrounds: int, seed: int
    ) -> None:
        super().__init__()
        self.fixed: Tensor
        fixed = teaching.vectors
        self.register_buffer("fixed", fixed, persistent=False)
        generator = torch.Generator().manual_seed(seed)
        dimension = fixed.shape[1]
        self.projection = WordProjection(channels, hidden, dimension)
        for parameter in self.projection.parameters():
            fan = parameter.shape[-1] if parameter.dim() > 1 else channels
            bound = 1 / math.sqrt(fan)
            parameter.data.uniform_(-bound, bound, generator=generator)
        learned = len(teaching.names) - len(fixed)
        self.learned = nn.Parameter(torch.randn(learned, dimension, generator=generator))
        self.background = nn.Parameter(torch.randn(backgrounds, dimension, generator=generator))
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    @property
    def scale(self) -> Tensor:
        """What cosines are multiplied with."""
        return self.log_scale.exp().clamp_max(LARGEST_SCALE)

    def vectors(self) -> Tensor:
        """(K, D) of all words."""
        return torch.cat([self.fixed, F.normalize(self.learned, dim=1)])

    def logits(self, cells: Tensor, kept: Tensor | None = None) -> Tensor:
        """(n, C) -> (n, K + 1); the last is no word."""
        places = self.projection(cells, kept)
        around = self.scale * places @ F.normalize(self.background, dim=1).T
        words = self.scale * places @ self.vectors().T
        return torch.cat([words, around.logsumexp(dim=1, keepdim=True)], dim=1)


def word_loss(logits: Tensor, classes: Tensor, teaching: Teaching, strangers: Tensor) -> Tensor:
    """Mean over cells. logits (n, K + 1), classes (n,), strangers (K,) bool of this step.

    A class with several words is right with any of them: their probabilities are added.
    """
    real = classes.clamp_min(0)
    named = (classes != BACKGROUND)[:, None]
    own = _own(teaching).to(logits.device)
    right = own[real] & named
    alike = teaching.alike.to(logits.device)[real]
    wrong = torch.where(
        named, (teaching.rivals.to(logits.device)[real] | strangers) & ~alike, strangers | _any(own)
    )
    none = torch.ones_like(named)
    right = torch.cat([right, none & ~named], dim=1)
    allowed = torch.cat([wrong, none], dim=1) | right
    low = torch.finfo(logits.dtype).min
    total = logits.masked_fill(~allowed, low).logsumexp(dim=1)
    return (total - logits.masked_fill(~right, low).logsumexp(dim=1)).mean()


def _own(teaching: Teaching) -> Tensor:
    """(classes, K) bool."""
    own = torch.zeros(len(teaching.classes), len(teaching.names), dtype=torch.bool)
    for number, one in enumerate(teaching.classes):
        own[number, list(one.places)] = True
    return own


def _any(own: Tensor) -> Tensor:
    return own.any(dim=0)
