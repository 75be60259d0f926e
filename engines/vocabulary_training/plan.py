"""Everything that decides what a trained vocabulary becomes, besides pictures and text vectors."""

import math
from dataclasses import dataclass

WARM_UP = 0.05  # of the way


@dataclass(frozen=True, slots=True)
class VocabularyPlan:
    """``hold_out`` n keeps every n-th name of COCO, sorted, out of training; 0 keeps none.

    ``views`` of each picture, ``cells`` read from each; ``negatives`` are words of no picture that
    every cell is told apart from; ``forget`` the share of hidden values left out at a step.
    """

    backbone: str
    hold_out: int = 0
    steps: int = 1000
    batch: int = 1024  # cells
    views: int = 3
    cells: int = 96
    size_px: int = 320
    dimension: int = 128
    hidden: int = 256
    backgrounds: int = 16
    negatives: int = 256
    forget: float = 0.5
    rate: float = 2e-3
    decay: float = 0.3
    smoothing: float = 0.99
    seed: int = 1234

    def rate_share(self, step: int) -> float:
        """What the rate is multiplied with: a rise, then a cosine to nothing."""
        done = step / self.steps
        if done < WARM_UP:
            return (step + 1) / max(1.0, WARM_UP * self.steps)
        return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
