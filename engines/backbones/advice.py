"""What a person can do about a backbone whose weights or library are not here; no torch."""

from engines.backbones.architectures import Architecture, architecture
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.backbones.families import foreign_name, is_foreign
from engines.backbones.published import PUBLISHED, Published, published_as
from engines.weights import WeightsCard


def advice_for(plan: Architecture) -> str:
    """How to get the weights of a network, one sentence."""
    if plan.name in EMBEDDED_PLANS:
        return (
            f"{plan.title} comes with the program, but this copy lacks its weights: install the "
            "program again."
        )
    published = PUBLISHED.get(plan.name)
    if published is not None:
        return advice_to_fetch(published)
    return (
        f"The weights of {plan.title} are not on this machine: get a file of them (safetensors or "
        "a torch state dict) and run `annotator models import FILE`."
    )


def advice_to_fetch(one: Published) -> str:
    """How to get weights that are published under a known address, one sentence."""
    as_what = f" --as {one.architecture} --name {one.name}" if is_foreign(one.architecture) else ""
    family = foreign_name(one.architecture).family if as_what else None
    first = f"{family.advice}, then " if family is not None and not family.installed else ""
    return (
        f"The weights of {one.title} are not on this machine: {first}run `annotator models fetch "
        f"{one.name}` (about {one.about_mb:.0f} MB), or get the file yourself and run `annotator "
        f"models import FILE{as_what}`."
    )


def advice_about(weights: WeightsCard, *, there: bool) -> str:
    """What keeps weights with a card from being opened; empty where nothing does.

    ``there``: whether their file is.
    """
    if not is_foreign(weights.architecture):
        return "" if there else advice_for(architecture(weights.architecture))
    known = foreign_name(weights.architecture)
    if not there:
        return (
            f"The weights of '{weights.name}' ({known.title}) are gone, only their card is left: "
            f"run `annotator models import FILE --as {weights.architecture}`."
        )
    if not known.family.installed:
        return f"{known.title} needs the package {known.family.package}: {known.family.advice}."
    return ""


def advice_on_name(name: str) -> str | None:
    """What to do about a name that nothing on the shelf has; None for one that nobody knows."""
    published = PUBLISHED.get(name) or published_as(name)
    if published is not None:
        return advice_to_fetch(published)
    if is_foreign(name):
        return (
            f"No weights of {foreign_name(name).title} are on this machine: get a file of them "
            f"and run `annotator models import FILE --as {name}`."
        )
    return None
