"""The catalogue: which backbones exist, which can be opened here, and opening them by name."""

from dataclasses import dataclass
from pathlib import Path

from engines.backbones.architectures import Architecture, architecture, architectures
from engines.backbones.backbone import Backbone, BackboneCard
from engines.backbones.filters import FILTERS_CARD, FilterBank
from engines.backbones.networks import (
    PREPROCESSINGS,
    NetworkBackbone,
    build_network,
    preprocessing_named,
)
from engines.device import Device
from engines.errors import MissingWeights, UnknownName, UnusableWeights
from engines.weights import WeightsCard, find_weights, list_weights, load_weights


@dataclass(frozen=True, slots=True)
class ShelfCard:
    """One row of the catalogue. ``advice`` says how to get what is missing, else it is empty."""

    card: BackboneCard
    ready: bool
    advice: str = ""


def backbone_cards(models_dir: Path | None = None) -> tuple[ShelfCard, ...]:
    """All backbones: those that can be opened first, then known networks without weights."""
    shelf = list_weights(models_dir)
    ready = [ShelfCard(FILTERS_CARD, ready=True)]
    ready += [ShelfCard(_card_of(one), ready=True) for one in shelf if _is_whole(one)]
    named = {row.card.name for row in ready}
    missing = (
        ShelfCard(_card_without_weights(plan), ready=False, advice=_advice(plan))
        for plan in architectures().values()
        if plan.name not in named
    )
    return (*ready, *missing)


def open_backbone(name: str, device: Device, models_dir: Path | None = None) -> Backbone:
    """The backbone of that name, on ``device``, its weights checked against their digest.

    ``name`` is ``filters``, the name of imported weights, or a network of which exactly one file
    of weights was imported. Raises `UnknownName`, `MissingWeights` or `UnusableWeights`.
    """
    if name == FILTERS_CARD.name:
        return FilterBank(device)
    weights = _weights_named(name, models_dir)
    plan = architecture(weights.architecture)
    tensors = load_weights(weights, models_dir)
    network = build_network(plan.name, tensors, stage_count=len(weights.stages))
    multiple = plan.stages[-1].spec.stride if plan.whole_strides else 1
    return NetworkBackbone(network, _card_of(weights), device, size_multiple=multiple)


def _weights_named(name: str, models_dir: Path | None) -> WeightsCard:
    shelf = list_weights(models_dir)
    exact = [one for one in shelf if one.name == name]
    fitting = exact or [one for one in shelf if one.architecture == name]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choices = ", ".join(one.name for one in fitting)
        raise UnknownName(f"Several weights are a {name}: choose one of {choices}.")
    try:
        return find_weights(name, models_dir)  # a damaged card says itself what is wrong
    except MissingWeights:
        if name in architectures():
            raise MissingWeights(_advice(architecture(name))) from None
    known = dict.fromkeys([FILTERS_CARD.name, *(one.name for one in shelf), *architectures()])
    raise UnknownName(f"No backbone is called '{name}'. Known are {', '.join(known)}.")


def _is_whole(weights: WeightsCard) -> bool:
    """Whether this version knows all the card names; the shelf may serve a newer one as well."""
    if not weights.stages or weights.architecture not in architectures():
        return False
    if weights.preprocessing not in PREPROCESSINGS:
        return False
    stages = architecture(weights.architecture).stages
    return weights.stages == tuple(stage.spec.name for stage in stages[: len(weights.stages)])


def _card_of(weights: WeightsCard) -> BackboneCard:
    plan = architecture(weights.architecture)
    specs = tuple(stage.spec for stage in plan.stages[: len(weights.stages)])
    if not _is_whole(weights):
        raise UnusableWeights(
            f"The card of '{weights.name}' lists stages that {plan.title} does not have, or "
            "an unknown preprocessing; import the weights again."
        )
    return BackboneCard(
        name=weights.name,
        title=plan.title if len(specs) == len(plan.stages) else f"{plan.title}, cut short",
        maps=specs,
        preprocessing=preprocessing_named(weights.preprocessing),
        pretraining=weights.pretraining,
        weights_digest=_digest(weights),
        licence=weights.licence,
    )


def _digest(weights: WeightsCard) -> str:
    """What features depend on: the weights and how images are prepared for them."""
    return f"{weights.digest}-{weights.preprocessing}"


def _card_without_weights(plan: Architecture) -> BackboneCard:
    return BackboneCard(
        name=plan.name,
        title=plan.title,
        maps=tuple(stage.spec for stage in plan.stages),
        preprocessing=preprocessing_named(plan.preprocessing),
        pretraining="weights missing",
        weights_digest=None,
    )


def _advice(plan: Architecture) -> str:
    return (
        f"The weights of {plan.title} are not on this machine: get a file of them (safetensors or "
        "a torch state dict) and run `annotator models import FILE`."
    )
