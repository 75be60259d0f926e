"""Offsets of words: where to cut when the height of a cosine does not tell.

The cosines of words that no picture taught are right in their order more than in their height:
their pixels lie nearer to words that were taught. So each is given the offset with which a fixed
share of all cells is called by it. Words with pixels keep the height they learned, unless hardly a
cell would be called by them: a word that is asked for is likelier to be there than in training.
"""

import torch
from torch import Tensor

from engines.vocabulary.model import Vocabulary

SHARE = 0.05  # of cells, for words without pixels; fixed beforehand: what a thing covers or so
LEAST_SHARE = 0.02  # for words with pixels; the best of five on pictures kept aside
SAMPLE = 12_000  # cells
_AT_ONCE = 200  # words
_ALONE = (0, 3)  # `Vocabulary.taught` of words with a vector of the text network alone


@torch.no_grad()
def word_offsets(vocabulary: Vocabulary, inputs: Tensor) -> Tensor:
    """(K,) float32: what is added to a word's logit; inputs (n, C) of all kinds of cells."""
    cells = inputs[:: max(1, len(inputs) // SAMPLE)].float()
    places = vocabulary.projection(cells).T[None, :, :, None]
    alone = torch.isin(vocabulary.taught, torch.tensor(_ALONE, dtype=torch.uint8))
    offsets = torch.zeros(len(vocabulary.words))
    for some in torch.split(torch.arange(len(offsets)), _AT_ONCE):
        logits = vocabulary.logits(places, vocabulary.vectors[some])[0, :, :, 0]
        gap = logits[1:] - logits[:1]
        given = -gap.quantile(1 - SHARE, dim=1)
        least = -gap.quantile(1 - LEAST_SHARE, dim=1)
        offsets[some] = torch.where(alone[some], given, least.clamp_min(0.0))
    return offsets
