"""Prototypes: one mean feature per class, and how much each cell resembles it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from engines.fewshot.levels import unit

POOL_EPSILON = 1e-5  # PANet, masked average pooling
COSINE_SCALE = 20.0  # PANet, the factor alpha before the softmax


@dataclass(frozen=True, eq=False)
class Pool:
    """A weighted sum on its way to a mean: ``features`` (C,) and their total ``weight``."""

    features: Tensor
    weight: float

    def plus(self, other: "Pool") -> "Pool":
        """Of both areas."""
        return Pool(self.features + other.features, self.weight + other.weight)

    def mean(self) -> Tensor:
        """(C,): sum / (weight + 1e-5), close to zero for an empty area."""
        return self.features / (self.weight + POOL_EPSILON)


def pooled(features: Tensor, cells: Tensor, weights: Tensor) -> Pool:
    """features (C, h, w), cells (n,) of the flat grid, weights (n,) -> their weighted sum."""
    flat = features.flatten(1)
    at, share = cells.to(flat.device), weights.to(flat.device)
    return Pool(flat[:, at] @ share, float(weights.sum()))


def cosine_logits(features: Tensor, prototypes: Tensor) -> Tensor:
    """features (B, C, h, w), prototypes (K, C) -> (B, K, h, w): 20 x cosine similarity."""
    directions = torch.nn.functional.normalize(prototypes, dim=1)
    return COSINE_SCALE * torch.einsum("bchw,kc->bkhw", unit(features), directions)
