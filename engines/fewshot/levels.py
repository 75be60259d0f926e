"""Levels: unit-length feature maps of several strides, read as one long vector per cell.

The finest map gives the grid. A coarser map is read at a cell as bilinear interpolation with
``align_corners=False`` would, so a linear head may be applied at native resolution and its K
outputs up-sampled and summed instead: both give the same numbers.

A map with more channels than `CHANNEL_LIMIT` is read along that many fixed random directions
(Johnson and Lindenstrauss, 1984): second moments of a mark have C * C entries, so the 5,888
channels of a ResNet-50 would take 140 MB per stroke and seconds to solve.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import FeatureMaps, MapSpec

CHANNEL_LIMIT = 256  # halved the time on MobileNetV1 for 0.4 weighted IoU (faces, 5 shots)
TINY = 1e-6  # keeps the length of an all-zero vector from dividing by zero


@dataclass(frozen=True, slots=True)
class Level:
    """``source`` indexes the backbone's maps; ``window`` > 1 averages so many cells squared."""

    source: int
    window: int = 1


def plan_levels(specs: tuple[MapSpec, ...], *, context: int) -> tuple[Level, ...]:
    """Every map once; ``context`` > 1 adds the deepest map averaged over a window of that size."""
    levels = tuple(Level(source) for source in range(len(specs)))
    if context <= 1:
        return levels
    return (*levels, Level(len(specs) - 1, context))


def grid_of(features: FeatureMaps) -> tuple[int, int]:
    """(h, w) of the finest map."""
    h, w = features.maps[0].shape[-2:]
    return int(h), int(w)


def unit_maps(features: FeatureMaps, levels: tuple[Level, ...]) -> list[Tensor]:
    """One (B, C, h, w) float32 map per level, C at most `CHANNEL_LIMIT`.

    Every pixel has length 1 before it is narrowed and averaged.
    """
    normed = [narrowed(unit(one.float())) for one in features.maps]
    return [window_mean(normed[level.source], level.window) for level in levels]


def unit(features: Tensor) -> Tensor:
    """(B, C, h, w) divided by the length over C; zero vectors stay zero."""
    length = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    directions: Tensor = features / length.clamp_min(TINY)
    return directions


def narrowed(features: Tensor) -> Tensor:
    """(B, C, h, w) along at most `CHANNEL_LIMIT` directions; few channels stay as they are.

    Lengths are kept in the mean.
    """
    channels = features.shape[1]
    if channels <= CHANNEL_LIMIT:
        return features
    directions = _directions(channels).to(features.device)
    return F.conv2d(features, directions[:, :, None, None])


@lru_cache(maxsize=16)
def _directions(channels: int) -> Tensor:
    """(CHANNEL_LIMIT, C) orthogonal rows, the same in every run and on every device."""
    draw = torch.Generator().manual_seed(channels)
    columns, _ = torch.linalg.qr(torch.randn(channels, CHANNEL_LIMIT, generator=draw))
    directions: Tensor = columns.T.contiguous() * (channels / CHANNEL_LIMIT) ** 0.5
    return directions


def window_mean(features: Tensor, window: int) -> Tensor:
    """(B, C, h, w) averaged over ``window`` x ``window`` cells, fewer at the border."""
    if window <= 1:
        return features
    for axis in (2, 3):
        features = _axis_mean(features, axis, window // 2)
    return features


def gather(maps: list[Tensor], cells: Tensor) -> Tensor:
    """Read cells of the finest grid: maps of batch 1, cells (n,) -> (n, sum of C)."""
    h, w = maps[0].shape[-2:]
    at = cells.to(maps[0].device)
    return torch.cat([_read(one, at, (int(h), int(w))) for one in maps], dim=1)


def apply_head(maps: list[Tensor], weights: Tensor, bias: Tensor) -> Tensor:
    """A linear head on every cell: weights (sum of C, K), bias (K,) -> (B, K, h, w) finest grid."""
    grid = maps[0].shape[-2:]
    total = bias.reshape(1, -1, 1, 1)
    first = 0
    for one in maps:
        head = weights[first : first + one.shape[1]].T[:, :, None, None]
        part = F.conv2d(one, head.contiguous())
        total = total + enlarge(part, (int(grid[0]), int(grid[1])))
        first += one.shape[1]
    return total


def enlarge(features: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, C, h, w) -> (B, C, *size), bilinear, ``align_corners=False``."""
    if tuple(features.shape[-2:]) == size:
        return features
    planes = enlarged_lines(features.flatten(0, 1), size, 0, size[0])
    return planes.reshape(*features.shape[:2], *size)


def enlarged_lines(planes: Tensor, size: tuple[int, int], top: int, bottom: int) -> Tensor:
    """Lines ``top`` to ``bottom`` of planes (P, h, w) enlarged to ``size``: (P, lines, size[1]).

    One axis after the other, which takes half the time of both at once. A new tensor.
    """
    lines = torch.arange(top, bottom, device=planes.device)
    if planes.shape[1] == size[0]:
        tall = planes[:, lines]
    else:
        low, high, share = _corners(lines, size[0], int(planes.shape[1]))
        tall = torch.lerp(planes[:, low], planes[:, high], share)
    if planes.shape[2] == size[1]:
        return tall
    wide = F.interpolate(tall.flatten(0, 1)[None], size=size[1], mode="linear", align_corners=False)
    return wide.reshape(*tall.shape[:2], size[1])


def _axis_mean(features: Tensor, axis: int, reach: int) -> Tensor:
    """Mean over cells up to ``reach`` away on one axis; shifted sums beat pooling on CPUs."""
    length = features.shape[axis]
    total = features.clone()
    counts = torch.ones(length, device=features.device, dtype=features.dtype)
    for shift in range(1, min(reach, length - 1) + 1):
        rest = length - shift
        total.narrow(axis, shift, rest).add_(features.narrow(axis, 0, rest))
        total.narrow(axis, 0, rest).add_(features.narrow(axis, shift, rest))
        counts[shift:] += 1
        counts[:rest] += 1
    return total.div_(counts[:, None] if axis == 2 else counts)


def _read(features: Tensor, cells: Tensor, grid: tuple[int, int]) -> Tensor:
    """(1, C, h, w) read at cells (n,) of ``grid`` -> (n, C)."""
    h, w = features.shape[-2:]
    flat = features[0].flatten(1).T  # (h * w, C)
    if (h, w) == grid:
        return flat[cells]
    row, column = cells // grid[1], cells % grid[1]
    (y0, y1, fy), (x0, x1, fx) = _corners(row, grid[0], int(h)), _corners(column, grid[1], int(w))
    top = torch.lerp(flat[y0 * w + x0], flat[y0 * w + x1], fx)
    bottom = torch.lerp(flat[y1 * w + x0], flat[y1 * w + x1], fx)
    return torch.lerp(top, bottom, fy)


def _corners(index: Tensor, fine: int, coarse: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lower and upper coarse index of each fine index, and the share (n, 1) of the upper one."""
    source = ((index.float() + 0.5) * (coarse / fine) - 0.5).clamp_min(0)
    low = source.long().clamp_max(coarse - 1)
    return low, (low + 1).clamp_max(coarse - 1), (source - low)[:, None]
