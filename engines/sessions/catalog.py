"""What the door may offer: methods and backbones as plain values, without torch."""

from dataclasses import dataclass
from pathlib import Path

from engines.backbones.shelf import backbone_cards
from engines.fewshot.cards import METHOD_CARDS, MethodCard


@dataclass(frozen=True, slots=True)
class BackboneChoice:
    """A backbone a person may choose. ``advice`` says how to get one that is not ``ready``.

    ``maps`` are (stride, channels), finest first; ``weights_bytes`` is None where no file is
    needed or none is here; ``work`` billions of multiply-adds for an image of 512 px, if counted.
    """

    name: str
    title: str
    maps: tuple[tuple[int, int], ...]
    pretraining: str
    licence: str
    ready: bool
    advice: str = ""
    weights_bytes: int | None = None
    work: float | None = None


def method_cards() -> tuple[MethodCard, ...]:
    """All few-shot methods; none of them needs anything beyond a backbone."""
    return METHOD_CARDS


def backbone_choices(models_dir: Path | None = None) -> tuple[BackboneChoice, ...]:
    """All backbones, those that can be opened here first."""
    return tuple(
        BackboneChoice(
            name=row.card.name,
            title=row.card.title,
            maps=tuple((spec.stride, spec.channels) for spec in row.card.maps),
            pretraining=row.card.pretraining,
            licence=row.card.licence,
            ready=row.ready,
            advice=row.advice,
            weights_bytes=row.weights_bytes,
            work=row.work,
        )
        for row in backbone_cards(models_dir)
    )
