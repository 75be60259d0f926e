"""The rival: a random forest on classical filters, as ilastik's pixel classification works.

A hundred trees on multi-scale filters of every labelled pixel (Berg et al., "ilastik", 2019), no
refinement of edges. It needs scikit-learn, which the product itself does not.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.filters import FilterBank
from engines.device import Device
from engines.errors import EngineError
from engines.exchange import ArrayImage, RowMap, SupportSet

TREES = 100
LARGEST_SAMPLE = 20_000  # labelled pixels; beyond, a seeded sample


class ForestLabeller:
    """A `Labeller` that is trained anew on all strokes each time, as the rival is."""

    title = "filters + random forest"

    def __init__(self, device: Device, *, seed: int = 0) -> None:
        """Raises `EngineError` where scikit-learn is not installed."""
        try:
            from sklearn.ensemble import RandomForestClassifier
        except ImportError as error:
            raise EngineError(
                "The random forest needs scikit-learn; install it with `pip install scikit-learn`."
            ) from error
        self._make: Any = RandomForestClassifier
        self._bank = FilterBank(device)
        self._seed = seed
        self._kept: dict[str, npt.NDArray[np.float16]] = {}
        self._forest: Any = None

    def learn(self, support: SupportSet) -> None:
        """Take all strokes so far."""
        features, rows = [], []
        for shot in support.shots:
            if not isinstance(shot.image, ArrayImage):
                raise EngineError("The random forest reads images that are in memory.")
            planes = self._planes(shot.image)
            for mark in shot.marks:
                x0, y0, x1, y1 = mark.box
                inside = planes[:, y0:y1, x0:x1][:, mark.mask]
                features.append(inside.T.astype(np.float32))
                rows.append(np.full(inside.shape[1], mark.row, np.uint8))
        samples, labels = np.concatenate(features), np.concatenate(rows)
        if len(samples) > LARGEST_SAMPLE:
            drawn = np.random.default_rng(self._seed).choice(len(samples), LARGEST_SAMPLE, False)
            samples, labels = samples[drawn], labels[drawn]
        self._forest = self._make(TREES, random_state=self._seed, class_weight="balanced")
        self._forest.fit(samples, labels)

    def answer(self, image: ArrayImage) -> RowMap:
        """(H, W) rows."""
        planes = self._planes(image)
        C, H, W = planes.shape
        flat = planes.reshape(C, -1).T.astype(np.float32)
        rows: RowMap = self._forest.predict(flat).reshape(H, W).astype(np.uint8)
        return rows

    @torch.inference_mode()
    def _planes(self, image: ArrayImage) -> npt.NDArray[np.float16]:
        """(C, H, W) all filters at the image's own size."""
        if image.digest not in self._kept:
            pixels = torch.from_numpy(image.array.copy()).permute(2, 0, 1)[None].float() / 255
            maps = self._bank.encode(pixels).maps
            large = [
                F.interpolate(one, image.size, mode="bilinear", align_corners=False) for one in maps
            ]
            self._kept[image.digest] = torch.cat(large, 1)[0].half().numpy()
        return self._kept[image.digest]
