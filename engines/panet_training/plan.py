"""Everything that decides what comes out of training, besides pictures and first weights."""

import math
from dataclasses import dataclass, replace
from typing import Literal

PAPER_EPISODES = 30_000
FALLS = (1 / 3, 2 / 3)  # of the way: at 10,000 and 20,000 of the paper's 30,000 episodes
FALL = 0.1
WARM_UP = 0.05  # of the way, where the rate follows a cosine


@dataclass(frozen=True, slots=True)
class PanetPlan:
    """``width`` channels of the neck, 0 for none; ``trunk_rate`` 0 freezes the backbone.

    ``alignment`` is the weight of PAR; ``smoothing`` in [0, 1) averages parameters, 0 does not.
    """

    backbone: str
    fold: int | None = None
    episodes: int = 1600
    batch: int = 4  # episodes per step
    ways: int = 2
    shots: int = 1
    size_px: int = 320
    squashed: bool = False
    width: int = 256
    rate: float = 0.15
    trunk_rate: float = 0.0
    schedule: Literal["falls", "cosine"] = "cosine"
    momentum: float = 0.9
    decay: float = 5e-4
    alignment: float = 1.0
    smoothing: float = 0.0
    seed: int = 1234

    @property
    def steps(self) -> int:
        """How many there are in all."""
        return max(1, -(-self.episodes // self.batch))

    def rate_share(self, step: int) -> float:
        """What a rate is multiplied with at a step."""
        done = step / self.steps
        if self.schedule == "falls":
            return FALL ** sum(done >= fall for fall in FALLS)
        if done < WARM_UP:
            return (step + 1) / max(1.0, WARM_UP * self.steps)
        return 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))


def paper_plan(backbone: str = "vgg16_panet", fold: int | None = None) -> PanetPlan:
    """PANet as published: the whole network, one episode a step, 417 px squashed, 30,000 steps."""
    plan = PanetPlan(backbone, fold, PAPER_EPISODES, batch=1, ways=1, size_px=417)
    return replace(plan, squashed=True, width=0, rate=1e-3, trunk_rate=1e-3, schedule="falls")
