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
COARSE_STEP = 5  # of candidates looked at first


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Samples x (n, C) of one mark of ``row`` and the head that never saw that mark."""

    x: Tensor
    row: int
    head: LinearHead


@dataclass(frozen=True, eq=False)
class _Scored:
    """Scores (n, K) of all samples of one head, their rows (n, 1), and weights (n,) by mark."""

    scores: Tensor
    rows: Tensor
    weights: Tensor


def fitted_temperature(marks: list[HeldOut]) -> float:
    """T of the held-out marks, drawn toward the default while they are few.

    The likelihood is convex in 1 / T, so a coarse look finds the valley of the fine one.
    """
    by_head: dict[int, list[HeldOut]] = {}
    for mark in marks:
        if bool(mark.head.seen[mark.row]):
            by_head.setdefault(id(mark.head), []).append(mark)
    if not by_head:
        return DEFAULT_TEMPERATURE
    scored = [_scored(some) for some in by_head.values()]
    coarse = int(_loss(scored, GRID[::COARSE_STEP]).argmin()) * COARSE_STEP
    near = GRID[max(0, coarse - COARSE_STEP + 1) : coarse + COARSE_STEP]
    return float(near[_loss(scored, near).argmin()])


def _scored(marks: list[HeldOut]) -> _Scored:
    """Of marks that share a head; a mark weighs the same however many samples it has."""
    head, counts = marks[0].head, torch.tensor([len(mark.x) for mark in marks])
    scores = head.scores(torch.cat([mark.x for mark in marks])).cpu()
    scores = scores.masked_fill(~head.seen.cpu(), -torch.inf)
    rows = torch.tensor([mark.row for mark in marks]).repeat_interleave(counts)
    return _Scored(scores, rows[:, None], (1 / counts).repeat_interleave(counts))


def _loss(scored: list[_Scored], temperatures: Tensor) -> Tensor:
    """(n,): mean negative log likelihood of every mark and the prior, summed, at temperatures."""
    loss = PRIOR_WEIGHT * 0.25 * (temperatures / DEFAULT_TEMPERATURE).log() ** 2
    for one in scored:
        scaled = one.scores / temperatures[:, None, None]  # (n, samples, K)
        right = one.scores.gather(1, one.rows)[:, 0] / temperatures[:, None]
        loss = loss + (scaled.logsumexp(-1) - right) @ one.weights
    return loss


def expected_calibration_error(probabilities: Tensor, rows: Tensor, *, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal bins of confidence.

    probabilities (n, K), rows (n,) the true ones -> a number in [0, 1] (Guo et al., eq. 3).
    """
    confidence, guess = probabilities.max(dim=1)
    right = (guess == rows).float()
    bin_of = (confidence * bins).long().clamp_max(bins - 1)
    gap = torch.zeros(bins).index_add_(0, bin_of, right - confidence)
    return float(gap.abs().sum() / len(rows))
