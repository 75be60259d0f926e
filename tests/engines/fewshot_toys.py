"""Drawn scenes whose right answer is known, and a small frozen network to see them with."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard, FeatureMaps, MapSpec, Preprocessing
from engines.exchange import ArrayImage, Bitmap, Mark, MarkKind, Shot, SupportSet
from engines.fewshot.method import EncodedShot, EncodedSupport

SPECS = (MapSpec("fine", 4, 12), MapSpec("middle", 8, 16), MapSpec("deep", 16, 24))
COLOURS = ((40, 60, 90), (200, 120, 40), (60, 180, 70))


class ToyBackbone:
    """Three frozen random convolutions at strides 4, 8 and 16."""

    def __init__(self, pretraining: str = "toy", name: str = "toy", seed: int = 7) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.card = BackboneCard(name, "Toy", SPECS, Preprocessing(), pretraining, str(seed))
        self.calls = 0
        self._kernels = [
            torch.randn(spec.channels, 3, spec.stride, spec.stride, generator=draw) / spec.stride
            for spec in SPECS
        ]

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        self.calls += 1
        maps = (
            torch.nn.functional.conv2d(images - 0.4, kernel, stride=kernel.shape[-1]).relu()
            for kernel in self._kernels
        )
        return FeatureMaps(tuple(maps), SPECS)


def scene(
    seed: int = 0, *, size: tuple[int, int] = (128, 192)
) -> tuple[ArrayImage, npt.NDArray[np.uint8]]:
    """A noisy ground (row 0) with an orange disc (row 1) and a green square (row 2)."""
    draw = np.random.default_rng(seed)
    height, width = size
    y, x = np.mgrid[:height, :width]
    rows = np.zeros(size, np.uint8)
    reach = height // 5
    cy, cx = (int(draw.integers(reach, side - reach)) for side in (height, width // 2))
    rows[(y - cy) ** 2 + (x - cx) ** 2 < reach**2] = 1
    top, left = (
        int(draw.integers(0, height - 40)),
        int(draw.integers(width // 2 + reach, width - 40)),
    )
    rows[top : top + 36, left : left + 36] = 2
    pixels = np.array(COLOURS)[rows] + draw.normal(0, 8, (*size, 3))
    return ArrayImage(np.clip(pixels, 0, 255).astype(np.uint8)), rows


def masks(rows: npt.NDArray[np.uint8], only: tuple[int, ...] = (0, 1, 2)) -> tuple[Mark, ...]:
    return tuple(Mark(row, (0, 0), rows == row, MarkKind.MASK) for row in only)


def strokes(rows: npt.NDArray[np.uint8], *, each: int = 2, seed: int = 0) -> tuple[Mark, ...]:
    """Short flat pens inside every row, disjoint."""
    draw = np.random.default_rng(seed)
    taken, found = np.zeros(rows.shape, bool), []
    for number in range(each):
        for row in np.unique(rows):
            ys, xs = np.nonzero((rows == row) & ~taken)
            k = int(draw.integers(len(ys)))
            pen = np.zeros(rows.shape, bool)
            pen[ys[k] : ys[k] + 3, xs[k] : xs[k] + 12 + 4 * number] = True
            pen &= (rows == row) & ~taken
            taken |= pen
            found.append(cropped(int(row), pen))
    return tuple(found)


def cropped(row: int, mask: Bitmap, kind: MarkKind = MarkKind.STROKE) -> Mark:
    ys, xs = np.nonzero(mask)
    y0, y1, x0, x1 = ys.min(), ys.max() + 1, xs.min(), xs.max() + 1
    return Mark(row, (int(x0), int(y0)), mask[y0:y1, x0:x1].copy(), kind)


def box_of(rows: npt.NDArray[np.uint8], row: int) -> Mark:
    mark = cropped(row, rows == row, MarkKind.BOX)
    return Mark(row, mark.origin, np.ones_like(mark.mask), MarkKind.BOX)


def encoded_shot(backbone: ToyBackbone, image: ArrayImage, marks: tuple[Mark, ...]) -> EncodedShot:
    return EncodedShot(image.digest, image.size, marks, features_of(backbone, image))


def features_of(backbone: ToyBackbone, image: ArrayImage) -> Callable[[], FeatureMaps]:
    def encode() -> FeatureMaps:
        batch = torch.from_numpy(image.array).permute(2, 0, 1)[None].float() / 255
        return backbone.encode(batch)

    return encode


def encoded(
    *shots: EncodedShot, names: tuple[str, ...] = ("background", "disc", "square")
) -> EncodedSupport:
    return EncodedSupport(names, shots)


def support(*shots: Shot, version: int = 1) -> SupportSet:
    return SupportSet((11, 12), ("disc", "square"), shots, version=version)


def accuracy(logits: Tensor, rows: npt.NDArray[np.uint8]) -> float:
    """Share of right pixels of logits (1, K, h, w) up-sampled to the image."""
    full = torch.nn.functional.interpolate(logits, size=rows.shape, mode="bilinear")
    return float((full[0].argmax(0).numpy() == rows).mean())
