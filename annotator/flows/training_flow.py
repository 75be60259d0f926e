"""Training from the door: what a person wishes for, what came out as plain values."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engines.reporting import Reporter

if TYPE_CHECKING:  # torch is imported when training begins, not before
    from engines.panet_training.plan import PanetPlan

PAPER_NETWORK = "vgg16_panet"


@dataclass(frozen=True, slots=True)
class PanetWish:
    """What `annotator train panet` was asked for; None is the default of the network's plan.

    ``fold`` None trains on all classes; ``width`` of the neck, 0 for none; ``network_rate`` above 0
    trains the network too; ``averaging`` in [0, 1) keeps a moving mean of what is trained.
    """

    data: Path
    out: Path
    backbone: str
    name: str | None = None
    fold: int | None = None
    episodes: int | None = None
    batch: int | None = None
    ways: int | None = None
    shots: int | None = None
    size_px: int | None = None
    width: int | None = None
    rate: float | None = None
    network_rate: float | None = None
    averaging: float | None = None
    seed: int | None = None
    device: str | None = None

    @property
    def shelf_name(self) -> str:
        """The name the result gets: ``panet_NETWORK`` or ``panet_NETWORK_foldF`` unless named."""
        plain = self.backbone.replace(":", "_").replace("/", "_")
        fold = "" if self.fold is None else f"_fold{self.fold}"
        return self.name or f"panet_{plain}{fold}"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What lies on the shelf now. ``names``: what was written, the one to use last."""

    names: tuple[str, ...]
    pretraining: str
    episodes: int
    seconds: float
    pool: str
    log: Path
    samples: Path


def train_panet(wish: PanetWish, reporter: Reporter) -> TrainedModel:
    """Train, or go on with the run in ``wish.out``; raises `EngineError` with what to do."""
    from engines.panet_training.run import Place
    from engines.panet_training.run import train_panet as train

    place = Place(wish.out, wish.device)
    found = train(_plan(wish), wish.data, place, wish.shelf_name, reporter)
    return TrainedModel(
        names=tuple(card.name for card in found.cards),
        pretraining=found.cards[-1].pretraining,
        episodes=found.episodes,
        seconds=found.seconds,
        pool=found.pool,
        log=wish.out / "log.jsonl",
        samples=wish.out / "samples.png",
    )


def _plan(wish: PanetWish) -> "PanetPlan":
    """The plan of the paper for its own network, the neck's for every other one."""
    from engines.panet_training.plan import PanetPlan, paper_plan

    if wish.backbone == PAPER_NETWORK:
        plan = paper_plan(wish.backbone, wish.fold)
    else:
        plan = PanetPlan(wish.backbone, wish.fold)
    told = {
        "episodes": wish.episodes, "batch": wish.batch, "ways": wish.ways, "shots": wish.shots,
        "size_px": wish.size_px, "width": wish.width, "rate": wish.rate,
        "trunk_rate": wish.network_rate, "smoothing": wish.averaging, "seed": wish.seed,
    }  # fmt: skip
    return replace(plan, **{name: value for name, value in told.items() if value is not None})  # type: ignore[arg-type]
