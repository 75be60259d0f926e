"""Ridge regression from sums: each mark leaves its mean and its second moment, never its pixels.

Balance. Row c gets total weight n_c ** 0.5 (n_c its covered cells), and within a row every mark
gets weight n_m ** 0.5, so that neither a large class nor a long stroke speaks for all. Targets are
one-hot rows. The bias is not penalised: moments are centred before solving
(Hastie, Tibshirani, Friedman, Elements of Statistical Learning, 3.4.1).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

BALANCE_POWER = 0.5  # 0: every row alike; 1: every pixel alike
SMALLEST_PENALTY = 1e-5  # of the sum of squares: above the rounding of centring, for flat images
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Moments:
    """Of one mark: ``count`` covered cells, ``mean`` (C,) and what gives the mean of x x^T.

    ``spread`` is that mean (C, C), or for a mark of n < C cells a root of it (n, C), which is far
    smaller for a stroke. ``sample`` (s, C) are a few of its cells, kept for calibration.
    """

    count: float
    mean: Tensor
    spread: Tensor
    sample: Tensor

    def added_to(self, second: Tensor, share: float) -> Tensor:
        """second (C, C) + ``share`` times the mean of x x^T, a new tensor."""
        if len(self.spread) < self.spread.shape[1]:
            return torch.addmm(second, self.spread.T, self.spread, alpha=share)
        return torch.add(second, self.spread, alpha=share)

    @property
    def nbytes(self) -> int:
        """Bytes the tensors take."""
        parts = (self.mean, self.spread, self.sample)
        return sum(part.numel() * part.element_size() for part in parts)


@dataclass(frozen=True, eq=False)
class RowSum:
    """Marks of one row added up, each with weight n_m ** 0.5 (``weight`` is the sum of those)."""

    count: float
    weight: float
    mean: Tensor
    second: Tensor

    def plus(self, one: Moments) -> "RowSum":
        """With one more mark."""
        share = one.count**BALANCE_POWER
        return RowSum(
            self.count + one.count,
            self.weight + share,
            self.mean + share * one.mean,
            one.added_to(self.second, share),
        )

    def joined(self, other: "RowSum") -> "RowSum":
        """Of both sets of marks."""
        return RowSum(
            self.count + other.count,
            self.weight + other.weight,
            self.mean + other.mean,
            self.second + other.second,
        )

    def without(self, other: "RowSum") -> "RowSum":
        """Less the marks of ``other``, which are among these; some marks must be left."""
        return RowSum(
            self.count - other.count,
            self.weight - other.weight,
            self.mean - other.mean,
            self.second - other.second,
        )


@dataclass(frozen=True, eq=False)
class LinearHead:
    """Scores = x @ ``weights`` (C, K) + ``bias`` (K,); ``seen`` (K,) tells which rows had marks."""

    weights: Tensor
    bias: Tensor
    seen: Tensor

    def scores(self, x: Tensor) -> Tensor:
        """x (n, C) -> (n, K)."""
        return x @ self.weights + self.bias

    def moved(self, device: torch.device) -> "LinearHead":
        """The same on a device."""
        return LinearHead(self.weights.to(device), self.bias.to(device), self.seen.to(device))


def moments(x: Tensor, weights: Tensor, *, sample_size: int) -> Moments:
    """Of cells x (n, C) with ``weights`` (n,) > 0."""
    share = weights / weights.sum()
    scaled = x * share.sqrt()[:, None]
    picked = torch.linspace(0, len(x) - 1, min(sample_size, len(x))).round().long()
    spread = scaled if len(x) < x.shape[1] else scaled.T @ scaled
    return Moments(float(weights.sum()), share @ x, spread, x[picked.to(x.device)].clone())


def empty_sum(channels: int, device: torch.device) -> RowSum:
    """No marks yet."""
    zeros = torch.zeros(channels, channels, device=device)
    return RowSum(0.0, 0.0, torch.zeros(channels, device=device), zeros)


def solve(rows: dict[int, RowSum], *, row_count: int, ridge: float) -> LinearHead:
    """Fit one-hot rows; ``ridge`` > 0 is relative to the mean variance of a channel.

    On the CPU in float32: the penalty keeps the condition number far from 1 / epsilon.
    """
    order = sorted(rows)
    device = rows[order[0]].mean.device
    share = _row_shares([rows[row].count for row in order])
    means = torch.stack([rows[row].mean.cpu() / rows[row].weight for row in order])
    centre = share @ means  # (C,)
    covariance = _weighted_second([rows[row] for row in order], share)
    smallest = SMALLEST_PENALTY * float(covariance.diagonal().sum()) + TINY
    covariance.addr_(centre, centre, alpha=-1.0)
    # Cross moments of x with the one-hot target of row c: share_c * (mean_c - centre).
    cross = (share[:, None] * (means - centre)).T
    penalty = max(ridge * float(covariance.diagonal().mean()), smallest)
    covariance.diagonal().add_(penalty)
    slopes = torch.cholesky_solve(cross, torch.linalg.cholesky(covariance))
    weights = torch.zeros(len(centre), row_count)
    bias = torch.zeros(row_count)
    seen = torch.zeros(row_count, dtype=torch.bool)
    weights[:, order], bias[order], seen[order] = slopes, share - centre @ slopes, True
    return LinearHead(weights.to(device), bias.to(device), seen.to(device))


def _weighted_second(rows: list[RowSum], share: Tensor) -> Tensor:
    """(C, C) float32 on the CPU, always a new tensor."""
    total = torch.zeros_like(rows[0].second)
    for row, part in zip(rows, share.tolist(), strict=True):
        total.add_(row.second, alpha=part / row.weight)
    return total.cpu()


def _row_shares(counts: list[float]) -> Tensor:
    weights = torch.tensor(counts) ** BALANCE_POWER
    return weights / weights.sum()
