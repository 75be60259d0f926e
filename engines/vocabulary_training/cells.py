"""Cells to learn from: inputs of the projection read at labelled places, kept in files of a run.

A picture is seen several times: as it is, then cropped and mirrored. The cells of a view are dealt
evenly to the classes it shows. Files appear whole, so a run that was stopped reads on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from engines.backbones.backbone import Backbone
from engines.device import Device
from engines.errors import EngineError, UnusableWeights
from engines.exchange import Pixels, RowMap
from engines.reporting import Reporter
from engines.sessions.encoding import as_batch, working_size
from engines.vocabulary.projection import word_inputs
from engines.vocabulary_training.plan import VocabularyPlan
from engines.vocabulary_training.sources import OpenSource
from engines.vocabulary_training.teaching import UNSAID, Teaching
from engines.weight_files import pack, read_tensors, write_whole

JUDGED_EVERY = 12  # this picture of a set is kept for choosing the threshold
CHUNK = 40  # views per file: below 16 MiB
SMALLEST_CROP = 0.6  # of each side

ClassGrid = npt.NDArray[np.int64]  # (h * w,)


@dataclass(frozen=True, eq=False)
class Cells:
    """``inputs`` (n, C) float16, ``classes`` (n,) int64 of `Teaching`."""

    inputs: Tensor
    classes: Tensor


@dataclass(frozen=True, slots=True)
class View:
    """Which picture of which set, the how-manieth look at it."""

    source: int
    stem: str
    look: int


def all_views(sources: Sequence[OpenSource], looks: int) -> tuple[View, ...]:
    """Those to learn from, in a fixed order."""
    return tuple(
        View(number, stem, look)
        for number, source in enumerate(sources)
        for place, stem in enumerate(source.stems)
        if place % JUDGED_EVERY
        for look in range(looks)
    )


def judged_views(sources: Sequence[OpenSource]) -> tuple[View, ...]:
    """Those that nothing is learned from."""
    return tuple(
        View(number, stem, 0)
        for number, source in enumerate(sources)
        for stem in source.stems[::JUDGED_EVERY]
    )


class CellReader:
    """Reads views with one backbone."""

    def __init__(
        self,
        sources: Sequence[OpenSource],
        teaching: Teaching,
        backbone: Backbone,
        device: Device,
        plan: VocabularyPlan,
    ) -> None:
        self._sources, self._teaching = sources, teaching
        self._backbone, self._device, self._plan = backbone, device, plan

    @torch.inference_mode()
    def read(self, view: View) -> Cells:
        """The cells of one view, at most ``plan.cells``."""
        draw = np.random.default_rng((self._plan.seed, view.source, view.look, _number(view.stem)))
        inputs, classes = self.whole(view, draw)
        chosen = _dealt(classes, self._plan.cells, draw)
        cells = inputs[0].flatten(1).T[torch.from_numpy(chosen).to(inputs.device)]
        return Cells(cells.half().cpu(), torch.from_numpy(classes[chosen]))

    @torch.inference_mode()
    def whole(self, view: View, draw: np.random.Generator) -> tuple[Tensor, ClassGrid]:
        """Inputs (1, C, h, w) and the class of every cell (h * w,) of a view."""
        pixels, rows = self._seen(view, draw)
        size = working_size((rows.shape[0], rows.shape[1]), limit_px=self._plan.size_px)
        inputs = self._inputs(pixels, size)
        return inputs, self._classes(
            view.source, rows, (int(inputs.shape[-2]), int(inputs.shape[-1]))
        )

    def picture(self, view: View) -> Pixels:
        """The whole picture a view looks at."""
        return self._sources[view.source].data.image(view.stem).array

    def _seen(self, view: View, draw: np.random.Generator) -> tuple[Pixels, RowMap]:
        data = self._sources[view.source].data
        pixels, rows = data.image(view.stem).array, data.truth(view.stem)
        if pixels.shape[:2] != rows.shape:
            raise EngineError(f"'{view.stem}' and its mask have different sizes; mend the data.")
        if view.look == 0:
            return pixels, rows
        where = tuple(_cut(side, draw) for side in rows.shape)
        mirrored = slice(None, None, -1 if view.look % 2 else 1)
        return pixels[where][:, mirrored], rows[where][:, mirrored]

    def _inputs(self, pixels: Pixels, size: tuple[int, int]) -> Tensor:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        small = np.array(image.resize((size[1], size[0]), Image.Resampling.BILINEAR))
        batch = self._device.place(as_batch(torch.from_numpy(small)))
        return word_inputs(self._backbone.encode(batch))

    def _classes(self, source: int, rows: RowMap, grid: tuple[int, int]) -> ClassGrid:
        """(h * w,) int64: the class in the middle of each cell."""
        numbers = self._teaching.class_of[source]
        table = np.full(256, UNSAID, np.int64)
        table[: len(numbers)] = numbers
        image = Image.fromarray(np.ascontiguousarray(rows))
        small = np.asarray(image.resize((grid[1], grid[0]), Image.Resampling.NEAREST))
        found: ClassGrid = table[small].ravel()
        return found


def read_all(reader: CellReader, views: Sequence[View], folder: Path, reporter: Reporter) -> Cells:
    """The cells of all views, from ``folder`` where they were read before."""
    parts = []
    for first in range(0, len(views), CHUNK):
        reporter.raise_if_cancelled()
        reporter.progress(first / len(views), "Looking at the pictures")
        file = folder / f"cells-{first:06d}.safetensors"
        if not file.is_file():
            write_whole(file, pack(_joined([reader.read(v) for v in views[first : first + CHUNK]])))
        parts.append(_read(file))
    return Cells(
        torch.cat([part.inputs for part in parts]), torch.cat([part.classes for part in parts])
    )


def _joined(cells: Sequence[Cells]) -> dict[str, Tensor]:
    return {
        "inputs": torch.cat([one.inputs for one in cells]),
        "classes": torch.cat([one.classes for one in cells]),
    }


def _read(file: Path) -> Cells:
    tensors = read_tensors(file)
    if not {"inputs", "classes"} <= tensors.keys():
        raise UnusableWeights(f"{file} holds no cells; delete it and run the command again.")
    return Cells(tensors["inputs"], tensors["classes"])


def _dealt(classes: ClassGrid, count: int, draw: np.random.Generator) -> ClassGrid:
    """At most ``count`` places with a class, as evenly among classes as there are places."""
    present = [np.flatnonzero(classes == one) for one in np.unique(classes) if one != UNSAID]
    chosen: list[ClassGrid] = []
    for left, places in zip(range(len(present), 0, -1), sorted(present, key=len), strict=True):
        share = (count - sum(len(one) for one in chosen)) // left
        chosen.append(draw.permutation(places)[:share])
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def _cut(side: int, draw: np.random.Generator) -> slice:
    length = max(1, round(side * draw.uniform(SMALLEST_CROP, 1.0)))
    start = int(draw.integers(side - length + 1))
    return slice(start, start + length)


def _number(stem: str) -> int:
    return int.from_bytes(stem.encode()[-8:], "big")
