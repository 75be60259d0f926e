"""From logits straight to rows: which row wins at every pixel and by how much, strip by strip.

Only differences of logits matter to both, so the first row that has a chance is taken off all
others, and rows without a chance are left out: a plane less to refine and enlarge each.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engines.exchange import BACKGROUND_ROW, Query
from engines.fewshot.levels import enlarged_lines
from engines.fewshot.method import UNSEEN_LOGIT
from engines.fewshot.refine import GuideField, applied
from engines.reporting import Reporter
from engines.row_map import Bytes, RowAnswer, hard_marks, paint, settle

DOUBT_SIDE = 512  # long side at most of the uncertainty
STRIP_VALUES = 1 << 18  # differences looked at in one go: they stay in the processor's cache


def standing_rows(logits: Tensor, barred: frozenset[int]) -> list[int]:
    """Rows of logits (1, K, h, w) that have a chance; ``barred`` ones only if no other has."""
    peaks = logits.amax(dim=(0, 2, 3)).tolist()
    known = [row for row, peak in enumerate(peaks) if peak > UNSEEN_LOGIT / 2]
    return [row for row in known if row not in barred] or known or [BACKGROUND_ROW]


def differences(logits: Tensor, rows: list[int]) -> Tensor:
    """(1, K, h, w) -> (n - 1, h, w): the later of n ``rows`` less the first."""
    return logits[0, rows[1:]] - logits[0, rows[0]]


def refined_strips(
    planes: Tensor, guide: Tensor, field: GuideField, size: tuple[int, int]
) -> Iterator[Tensor]:
    """Planes (P, h, w) that follow the guide (3, H, W), as strips of an image of ``size``."""
    strips = applied(guide, field.coefficients(planes))
    if tuple(guide.shape[-2:]) == size:
        yield from strips
    else:
        yield from enlarged_strips(torch.cat(list(strips), dim=1), size)


def enlarged_strips(planes: Tensor, size: tuple[int, int]) -> Iterator[Tensor]:
    """Planes (P, h, w) as strips (P, lines, W) of an image of ``size`` (H, W), from the top."""
    step = max(1, STRIP_VALUES // (size[1] * max(1, len(planes))))
    for top in range(0, size[0], step):
        yield enlarged_lines(planes, size, top, min(top + step, size[0]))


def ranked(
    strips: Iterator[Tensor],
    rows: list[int],
    query: Query,
    reporter: Reporter,
    *,
    threshold: float,
    version: int,
) -> RowAnswer:
    """The answer to a query from strips of differences to the first of ``rows``.

    Uncertainty is 1 - (p1 - p2) of the two likeliest rows at every s-th pixel of every s-th line,
    s the smallest step at which the long side is at most `DOUBT_SIDE`.
    """
    height, width = query.image.size
    step = -(-max(height, width) // DOUBT_SIDE)
    found = np.empty((height, width), np.uint8)
    doubt = np.empty((-(-height // step), -(-width // step)), np.uint8)
    table = np.array(rows, np.uint8)
    top = 0
    for strip in strips:
        reporter.raise_if_cancelled()
        bottom = top + strip.shape[1]
        places, first, second = _best_two(strip)
        lines = slice(-(-top // step), -(-bottom // step))
        sampled = (..., slice(-top % step, None, step), slice(None, None, step))
        doubt[lines] = _doubt(strip[sampled], first[sampled], second[sampled])
        found[top:bottom] = table[places.cpu().numpy()]
        if threshold > 0:
            found[top:bottom][_unsure(strip, first, threshold)] = BACKGROUND_ROW
        top = bottom
    for mark in hard_marks(query.fixed):
        paint(found, mark)
    settle(doubt, query.fixed, step)
    return RowAnswer(found, doubt, float(doubt.mean()) / 255, version)


def _best_two(strip: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of 0 and the planes (P, h, w): place of the largest, its value, and the next value."""
    first = strip.new_zeros(strip.shape[1:])
    second = torch.full_like(first, UNSEEN_LOGIT)
    places = torch.zeros(first.shape, dtype=torch.uint8, device=strip.device)
    for place, plane in enumerate(strip, start=1):
        places.masked_fill_(plane > first, place)
        second = torch.maximum(second, torch.minimum(first, plane))
        first = torch.maximum(first, plane)
    return places, first, second


def _total(strip: Tensor, first: Tensor) -> Tensor:
    """Sum of exp over 0 and all planes, in units of the largest: 1 / p1."""
    total = (-first).exp_()
    for plane in strip:
        total += (plane - first).exp_()
    return total


def _doubt(strip: Tensor, first: Tensor, second: Tensor) -> Bytes:
    margin = (1 - (second - first).exp_()).div_(_total(strip, first))
    values: Bytes = (1 - margin).mul_(255).round_().to(torch.uint8).cpu().numpy()
    return values


def _unsure(strip: Tensor, first: Tensor, threshold: float) -> Bytes:
    """Where the likeliest row is less likely than the threshold."""
    below: Bytes = (_total(strip, first).reciprocal_() < threshold).cpu().numpy()
    return below
