"""Writing a trained PANet down: weights and card, so that the ordinary session opens it by name."""

from datetime import UTC, datetime
from pathlib import Path

import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard
from engines.backbones.catalog import open_backbone
from engines.backbones.neck_card import NECK_ARCHITECTURE, neck_spec
from engines.backbones.necks import Neck
from engines.device import Device
from engines.panet_training.learner import NetworkLearner, trunk_tensors
from engines.panet_training.trainer import PanetTrainer
from engines.weights import WeightsCard, check_name, store_weights

TERMS = "research and other non-commercial use, as far as the training pictures ask for it"


def put_on_shelf(
    trainer: PanetTrainer, name: str, base: BackboneCard, device: Device, models_dir: Path | None
) -> tuple[WeightsCard, ...]:
    """Store what was trained under ``name``; the cards that were written, the one to use last.

    A neck is stored alone and stands on ``base``. A trained network is stored whole, with the
    architecture of its base; a neck on it stands on ``NAME_trunk``. Raises `UnusableWeights` for a
    name that cannot be a file.
    """
    check_name(name)
    trainer.finish()
    learner = trainer.learner
    written: list[WeightsCard] = []
    if isinstance(learner, NetworkLearner):
        own = name if learner.neck is None else f"{name}_trunk"
        tensors = trunk_tensors(learner.trunk, learner.weights)
        written.append(_store(trainer, own, tensors, _network_facts(learner), models_dir))
        base = open_backbone(own, device, models_dir).card
    if learner.neck is not None:
        facts = _neck_facts(learner.neck, base)
        written.append(_store(trainer, name, learner.neck.state_dict(), facts, models_dir))
    return tuple(written)


def _network_facts(learner: NetworkLearner) -> dict[str, object]:
    known = learner.weights
    return {
        "architecture": known.architecture,
        "stages": known.stages,
        "preprocessing": known.preprocessing,
    }


def _neck_facts(neck: Neck, base: BackboneCard) -> dict[str, object]:
    spec = neck_spec(base.maps, neck.width)
    return {
        "architecture": NECK_ARCHITECTURE,
        "stages": (spec.name,),
        "maps": ((spec.name, spec.stride, spec.channels),),
        "preprocessing": "as its base",
        "base": base.name,
        "base_digest": base.weights_digest or "",
    }


def _store(
    trainer: PanetTrainer,
    name: str,
    tensors: dict[str, Tensor],
    facts: dict[str, object],
    models_dir: Path | None,
) -> WeightsCard:
    halves = {key: value.detach().cpu().to(torch.float16) for key, value in tensors.items()}
    plan, episodes = trainer.plan, trainer.step * trainer.plan.batch
    card = WeightsCard(
        name=name,
        pretraining=f"PANet, {episodes} episodes, {trainer.pool.origin}",
        source=(
            f"annotator train panet, {plan.ways}-way {plan.shots}-shot, seed {plan.seed}: "
            f"{trainer.pool.words}"
        ),
        digest="",
        dtype="float16",
        date=datetime.now(UTC).date().isoformat(),
        licence=TERMS,
        **facts,  # type: ignore[arg-type]
    )
    return store_weights(halves, card, models_dir)
