"""A small network on top of the ridge: one hidden layer that learns what a plane leaves over.

Scores are the ridge's log odds plus ``relu(x A + a) B + b``; B starts at zero, so training starts
at the ridge's own answer (boosting a linear model: Friedman, 2001). Gradients of the cross entropy
are written out, for two layers need no graph; steps are AdamW's (Loshchilov and Hutter, 2019), and
what answers is the running mean of the weights (Polyak and Juditsky, 1992), so that training may
stop after any step.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from engines.fewshot.labelled_cells import LabelledCells
from engines.fewshot.method import UNSEEN_LOGIT
from engines.fewshot.representation import Representation
from engines.fewshot.ridge import TINY, LinearHead
from engines.precision import has_bfloat16_units

HIDDEN = 128
BATCH = 512  # cells of a step
RATE = 3e-3
DECAY = 1e-2  # of the weights, times the rate
DROPPED = 0.3  # share of hidden units that rest in a step (Srivastava et al., 2014)
MEAN_WINDOW = 25.0  # steps that the mean of the weights looks back on
WARM_UP = 10  # steps in which the rate grows

Weights = tuple[Tensor, Tensor, Tensor, Tensor]  # A (C, P), a (P,), B (P, K), b (K,)


@dataclass(frozen=True, eq=False)
class MlpHead:
    """``first`` (C, P + K): the hidden units and the ridge's log odds; ``outer`` (P, K).

    ``offset`` (K,); answers are divided by ``temperature``; rows not ``seen`` are never answered.
    """

    first: LinearHead
    outer: Tensor
    offset: Tensor
    seen: Tensor
    temperature: float = 1.0

    def scores(self, x: Tensor) -> Tensor:
        """x (n, C) -> logits (n, K)."""
        return self._finished(self.first.scores(x))

    def on(self, prepared: list[Tensor], how: Representation) -> Tensor:
        """Every cell of a prepared image -> logits (B, K, h, w)."""
        inner = how.scores(prepared, self.first)
        return self._finished(inner.movedim(1, -1)).movedim(-1, 1).contiguous()

    def moved(self, device: torch.device) -> "MlpHead":
        """The same on a device."""
        return MlpHead(
            self.first.moved(device),
            self.outer.to(device),
            self.offset.to(device),
            self.seen.to(device),
            self.temperature,
        )

    def cooled(self, temperature: float) -> "MlpHead":
        """The same with another temperature."""
        return replace(self, temperature=temperature)

    def _finished(self, inner: Tensor) -> Tensor:
        units = len(self.outer)
        added = inner[..., :units].relu() @ self.outer + self.offset
        answer = (inner[..., units:] + added) / self.temperature
        return answer.masked_fill(~self.seen, UNSEEN_LOGIT)


@dataclass(frozen=True, eq=False)
class StandardCells:
    """Cells as nets see them: ``x`` (n, C) centred and scaled, in bfloat16 where that is faster.

    One number scales all channels: dividing each by its own deviation cost up to two points, for
    it makes faint channels loud.
    """

    cells: LabelledCells
    x: Tensor
    centre: Tensor
    scale: float

    @classmethod
    def of(cls, cells: LabelledCells) -> "StandardCells":
        """Made once for all nets that learn from some of these cells."""
        weights = cells.weights(range(len(cells.pieces)))
        centre = weights @ cells.x
        x = cells.x - centre
        scale = 1.0 / (float(weights @ x.square().mean(1)) + TINY) ** 0.5
        return cls(cells, x.mul_(scale).to(_precision()), centre, scale)


class MlpTraining:
    """A net learning from the pieces at ``places``, on top of ``skip``. Equal seed, equal bits.

    ``start`` are weights to go on from, of equal shape.
    """

    def __init__(
        self,
        standard: StandardCells,
        places: list[int],
        skip: LinearHead,
        *,
        seed: int,
        start: Weights | None = None,
    ) -> None:
        self._standard = standard
        self._skip = skip
        self._draw = torch.Generator().manual_seed(seed)
        self._shares = standard.cells.weights(places)
        self._base = skip.scores(standard.cells.x).masked_fill(~skip.seen, UNSEEN_LOGIT)
        channels, rows = standard.x.shape[1], len(skip.bias)
        self._weights = _copied(start) if start else _fresh(channels, rows, self._draw)
        self._mean = _copied(self._weights)
        layers, biases = self._weights[::2], self._weights[1::2]
        groups: list[dict[str, Any]] = [
            {"params": layers, "weight_decay": DECAY},
            {"params": biases},
        ]
        self._descent = torch.optim.AdamW(
            groups, lr=RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=True
        )
        self.steps = 0

    @property
    def weights(self) -> Weights:
        """What another training may start from; a copy."""
        return _copied(self._mean)

    def step(self) -> None:
        """One batch, drawn by weight."""
        rows = self._standard.cells.rows
        count = min(BATCH, 4 * len(rows))
        drawn = torch.multinomial(self._shares, count, replacement=True, generator=self._draw)
        x, (inner, offset, outer, bias) = self._standard.x[drawn], self._weights
        rest = torch.rand(count, HIDDEN, generator=self._draw) >= DROPPED
        units = (x @ inner.to(x.dtype)).float().add_(offset).relu_().mul_(rest).div_(1 - DROPPED)
        wrong = torch.addmm(bias, units, outer).add_(self._base[drawn]).softmax(1)
        wrong[torch.arange(count), rows[drawn]] -= 1.0
        wrong.div_(count)
        back = (wrong @ outer.T).mul_(units > 0).div_(1 - DROPPED)
        first = (x.T @ back.to(x.dtype)).float()
        self._descend((first, back.sum(0), units.T @ wrong, wrong.sum(0)))

    def logits(self, places: Tensor) -> Tensor:
        """Cells (m,) of the table -> logits (m, K), as `head` would score them."""
        x, (inner, offset, outer, bias) = self._standard.x[places], self._mean
        units = (x @ inner.to(x.dtype)).float().add_(offset).relu_()
        return torch.addmm(bias, units, outer).add_(self._base[places])

    def head(self) -> MlpHead:
        """What was learned so far."""
        inner, offset, outer, bias = self._mean
        slopes = inner * self._standard.scale
        first = LinearHead(
            torch.cat([slopes, self._skip.weights], dim=1),
            torch.cat([offset - self._standard.centre @ slopes, self._skip.bias]),
            torch.cat([torch.ones(HIDDEN, dtype=torch.bool), self._skip.seen]),
        )
        return MlpHead(first, outer.clone(), bias.clone(), self._skip.seen)

    def _descend(self, gradients: Weights) -> None:
        self.steps += 1
        for group in self._descent.param_groups:
            group["lr"] = RATE * min(1.0, self.steps / WARM_UP)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        self._descent.step()
        share = max(1 / (self.steps + 1), 1 / MEAN_WINDOW)
        for mean, weight in zip(self._mean, self._weights, strict=True):
            mean.lerp_(weight, share)


def _fresh(channels: int, rows: int, draw: torch.Generator) -> Weights:
    reach = channels**-0.5
    inner = (torch.rand(channels, HIDDEN, generator=draw) * 2 - 1) * reach
    offset = (torch.rand(HIDDEN, generator=draw) * 2 - 1) * reach
    return inner, offset, torch.zeros(HIDDEN, rows), torch.zeros(rows)


def _copied(weights: Weights) -> Weights:
    one, two, three, four = (weight.detach().clone() for weight in weights)
    return one, two, three, four


@cache
def _precision() -> torch.dtype:
    """Products of these sizes took an eighth of the time on a processor with AMX."""
    return torch.bfloat16 if has_bfloat16_units() else torch.float32
