"""A short description of a whole image, by which images can be told to be alike or not."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.exchange import Floats
from engines.fewshot.levels import TINY, unit

DESCRIPTOR_LENGTH = 64
SAMPLED_CELLS = 1024  # of each map: enough for a mean, and a millisecond's work


def described(features: FeatureMaps) -> Floats:
    """(d,) float32 of unit length, d at most 64, from maps of batch 1.

    Mean and deviation over evenly sampled cells of the unit vectors of every map, read along fixed
    random directions (Johnson and Lindenstrauss, 1984): images that look alike lie close together.
    """
    pooled = torch.cat([_pooled(one) for one in features.maps])
    short = _directions(len(pooled)) @ pooled if len(pooled) > DESCRIPTOR_LENGTH else pooled
    answer: Floats = (short / torch.linalg.vector_norm(short).clamp_min(TINY)).numpy()
    return answer


def _pooled(features: Tensor) -> Tensor:
    """(1, C, h, w) -> (2 C,) on the CPU."""
    h, w = features.shape[-2:]
    step = max(1, math.isqrt(h * w // SAMPLED_CELLS))
    directions = unit(features[..., step // 2 :: step, step // 2 :: step].float())[0].flatten(1)
    deviation, mean = torch.std_mean(directions, dim=1, correction=0)
    return torch.cat([mean, deviation]).cpu()


@lru_cache(maxsize=4)
def _directions(length: int) -> Tensor:
    draw = torch.Generator().manual_seed(length)
    return torch.randn(DESCRIPTOR_LENGTH, length, generator=draw)
