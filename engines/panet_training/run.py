"""One training run from a wish to cards on the shelf: what the command line calls."""

from dataclasses import dataclass
from pathlib import Path

from engines.backbones.backbone import BackboneCard
from engines.backbones.catalog import open_backbone
from engines.device import Device, choose_device
from engines.errors import EngineError
from engines.panet_training.learner import (
    FrozenLevels,
    Learner,
    NeckLearner,
    NetworkLearner,
    weights_to_train,
)
from engines.panet_training.plan import PanetPlan
from engines.panet_training.pool import EpisodePool, episode_pool
from engines.panet_training.shelf import put_on_shelf
from engines.panet_training.trainer import PanetTrainer
from engines.reporting import Reporter
from engines.weights import WeightsCard, check_name


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run works: checkpoints in ``out``, device by name, weights in ``models_dir``."""

    out: Path
    device: str | None = None
    models_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainedPanet:
    """What a run left: ``cards`` on the shelf (the one to use last), and how it went."""

    cards: tuple[WeightsCard, ...]
    episodes: int
    seconds: float
    pool: str


def train_panet(
    plan: PanetPlan, data: Path, place: Place, name: str, reporter: Reporter
) -> TrainedPanet:
    """Train, or go on with the run in ``place.out``, and put the result on the shelf as ``name``.

    Raises what opening a backbone, reading data and `PanetTrainer` raise, and `Cancelled` after a
    checkpoint was written.
    """
    check_name(name)
    device = choose_device(place.device)
    pool = episode_pool(data, fold=plan.fold)
    learner, base = _learner(plan, device, place.models_dir)
    trainer = PanetTrainer(plan, pool, learner, device, place.out)
    trainer.run(reporter)
    cards = put_on_shelf(trainer, name, base, device, place.models_dir)
    return TrainedPanet(cards, trainer.step * plan.batch, trainer.seconds, pool.words)


def train_on_levels(
    plan: PanetPlan, pool: EpisodePool, frozen: FrozenLevels, device: Device, folder: Path
) -> PanetTrainer:
    """A trainer of a neck on levels that several runs share."""
    learner = NeckLearner(frozen, plan.width, device, seed=plan.seed)
    return PanetTrainer(plan, pool, learner, device, folder)


def _learner(
    plan: PanetPlan, device: Device, models_dir: Path | None
) -> tuple[Learner, BackboneCard]:
    if plan.trunk_rate > 0:
        weights = weights_to_train(plan.backbone, models_dir)
        base = open_backbone(weights.name, device, models_dir).card
        learner = NetworkLearner(weights, plan.width, device, seed=plan.seed, models_dir=models_dir)
        return learner, base
    if plan.width < 1:
        raise EngineError("Nothing would be trained: give the neck a width or the network a rate.")
    backbone = open_backbone(plan.backbone, device, models_dir)
    frozen = FrozenLevels(backbone, device)
    return NeckLearner(frozen, plan.width, device, seed=plan.seed), backbone.card
