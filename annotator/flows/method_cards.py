"""Cards to choose a method and a backbone by: what each is, what it needs, whether it is here."""

import re
from dataclasses import dataclass
from pathlib import Path

from engines.exchange import MarkKind
from engines.fewshot.cards import MethodCard
from engines.sessions.catalog import BackboneChoice, backbone_choices
from engines.sessions.catalog import method_cards as known_methods

FAST, SLOW = 10.0, 25.0  # billions of multiply-adds for 512 px: some 40 and 100 ms on two cores
_MIB = 2**20
_SENTENCES = re.compile(r"(?<=\.)\s+(?=[A-Z])")
_MARKS = {
    MarkKind.STROKE: "strokes",
    MarkKind.MASK: "masks",
    MarkKind.BOX: "boxes",
}


@dataclass(frozen=True, slots=True)
class ChoiceCard:
    """One method or backbone in words. ``missing``: what is not here and what to do, else empty."""

    name: str
    title: str
    summary: str
    needs: str
    available: bool
    missing: str
    uses_text: bool


def method_cards() -> tuple[ChoiceCard, ...]:
    """All few-shot methods; whatever stands here can be chosen on any backbone."""
    return tuple(_of_method(card) for card in known_methods())


def reads_text(method: str) -> bool:
    """Whether a method makes use of words; False for one that is not known here."""
    return any(card.name == method and card.uses_text for card in method_cards())


def backbone_cards(models_dir: Path | None = None) -> tuple[ChoiceCard, ...]:
    """All backbones, those that can be opened first; reads cards of weights, never weights."""
    return tuple(card_of_backbone(choice) for choice in backbone_choices(models_dir))


def card_of_backbone(choice: BackboneChoice) -> ChoiceCard:
    """A backbone in words."""
    strides = _listed([str(stride) for stride in dict.fromkeys(row[0] for row in choice.maps)])
    learned = choice.weights_bytes is not None or choice.work is not None
    return ChoiceCard(
        name=choice.name,
        title=choice.title,
        summary=_learned(choice, strides) if learned else _CLASSICAL,
        needs=_needs(choice) if learned else "No weights; fast on any processor.",
        available=choice.ready,
        missing=choice.advice,
        uses_text=False,
    )


_CLASSICAL = "Colour, edges and texture. Good for materials; weak where only the shape tells."


def _of_method(card: MethodCard) -> ChoiceCard:
    return ChoiceCard(
        name=card.name,
        title=card.title,
        summary=" ".join(_SENTENCES.split(card.summary)[:2]),
        needs=_teaching(card),
        available=True,
        missing="",
        uses_text=card.needs_text,
    )


def _teaching(card: MethodCard) -> str:
    marks = _listed([word for kind, word in _MARKS.items() if kind in card.cues])
    least, most = card.shots
    if least == 0:
        return f"A word for each class; {marks} beside it if you like."
    images = f"{least} image" + "s" * (least != 1)
    upward = "or more" if most is None else f"to {most}"
    text = ", and a text prompt for each class" if card.needs_text else ""
    return f"{marks.capitalize()} on {images} {upward}{text}."


def _learned(choice: BackboneChoice, strides: str) -> str:
    taught = f"; pre-training: {choice.pretraining}" if choice.ready else ""
    return f"Network features at strides {strides}{taught}."


def _needs(choice: BackboneChoice) -> str:
    parts = []
    if choice.weights_bytes is not None:
        parts.append(f"{choice.weights_bytes / _MIB:.1f} MiB of weights")
    if choice.work is not None:
        parts.append(f"{_speed(choice.work)}: {choice.work:.1f} G operations per 512 px image")
    if choice.ready:
        parts.append(f"licence: {choice.licence or 'not told by the file'}")
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + "."


def _speed(work: float) -> str:
    if work <= FAST:
        return "fast"
    return "slower" if work <= SLOW else "slow without a GPU"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "nothing"
