"""What the door may offer: methods and backbones as plain values; torch only when asked."""

from dataclasses import dataclass
from pathlib import Path

from engines.fewshot.cards import METHOD_CARDS, MethodCard


@dataclass(frozen=True, slots=True)
class BackboneChoice:
    """A backbone a person may choose. ``advice`` says how to get one that is not ``ready``."""

    name: str
    title: str
    pretraining: str
    licence: str
    ready: bool
    advice: str = ""


def method_cards() -> tuple[MethodCard, ...]:
    """All few-shot methods; none of them needs anything beyond a backbone."""
    return METHOD_CARDS


def backbone_choices(models_dir: Path | None = None) -> tuple[BackboneChoice, ...]:
    """All backbones, those that can be opened here first."""
    # Loads torch, a second or so: for the engine process, not for the window.
    from engines.backbones.catalog import backbone_cards

    return tuple(
        BackboneChoice(
            name=row.card.name,
            title=row.card.title,
            pretraining=row.card.pretraining,
            licence=row.card.licence,
            ready=row.ready,
            advice=row.advice,
        )
        for row in backbone_cards(models_dir)
    )
