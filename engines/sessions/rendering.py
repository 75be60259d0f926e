"""From logits on a grid of cells to probabilities at the size of the answer."""

import math

import numpy as np
import torch
from torch import Tensor

from engines.exchange import Floats
from engines.fewshot.levels import enlarge
from engines.fewshot.method import UNSEEN_LOGIT
from engines.fewshot.refine import fast_guided_filter

REFINE_RADIUS = 1  # cells of the method's grid, 4 px at stride 4
REFINE_EPSILON = 1e-3  # of squared levels in [0, 1]
STRIP_VALUES = 1 << 22


def output_size(size: tuple[int, int], *, limit_px: int) -> tuple[int, int]:
    """(h, w) of the answer for an image (H, W): the same, or shrunk to ``limit_px`` pixels."""
    pixels = size[0] * size[1]
    if pixels <= limit_px:
        return size
    scale = math.sqrt(limit_px / pixels)
    return max(1, int(size[0] * scale)), max(1, int(size[1] * scale))


def refined(logits: Tensor, guide: Tensor) -> Tensor:
    """(1, K, h, w) -> (1, K, *guide size): edges follow the guide (1, 3, H, W)."""
    return fast_guided_filter(guide, logits, radius=REFINE_RADIUS, epsilon=REFINE_EPSILON)


def without_rows(logits: Tensor, rows: frozenset[int]) -> Tensor:
    """The same with no chance for ``rows``, unless nothing else were left."""
    k = logits.shape[1]
    barred = [row for row in rows if 0 <= row < k]
    peak = logits.amax(dim=(0, 2, 3))
    left = [row for row in range(k) if row not in rows and float(peak[row]) > UNSEEN_LOGIT / 2]
    if not barred or not left:
        return logits
    logits = logits.clone()
    logits[:, barred] = UNSEEN_LOGIT
    return logits


def probabilities(logits: Tensor, size: tuple[int, int]) -> Floats:
    """(1, K, h, w) -> (K, *size) float32 on the CPU, summing to 1 over K.

    One class is up-sampled at a time and the softmax runs in strips, in place: beside the answer
    only one channel and one strip are held.
    """
    k = logits.shape[1]
    answer = torch.empty((k, *size), dtype=torch.float32)
    for row in range(k):
        answer[row] = enlarge(logits[:, row : row + 1], size)[0, 0]
    step = max(1, STRIP_VALUES // (k * size[1]))
    for top in range(0, size[0], step):
        strip = answer[:, top : top + step]
        strip.copy_(strip.softmax(0))
    values: Floats = np.asarray(answer.numpy())
    return values
