"""What a simulated person gives as support: masks, scribbles, boxes, words, or only a tag."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engines.evaluation.weak_cues import ScribbleStyle, boxes, coverage, full_masks, scribbles
from engines.exchange import BACKGROUND_ROW, UNLABELLED_ROW, Mark, RowMap

Support = Literal["mask", "scribble", "box", "text", "none"]
PEN_SHARE = 1 / 160  # of the long side: the radius of a scribble, 3 px at 480


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn: ``shots`` images or supports, by ``seed``; ``count`` episodes per fold."""

    shots: int = 1
    seed: int = 0
    count: int = 200


@dataclass(frozen=True, slots=True)
class MadeCues:
    """Marks of one image, rows said to be in it, and the share of pixels that marks cover."""

    marks: tuple[Mark, ...]
    present: frozenset[int] = field(default_factory=frozenset)
    coverage: float = 0.0


@dataclass(frozen=True, slots=True)
class CueMaker:
    """Makes one kind of cue from full label maps; the same seed and image give the same cues."""

    support: Support
    style: ScribbleStyle = "robot"
    seed: int = 0

    @property
    def words(self) -> str:
        """What stands beside a figure."""
        return f"scribble ({self.style})" if self.support == "scribble" else self.support

    def make(self, truth: RowMap, name: str) -> MadeCues:
        """``truth`` (H, W) rows, 255 unsaid; ``name`` of the image seeds the drawing."""
        if self.support == "mask":
            marks = full_masks(truth)
        elif self.support == "scribble":
            radius = max(1.0, max(truth.shape) * PEN_SHARE)
            marks = scribbles(truth, style=self.style, radius=radius, seed=self._seed(name))
        elif self.support == "box":
            marks = boxes(truth)
        else:
            present = {int(r) for r in np.unique(truth)} - {BACKGROUND_ROW, UNLABELLED_ROW}
            return MadeCues((), frozenset(present))
        return MadeCues(marks, coverage=coverage(marks, truth.shape))

    def _seed(self, name: str) -> int:
        letters = np.frombuffer(name.encode(), np.uint8).astype(np.int64)
        return int(self.seed * 1_000_003 + (letters * np.arange(1, len(letters) + 1)).sum())
