"""What is inside a box: sorted into object and rest by a model of that one image.

Four rounds of self-labelling in the spirit of GrabCut (Rother et al., 2004), with a ridge in the
place of colour mixtures: first all of the inside against the ring, then the likelier cells against
the ring and the unlikelier ones. What ends as unlikely is left out, not called background, for
another object may sit in the same box. The model sees one image and one box, so that the evidence
of a box does not change when marks elsewhere do.
"""

import torch
from torch import Tensor

from engines.fewshot.cues import CellWeights
from engines.fewshot.ridge import empty_sum, moments, solve

ROUNDS = 4
BOX_RIDGE = 20.0  # strong, lest the model learns the border of the box by heart
SMALLEST_SHARE = 0.2  # of a box's cells that always stay: an object touches its box's sides


def object_cells(
    inside: CellWeights, x_inside: Tensor, x_ring: Tensor, ring: Tensor
) -> CellWeights:
    """The cells of a box that look unlike its surroundings.

    x_inside (n, C) belongs to ``inside``; x_ring (m, C) has weights ``ring`` (m,).
    """
    kept = torch.ones(len(x_inside), dtype=torch.bool, device=x_inside.device)
    weights = inside.weights.to(x_inside.device)
    least = max(1, round(SMALLEST_SHARE * len(kept)))
    for _ in range(ROUNDS):
        rest = ~kept
        x_back = torch.cat([x_ring, x_inside[rest]])
        back = torch.cat([ring.to(x_inside.device), weights[rest]])
        margin = _margin(x_inside[kept], weights[kept], x_back, back, x_inside)
        kept = (margin > 0) | (margin >= margin.topk(least).values[-1])
    chosen = kept.cpu()
    return CellWeights(inside.cells[chosen], inside.weights[chosen])


def _margin(x: Tensor, w: Tensor, x_back: Tensor, w_back: Tensor, queries: Tensor) -> Tensor:
    """(n,): score of object minus score of background for each query cell."""
    rows = {
        row: empty_sum(x.shape[1], x.device).plus(moments(cells, weights, sample_size=1))
        for row, cells, weights in ((0, x_back, w_back), (1, x, w))
    }
    scores = solve(rows, row_count=2, ridge=BOX_RIDGE).scores(queries)
    margin: Tensor = scores[:, 1] - scores[:, 0]
    return margin
