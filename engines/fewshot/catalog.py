"""The catalog of few-shot methods: a name in, a fresh method out."""

from dataclasses import replace

from engines.backbones.backbone import BackboneCard
from engines.errors import UnknownName
from engines.fewshot.cards import METHOD_CARDS, PANET_CARD, PROBE_CARD
from engines.fewshot.method import Method
from engines.fewshot.panet import Panet
from engines.fewshot.probe import Probe, ProbeOptions


def open_method(name: str, backbone: BackboneCard, *, seed: int = 0) -> Method:
    """A method that has learned nothing yet, for features of that backbone.

    Raises `UnknownName`.
    """
    if name == PROBE_CARD.name:
        return Probe(backbone, replace(ProbeOptions(), seed=seed))
    if name == PANET_CARD.name:
        return Panet()
    known = ", ".join(card.name for card in METHOD_CARDS)
    raise UnknownName(f"There is no few-shot method '{name}'; choose one of: {known}.")
