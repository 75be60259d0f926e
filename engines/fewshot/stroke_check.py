"""The check that decides between ridge and net: strokes or images that neither has seen.

Where several images are marked whole images are left out, for neighbours within an image are
alike and a net that knows its images by heart would pass; within one image whole strokes are left
out. The net must have the better mean IoU and the smaller log loss there, both by a margin, and on
half of the parts at least; every tie goes to the ridge. Strokes keep to the middle of things and
say little of edges, so where only a small share of the images is marked the margins are wider.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.fewshot.labelled_cells import LabelledCells, PieceCells
from engines.fewshot.ridge import LinearHead, RowSum, empty_sum, moments, solve
from engines.reporting import Reporter

LARGEST_FOLDS = 4
ALWAYS_TEACHES = -1  # in place of the number of a fold
DENSE = 0.5  # share of the marked images that marks cover: above, masks rather than strokes
TEMPERATURES = torch.logspace(-0.5, 0.9, 29)  # 12 % apart


@dataclass(frozen=True, slots=True)
class Margin:
    """By how much a net must win: mean IoU (of 1), and a share of the ridge's log loss."""

    iou: float
    loss: float


# Chosen on 26 supports of five sets: smaller ones took nets that lost up to 4 points on nuclei and
# camvid images unlike the marked ones.
DENSE_MARGIN = Margin(0.015, 0.07)
SPARSE_MARGIN = Margin(0.05, 0.25)


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of pieces: ``taught`` and ``judged`` share no image or, in one image, no stroke."""

    number: int
    taught: list[int]
    judged: list[int]


@dataclass(frozen=True, eq=False)
class FoldScores:
    """Of cells left out: ``logits`` (m, K), ``rows``, ``weights`` summing to 1, ``areas`` (m,)."""

    logits: Tensor
    rows: Tensor
    weights: Tensor
    areas: Tensor


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mean IoU in [0, 1] over all parts pooled; mean log loss, and that of each part."""

    iou: float
    loss: float
    losses: tuple[float, ...]

    def beats(self, other: "Verdict", margin: Margin) -> bool:
        """Whether this is better by a margin in both, and on half of the parts or more."""
        if self.iou < other.iou + margin.iou or self.loss > other.loss * (1 - margin.loss):
            return False
        better = sum(one < two for one, two in zip(self.losses, other.losses, strict=True))
        return 2 * better >= len(self.losses)


def folds_of(pieces: Sequence[PieceCells]) -> list[Fold]:
    """At most `LARGEST_FOLDS`; none where nothing can be left out.

    Appended pieces never change the part of those before, so that training may go on.
    """
    by_image = len({one.image for one in pieces}) > 1
    parts = _image_parts(pieces) if by_image else _stroke_parts(pieces)
    found = []
    for part in sorted(set(parts) - {ALWAYS_TEACHES}):
        taught = [place for place, of in enumerate(parts) if of != part]
        known = {pieces[place].row for place in taught}
        judged = [p for p, of in enumerate(parts) if of == part and pieces[p].row in known]
        if len(known) > 1 and judged:
            found.append(Fold(part, taught, judged))
    return found


def can_leave_out(rows_of_images: Sequence[Sequence[int]]) -> bool:
    """Whether there may be folds at all, from the rows of the pieces of each marked image."""
    if len(rows_of_images) != 1:
        return len(rows_of_images) > 1
    return len(set(rows_of_images[0])) < len(rows_of_images[0])


def margin_for(pieces: Sequence[PieceCells]) -> Margin:
    """Wider where marks cover little of the images they are on."""
    images = len({one.image for one in pieces})
    covered = math.fsum(one.share for one in pieces)
    return DENSE_MARGIN if covered >= DENSE * images else SPARSE_MARGIN


