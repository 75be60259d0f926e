"""The catalogue: opening backbones by name."""

from pathlib import Path

from engines.backbones.advice import advice_for, advice_on_name
from engines.backbones.architectures import architecture, architectures
from engines.backbones.backbone import Backbone
from engines.backbones.families import foreign_name, is_foreign, require
from engines.backbones.filter_card import FILTERS_CARD
from engines.backbones.filters import FilterBank
from engines.backbones.foreign import ForeignBackbone
from engines.backbones.neck_card import check_base, is_neck, neck_card
from engines.backbones.necks import load_neck
from engines.backbones.networks import NetworkBackbone, build_network
from engines.backbones.shelf import card_of
from engines.device import Device
from engines.errors import MissingWeights, UnknownName
from engines.weights import WeightsCard, find_weights, list_weights, load_weights


def open_backbone(name: str, device: Device, models_dir: Path | None = None) -> Backbone:
    """The backbone of that name, on ``device``, its weights checked against their digest.

    ``name`` is ``filters``, the name of imported weights, or a network of which exactly one file
    of weights was imported. Raises `UnknownName`, `MissingWeights` or `UnusableWeights`.
    """
    if name == FILTERS_CARD.name:
        return FilterBank(device)
    weights = _weights_named(name, models_dir)
    if is_neck(weights):
        return _with_neck(weights, device, models_dir)
    if is_foreign(weights.architecture):
        return _open_foreign(weights, device, models_dir)
    plan = architecture(weights.architecture)
    tensors = load_weights(weights, models_dir)
    network = build_network(plan.name, tensors, stage_count=len(weights.stages))
    multiple = plan.stages[-1].spec.stride if plan.whole_strides else 1
    return NetworkBackbone(network, card_of(weights), device, size_multiple=multiple)


def _with_neck(weights: WeightsCard, device: Device, models_dir: Path | None) -> Backbone:
    check_base(weights, list_weights(models_dir))
    base = open_backbone(weights.base, device, models_dir)
    return load_neck(load_weights(weights, models_dir), base, neck_card(weights, base.card), device)


def _open_foreign(weights: WeightsCard, device: Device, models_dir: Path | None) -> Backbone:
    """A network of open_clip or timm; `EngineError` where that library is not installed."""
    require(foreign_name(weights.architecture).family)
    from engines.backbones.foreign_weights import open_foreign  # those libraries load slowly

    card = card_of(weights)
    return ForeignBackbone(open_foreign(weights, load_weights(weights, models_dir)), card, device)


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
            raise MissingWeights(advice_for(architecture(name))) from None
        advice = advice_on_name(name)
        if advice is not None:
            raise MissingWeights(advice) from None
    known = dict.fromkeys([FILTERS_CARD.name, *(one.name for one in shelf), *architectures()])
    raise UnknownName(f"No backbone is called '{name}'. Known are {', '.join(known)}.")
