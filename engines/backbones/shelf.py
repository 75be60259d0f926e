"""The shelf: every backbone with what it is and whether it can be opened here; no torch."""

from dataclasses import dataclass
from pathlib import Path

from engines.backbones.advice import advice_about, advice_for, advice_to_fetch
from engines.backbones.architectures import Architecture, architecture, architectures
from engines.backbones.backbone import BackboneCard, MapSpec
from engines.backbones.costs import work_of
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.backbones.families import FAMILIES, foreign_name, is_foreign
from engines.backbones.filter_card import FILTERS_CARD
from engines.backbones.neck_card import is_whole_neck, neck_card, unfounded_card
from engines.backbones.preprocessing import PREPROCESSINGS, preprocessing_named
from engines.backbones.published import PUBLISHED, Published, published_as
from engines.errors import UnusableWeights
from engines.weights import WeightsCard, list_weights, weights_bytes

EMBEDDED = "embedded"  # the design that ships


@dataclass(frozen=True, slots=True)
class ShelfCard:
    """One row of the shelf. ``advice`` says how to get what is missing, else it is empty.

    ``weights_bytes`` is the size of the file; ``work`` billions of multiply-adds for an image of
    512 px, None where nobody has counted them.
    """

    card: BackboneCard
    ready: bool
    advice: str = ""
    weights_bytes: int | None = None
    work: float | None = None


def backbone_cards(models_dir: Path | None = None) -> tuple[ShelfCard, ...]:
    """All backbones: those that can be opened first, then known networks without weights."""
    imported = [_row_of(one, models_dir) for one in list_weights(models_dir) if _is_whole(one)]
    imported.sort(key=lambda row: not row.ready)
    named = {row.card.name for row in imported}
    missing = [_row_without(plan) for plan in architectures().values() if _offered(plan, named)]
    foreign = [one for one in PUBLISHED.values() if is_foreign(one.architecture)]
    missing += [_row_to_fetch(one) for one in foreign if one.name not in named]
    whole = (ShelfCard(FILTERS_CARD, ready=True), *imported)
    necks = [
        _neck_row(one, whole, models_dir) for one in list_weights(models_dir) if is_whole_neck(one)
    ]
    return (*whole, *sorted(necks, key=lambda row: not row.ready), *missing)


def _neck_row(
    weights: WeightsCard, whole: tuple[ShelfCard, ...], models_dir: Path | None
) -> ShelfCard:
    """A neck is ready where its base is, with the very weights it was trained on."""
    size = weights_bytes(weights, models_dir)
    base = next((row for row in whole if row.card.name == weights.base and row.ready), None)
    if base is None or size is None:
        advice = (
            f"'{weights.name}' stands on the backbone '{weights.base}': get that, and run "
            "`annotator models import FILE`."
        )
        return ShelfCard(unfounded_card(weights), ready=False, advice=advice)
    try:
        card = neck_card(weights, base.card)
    except UnusableWeights as error:
        return ShelfCard(unfounded_card(weights), ready=False, advice=str(error))
    return ShelfCard(card, True, "", size + (base.weights_bytes or 0), base.work)


def _offered(plan: Architecture, named: set[str]) -> bool:
    """Of the designs of our own that were compared, only the one that ships is worth a row."""
    rejected = plan.name in EMBEDDED_PLANS and plan.name != EMBEDDED
    return plan.name not in named and not rejected


def _row_without(plan: Architecture) -> ShelfCard:
    card = _card_without_weights(plan)
    work = work_of(plan.name, len(plan.stages))
    return ShelfCard(card, ready=False, advice=advice_for(plan), work=work)


def _row_to_fetch(one: Published) -> ShelfCard:
    """A network of another library that `annotator models fetch` can bring."""
    card = BackboneCard(
        name=one.name,
        title=one.title,
        maps=tuple(MapSpec(*row) for row in one.maps),
        preprocessing=preprocessing_named(one.preprocessing),
        pretraining="weights missing",
        weights_digest=None,
        licence=one.licence,
    )
    return ShelfCard(card, ready=False, advice=advice_to_fetch(one), work=one.work)


def _row_of(weights: WeightsCard, models_dir: Path | None) -> ShelfCard:
    size = weights_bytes(weights, models_dir)
    known = published_as(weights.architecture)
    counted = known.work if known is not None else None
    work = counted or work_of(weights.architecture, len(weights.stages))
    advice = advice_about(weights, there=size is not None)
    return ShelfCard(card_of(weights), not advice, advice, size, work)


def _is_whole(weights: WeightsCard) -> bool:
    """Whether this version knows all the card names; the shelf may serve a newer one as well."""
    if not weights.stages or weights.preprocessing not in PREPROCESSINGS:
        return False
    if is_foreign(weights.architecture):
        known = weights.architecture.partition(":")[0] in FAMILIES
        return known and weights.stages == tuple(name for name, _, _ in weights.maps)
    if weights.architecture not in architectures():
        return False
    stages = architecture(weights.architecture).stages
    return weights.stages == tuple(stage.spec.name for stage in stages[: len(weights.stages)])


def card_of(weights: WeightsCard) -> BackboneCard:
    """What imported weights are; `UnusableWeights` where this version does not know all of it."""
    title, specs = _title_and_maps(weights)
    if not _is_whole(weights):
        raise UnusableWeights(
            f"The card of '{weights.name}' lists stages that {title} does not have, or "
            "an unknown preprocessing; import the weights again."
        )
    return BackboneCard(
        name=weights.name,
        title=title,
        maps=specs,
        preprocessing=preprocessing_named(weights.preprocessing),
        pretraining=weights.pretraining,
        weights_digest=_digest(weights),
        licence=weights.licence,
    )


def _title_and_maps(weights: WeightsCard) -> tuple[str, tuple[MapSpec, ...]]:
    """Of a network of another library its card tells the maps, of ours the table."""
    if is_foreign(weights.architecture):
        title = foreign_name(weights.architecture).title
        return title, tuple(MapSpec(*row) for row in weights.maps)
    plan = architecture(weights.architecture)
    specs = tuple(stage.spec for stage in plan.stages[: len(weights.stages)])
    return plan.title if len(specs) == len(plan.stages) else f"{plan.title}, cut short", specs


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
