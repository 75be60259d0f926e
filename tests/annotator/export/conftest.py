"""Toy datasets: small photographs with random blobs as classes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from annotator.export.dataset import Category, Dataset, ExportImage

CATEGORIES = (Category(7, "cat", (86, 180, 233)), Category(3, "coin", (230, 159, 0)))

MakeImage = Callable[..., ExportImage]
MakeDataset = Callable[..., Dataset]


@pytest.fixture
def make_image() -> MakeImage:
    def make(
        name: str = "a.png",
        classes: np.ndarray | None = None,
        *,
        seed: int = 0,
        source: Path | None = None,
        page: int = 0,
    ) -> ExportImage:
        rng = np.random.default_rng(seed)
        if classes is None:
            classes = np.kron(rng.choice([0, 0, 3, 7], (5, 7)), np.ones((8, 8))).astype(np.uint8)
        pixels = rng.integers(0, 256, (*classes.shape, 3)).astype(np.uint8)
        size = (classes.shape[0], classes.shape[1])
        return ExportImage(name, size, lambda: pixels, lambda: classes, source, page)

    return make


@pytest.fixture
def make_dataset(make_image: MakeImage) -> MakeDataset:
    def make(count: int = 3, *images: ExportImage) -> Dataset:
        chosen = images or [make_image(f"photo_{k}.png", seed=k) for k in range(count)]
        return Dataset("Toy", CATEGORIES, tuple(chosen))

    return make