def fold_ridges(
    pieces: Sequence[PieceCells],
    folds: Sequence[Fold],
    *,
    row_count: int,
    ridge: float,
    reporter: Reporter,
) -> list[LinearHead]:
    """What a ridge learns from the taught pieces of every fold; each piece is read once."""
    sums: dict[tuple[int, int], RowSum] = {}  # fold that judges, row
    part_of = {place: fold.number for fold in folds for place in _left_out(fold, len(pieces))}
    for place, one in enumerate(pieces):
        reporter.raise_if_cancelled()
        at = part_of.get(place, ALWAYS_TEACHES), one.row
        weights = torch.full((len(one.x),), one.count / len(one.x))
        before = sums.get(at) or empty_sum(one.x.shape[1], one.x.device)
        sums[at] = before.plus(moments(one.x, weights, sample_size=1))
    heads = []
    for fold in folds:
        rows: dict[int, RowSum] = {}
        for (part, row), more in sorted(sums.items()):
            if part != fold.number:
                rows[row] = rows[row].joined(more) if row in rows else more
        heads.append(solve(rows, row_count=row_count, ridge=ridge))
    return heads


def cells_of(cells: LabelledCells, fold: Fold) -> Tensor:
    """(m,) the cells of the judged pieces."""
    judged = torch.zeros(len(cells.pieces), dtype=torch.bool)
    judged[fold.judged] = True
    return judged[cells.piece].nonzero()[:, 0]


def judged(cells: LabelledCells, fold: Fold, logits: Tensor) -> FoldScores:
    """Logits (m, K) that somebody gave to `cells_of` a fold, beside the truth."""
    at = cells_of(cells, fold)
    return FoldScores(logits, cells.rows[at], cells.weights(fold.judged)[at], cells.areas[at])


def verdict(parts: Sequence[FoldScores], temperature: float) -> Verdict:
    """Of all parts together, logits divided by a temperature."""
    losses = tuple(_loss(one, temperature) for one in parts)
    return Verdict(_iou(parts), math.fsum(losses) / len(losses), losses)


def best_temperature(parts: Sequence[FoldScores]) -> float:
    """The one at which what was left out is likeliest (Guo et al., ICML 2017)."""
    losses = [math.fsum(_loss(one, float(t)) for one in parts) for t in TEMPERATURES]
    return float(TEMPERATURES[losses.index(min(losses))])


def _left_out(fold: Fold, count: int) -> list[int]:
    """All pieces that the fold is not taught, judged or not."""
    taught = set(fold.taught)
    return [place for place in range(count) if place not in taught]


def _image_parts(pieces: Sequence[PieceCells]) -> list[int]:
    return [one.image % LARGEST_FOLDS for one in pieces]


def _stroke_parts(pieces: Sequence[PieceCells]) -> list[int]:
    """Every row's strokes in turn to two parts; the only stroke of a row is never left out."""
    totals: defaultdict[int, int] = defaultdict(int)
    for one in pieces:
        totals[one.row] += 1
    seen: defaultdict[int, int] = defaultdict(int)
    parts = []
    for one in pieces:
        parts.append(seen[one.row] % 2 if totals[one.row] > 1 else ALWAYS_TEACHES)
        seen[one.row] += 1
    return parts


def _loss(one: FoldScores, temperature: float) -> float:
    scaled = one.logits / temperature
    right = scaled.gather(1, one.rows[:, None])[:, 0]
    return float((scaled.logsumexp(1) - right) @ one.weights)


def _iou(parts: Sequence[FoldScores]) -> float:
    """Mean over the rows that were left out of intersection over union, by area."""
    rows = parts[0].logits.shape[1]
    both, either = torch.zeros(rows), torch.zeros(rows)
    present = torch.zeros(rows, dtype=torch.bool)
    for one in parts:
        guess, areas = one.logits.argmax(1), one.areas
        hit = guess == one.rows
        both.index_add_(0, guess[hit], areas[hit])
        either.index_add_(0, guess, areas)
        either.index_add_(0, one.rows[~hit], areas[~hit])
        present[one.rows] = True
    return float((both[present] / either[present]).mean())
