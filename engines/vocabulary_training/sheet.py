"""The sheet of samples: pictures nothing was learned from, and where one of their words is seen."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engines.exchange import Pixels
from engines.vocabulary.model import Vocabulary
from engines.vocabulary_training.cells import CellReader, ClassGrid, View
from engines.vocabulary_training.teaching import UNSAID, Teaching

CELL = (150, 200)  # (h, w) pixels of a picture on the sheet
LINES = 8
TINT = np.array((255, 120, 0), np.float32)


@torch.inference_mode()
def word_sheet(
    vocabulary: Vocabulary,
    teaching: Teaching,
    reader: CellReader,
    views: Sequence[View],
    file: Path,
) -> None:
    """Write a PNG: per line a picture, its largest named thing, and what the word alone finds."""
    lines = []
    for view in views[:: max(1, len(views) // LINES)][:LINES]:
        inputs, classes = reader.whole(view, np.random.default_rng(0))
        one = _largest(classes, teaching)
        if one is None:
            continue
        grid = int(inputs.shape[-2]), int(inputs.shape[-1])
        vector = vocabulary.mean_vector(teaching.classes[one].places)
        places = vocabulary.projection.on_map(inputs.cpu().float())
        share = vocabulary.logits(places, vector[None]).softmax(dim=1)[0, 1].numpy()
        picture = reader.picture(view)
        truth = (classes == one).reshape(grid).astype(np.float32)
        lines.append(np.concatenate([_tinted(picture, part) for part in (0 * truth, truth, share)],
                                    axis=1))  # fmt: skip
    if not lines:
        return
    growing = file.with_name(f".{file.name}.growing")
    Image.fromarray(np.concatenate(lines, axis=0)).save(growing, format="PNG")
    growing.replace(file)


def _largest(classes: ClassGrid, teaching: Teaching) -> int | None:
    named = [int(one) for one in np.unique(classes) if one != UNSAID
             and teaching.classes[int(one)].places]  # fmt: skip
    return max(named, key=lambda one: int((classes == one).sum()), default=None)


def _tinted(picture: Pixels, share: np.ndarray) -> Pixels:
    small = np.asarray(Image.fromarray(picture).resize(CELL[::-1]), np.float32)
    wide = Image.fromarray((share * 255).astype(np.uint8)).resize(CELL[::-1])
    part = 0.65 * np.asarray(wide, np.float32)[..., None] / 255
    mixed: Pixels = (small * (1 - part) + TINT * part).astype(np.uint8)
    return mixed
