"""The loss of one episode: the query by the supports' prototypes, and the supports by the query's.

Masked average pooling is PANet's late fusion: features are thought up-sampled to the mask, which is
done here by its adjoint, the mask spread bilinearly over the cells; both give the same mean.
Prototypes: per class the mean over its shots, one shared background as the mean over all. Logits
are 20 times the cosine on the grid of features, up-sampled to the image. PAR (section 3.3 of the
paper) turns the episode round: what the query was taken for, hard and cell by cell, gives
prototypes, and with background and class alone every support is segmented in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.exchange import UNLABELLED_ROW, RowMap
from engines.fewshot.cues import Matrix, bilinear_axis
from engines.fewshot.prototypes import POOL_EPSILON, cosine_logits


@dataclass(frozen=True, eq=False)
class Scene:
    """One view as the loss sees it: ``features`` (C, h, w) and ``rows`` (H, W) of the episode.

    Rows: 0 background, 1 to N the classes of the episode, 255 unsaid.
    """

    features: Tensor
    rows: RowMap


@dataclass(frozen=True, eq=False)
class EpisodeLoss:
    """Both parts, each a scalar with its graph."""

    query: Tensor
    alignment: Tensor


def episode_loss(support: Sequence[Sequence[Scene]], query: Scene) -> EpisodeLoss:
    """``support`` N x K scenes. Cross-entropy of the query and of PAR; unsaid pixels do not count.

    The foreground of ``support[n]`` is row n + 1; pixels of the episode's other classes are neither
    its foreground nor its background.
    """
    logits = query_logits(support, query.features)
    return EpisodeLoss(_cross_entropy(logits, query.rows), alignment_loss(support, query, logits))


def query_logits(support: Sequence[Sequence[Scene]], query: Tensor) -> Tensor:
    """(1, N + 1, h, w) for query features (C, h, w)."""
    return cosine_logits(query[None], prototypes(support))


def prototypes(support: Sequence[Sequence[Scene]]) -> Tensor:
    """(N + 1, C): the shared background, then each class."""
    classes, grounds = [], []
    for row, shots in enumerate(support, start=1):
        classes.append(torch.stack([_pooled(one, one.rows == row) for one in shots]).mean(0))
        grounds += [_pooled(one, one.rows == 0) for one in shots]
    return torch.stack([torch.stack(grounds).mean(0), *classes])


def alignment_loss(support: Sequence[Sequence[Scene]], query: Scene, logits: Tensor) -> Tensor:
    """PAR: averaged over all ways and shots; ways that were predicted nowhere add nothing."""
    taken_for = logits.detach()[0].argmax(0)  # (h, w): hard, so no gradient passes through it
    ground = _mean_where(query.features, taken_for == 0)
    total = query.features.new_zeros(())
    for row, shots in enumerate(support, start=1):
        there = taken_for == row
        if not bool(there.any()):
            continue
        pair = torch.stack([ground, _mean_where(query.features, there)])
        for one in shots:
            turned = cosine_logits(one.features[None], pair)
            total = total + _cross_entropy(turned, _two_rows(one.rows, row)) / len(shots)
    return total / len(support)


def mask_weights(mask: np.ndarray, grid: tuple[int, int]) -> Tensor:
    """(H, W) bool -> (h * w,) float32: the mask as seen from cells that are up-sampled to it."""
    down, across = _axis(mask.shape[0], grid[0]), _axis(mask.shape[1], grid[1])
    spread = down @ mask.astype(np.float32) @ across.T
    return torch.from_numpy(np.ascontiguousarray(spread).reshape(-1))


def _pooled(scene: Scene, mask: np.ndarray) -> Tensor:
    h, w = scene.features.shape[-2:]
    weights = mask_weights(mask, (int(h), int(w))).to(scene.features.device)
    return scene.features.flatten(1) @ weights / (weights.sum() + POOL_EPSILON)


def _mean_where(features: Tensor, cells: Tensor) -> Tensor:
    """(C, h, w) over the cells (h, w) bool -> (C,)."""
    weights = cells.flatten().to(features.dtype)
    return features.flatten(1) @ weights / (weights.sum() + POOL_EPSILON)


def _two_rows(rows: RowMap, row: int) -> RowMap:
    """1 where it is that row, 0 background, everything else unsaid."""
    pair: RowMap = np.full_like(rows, UNLABELLED_ROW)
    pair[rows == row] = 1
    pair[rows == 0] = 0
    return pair


def _cross_entropy(logits: Tensor, rows: RowMap) -> Tensor:
    """logits (1, K, h, w), up-sampled to rows (H, W). 0 where all is unsaid."""
    truth = torch.from_numpy(rows.astype(np.int64)).to(logits.device)
    large = F.interpolate(logits, size=rows.shape, mode="bilinear", align_corners=False)
    total = F.cross_entropy(large, truth[None], ignore_index=UNLABELLED_ROW, reduction="sum")
    return total / max(1, int((rows != UNLABELLED_ROW).sum()))


@lru_cache(maxsize=256)
def _axis(size: int, cells: int) -> Matrix:
    return bilinear_axis(0, size, size, cells)
