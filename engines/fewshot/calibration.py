"""Temperature: how far apart scores must be before the probe is sure.

Ridge scores are regressed one-hot rows, not log odds; probabilities are softmax(scores / T). Marks
are dealt alternately to two folds, a head fitted on each fold scores the marks of the other, and
T minimises the mean negative log likelihood there (temperature scaling: Guo et al., ICML 2017).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from engines.fewshot.ridge import LinearHead

DEFAULT_TEMPERATURE = 0.14  # where there is too little to fit: the median best of seven image sets
PRIOR_WEIGHT = 4.0  # held-out marks the default counts for
GRID = torch.logspace(-2.0, 0.5, 101)  # candidates, 6 % apart


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Samples x (n, C) of one mark of ``row`` and the head that never saw that mark."""

    x: Tensor
    row: int
    head: LinearHead


def fitted_temperature(marks: list[HeldOut]) -> float:
    """T of the held-out marks, drawn toward the default while they are few."""
    usable = [mark for mark in marks if bool(mark.head.seen[mark.row])]
    if not usable:
        return DEFAULT_TEMPERATURE
    loss = torch.stack([_loss_per_temperature(mark) for mark in usable]).sum(0)
    away = (GRID / DEFAULT_TEMPERATURE).log() ** 2
    return float(GRID[(loss + PRIOR_WEIGHT * 0.25 * away).argmin()])


def expected_calibration_error(probabilities: Tensor, rows: Tensor, *, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence.

    probabilities (n, K), rows (n,) the true ones -> a number in [0, 1] (Guo et al., eq. 3).
    """
    confidence, guess = probabilities.max(dim=1)
    right = (guess == rows).float()
    bin_of = (confidence * bins).long().clamp_max(bins - 1)
    gap = torch.zeros(bins).index_add_(0, bin_of, right - confidence)
    return float(gap.abs().sum() / len(rows))


def _loss_per_temperature(mark: HeldOut) -> Tensor:
    """(len(GRID),): mean negative log likelihood of one mark."""
    scores = mark.head.scores(mark.x).cpu()  # (n, K)
    scores = scores.masked_fill(~mark.head.seen.cpu(), -torch.inf)
    scaled = scores[None] / GRID[:, None, None]
    loss: Tensor = scaled.logsumexp(-1) - scaled[..., mark.row]
    return loss.mean(1)
