"""Crops: what a step of training looks at, the same for the same seed and step on every machine."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.distillation.pictures import Picture, PicturePool

CROPS_PER_PICTURE = 4  # decoding is dearer than cropping
SMALLEST_PART = 0.35  # of the shorter side
LARGEST_STRETCH = 1.25


def crop_batch(
    pool: PicturePool, weights: npt.NDArray[np.float64], count: int, side: int, seed: int
) -> Tensor:
    """(count, 3, side, side) float32 in [0, 1]; pictures are drawn by ``weights``, which sum to 1.

    Squares of random place and size, some mirrored, scaled to ``side``.
    """
    draw = np.random.default_rng(seed)
    pictures = -(-count // CROPS_PER_PICTURE)
    numbers = draw.choice(len(pool), pictures, p=weights)
    crops = [
        _crop(pool.picture(int(number)), side, draw)
        for number in numbers
        for _ in range(CROPS_PER_PICTURE)
    ]
    stacked = torch.from_numpy(np.stack(crops[:count]))
    return stacked.permute(0, 3, 1, 2).float().div_(255)


def even_weights(groups: Sequence[str], shares: dict[str, float]) -> npt.NDArray[np.float64]:
    """(n,) how often each picture is drawn: groups by their share, equally often within a group.

    A group without a share counts by the number of its pictures, beside the shares given.
    """
    names, members = np.unique(np.asarray(groups), return_inverse=True)
    counts = np.bincount(members)
    free = 1.0 - sum(shares.get(str(name), 0.0) for name in names)
    rest = sum(int(c) for n, c in zip(names, counts, strict=True) if str(n) not in shares)
    portion = np.array(
        [
            shares.get(str(name), free * count / max(rest, 1))
            for name, count in zip(names, counts, strict=True)
        ]
    )
    weights = (portion / counts)[members]
    return np.asarray(weights / weights.sum(), np.float64)


def jitter(images: Tensor, strength: float, draw: torch.Generator) -> Tensor:
    """Brightness, contrast, colour and noise, drawn per image; (B, 3, H, W) in [0, 1] stays so."""
    B = len(images)

    def spread(width: float) -> Tensor:
        drawn = torch.rand(B, 1, 1, 1, generator=draw).to(images.device)
        return 1 + width * strength * (2 * drawn - 1)

    mean = images.mean((1, 2, 3), keepdim=True)
    out = (images - mean) * spread(0.6) + mean * spread(0.5)
    grey = out.mean(1, keepdim=True)
    out = grey + (out - grey) * spread(0.8)
    tint = torch.rand(B, 3, 1, 1, generator=draw).to(images.device) - 0.5
    noise = torch.randn(images.shape, generator=draw).to(images.device)
    return (out + 0.2 * strength * tint + 0.03 * strength * noise).clamp(0, 1)


def second_view(images: Tensor, side: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Windows of the images at another scale: (B, 3, side, side), and boxes (B, 4) in [-1, 1].

    A box is x0, y0, x1, y1 of the window in the coordinates of `grid_sample`.
    """
    B = len(images)
    part = 0.5 + 0.5 * torch.rand(B, 1, generator=draw)
    corner = -1 + 2 * (1 - part) * torch.rand(B, 2, generator=draw)
    boxes = torch.cat((corner, corner + 2 * part), 1).to(images.device)
    grid = window_grid(boxes, side)
    return F.grid_sample(images, grid, align_corners=False, padding_mode="border"), boxes


def window_grid(boxes: Tensor, side: int) -> Tensor:
    """(B, 4) boxes -> (B, side, side, 2) places of the pixels' middles within them."""
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side
    x = boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * steps
    y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * steps
    across = x[:, None, :].expand(-1, side, -1)
    down = y[:, :, None].expand(-1, -1, side)
    return torch.stack((across, down), -1)


def _crop(pixels: Picture, side: int, draw: np.random.Generator) -> Picture:
    height, width = pixels.shape[:2]
    short = min(height, width)
    size = short * draw.uniform(SMALLEST_PART, 1.0)
    stretch = draw.uniform(1 / LARGEST_STRETCH, LARGEST_STRETCH)
    h = min(height, max(1.0, size * stretch**0.5))
    w = min(width, max(1.0, size / stretch**0.5))
    y, x = draw.uniform(0, height - h), draw.uniform(0, width - w)
    region = Image.fromarray(pixels).resize(
        (side, side), Image.Resampling.BILINEAR, box=(x, y, x + w, y + h)
    )
    out = np.asarray(region)
    return out[:, ::-1] if draw.random() < 0.5 else out
