"""The catalog of few-shot methods: a name in, a fresh method out."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from engines.backbones.backbone import BackboneCard
from engines.device import choose_device
from engines.errors import UnknownName
from engines.fewshot.cards import METHOD_CARDS, PANET_CARD, PROBE_CARD, TEXT_CARD
from engines.fewshot.method import Method
from engines.fewshot.panet import Panet
from engines.fewshot.probe import Probe, ProbeOptions
from engines.fewshot.text_prior import TextPrior
from engines.vocabulary.space import WordSpace, open_words

OpenWordSpace = Callable[[], WordSpace]


def open_method(
    name: str, backbone: BackboneCard, *, seed: int = 0, words: OpenWordSpace | None = None
) -> Method:
    """A method that has learned nothing yet, for features of that backbone.

    ``words`` opens what a method that reads text reads it with, when it first does (default: what
    the shelf of this machine has for the backbone, on the processor). Raises `UnknownName`.
    """
    if name == PROBE_CARD.name:
        return Probe(backbone, replace(ProbeOptions(), seed=seed))
    if name == PANET_CARD.name:
        return Panet()
    if name == TEXT_CARD.name:
        probe = Probe(backbone, replace(ProbeOptions(), seed=seed))
        return TextPrior(words or partial(_words_here, backbone), probe)
    known = ", ".join(card.name for card in METHOD_CARDS)
    raise UnknownName(f"There is no few-shot method '{name}'; choose one of: {known}.")


def _words_here(backbone: BackboneCard) -> WordSpace:
    return open_words(backbone, choose_device("cpu"))
