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
from engines.vocabulary_training.teaching import Teaching

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

    def logits(self, cells: Tensor, columns: Tensor, kept: Tensor | None = None) -> Tensor:
        """(n, C) and the places of J words -> (n, J + 1); the last is no word."""
        places = self.projection(cells, kept)
        around = self.scale * places @ F.normalize(self.background, dim=1).T
        words = self.scale * places @ self.vectors()[columns].T
        return torch.cat([words, around.logsumexp(dim=1, keepdim=True)], dim=1)


def word_loss(logits: Tensor, classes: Tensor, teaching: Teaching, columns: Tensor) -> Tensor:
    """Mean over cells. logits (n, J + 1) of the words at ``columns`` (J,), classes (n,).

    Every word of a class is among the columns. A class with several words is right with each of
    them: the mean of their logits counts, else one word would take it all and its synonyms learn
    nothing. Strangers among the columns are told apart from all.
    """
    own, rivals, alike = (
        one[:, columns][classes] for one in (teaching.own, teaching.rivals, teaching.alike)
    )
    nameless = ~own.any(dim=1, keepdim=True)
    right = torch.cat([own, nameless], dim=1)
    wrong = torch.cat([(rivals | teaching.strangers[columns]) & ~alike, ~nameless], dim=1)
    score = (logits * right).sum(dim=1, keepdim=True) / right.sum(dim=1, keepdim=True)
    others = logits.masked_fill(~wrong, torch.finfo(logits.dtype).min)
    return (torch.cat([others, score], dim=1).logsumexp(dim=1) - score[:, 0]).mean()
