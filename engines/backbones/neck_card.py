"""What a neck on the shelf says of itself: which backbone it stands on, and its one map; no torch.

A neck is trained on a frozen backbone and kept alone: its file holds some hundred kilobytes, and
its card names the backbone with the digest of the weights it was trained on. To everyone it is a
backbone whose maps are those of its base and, last, its own.
"""

from collections.abc import Iterable
from dataclasses import replace

from engines.backbones.backbone import BackboneCard, MapSpec, Preprocessing
from engines.errors import UnusableWeights
from engines.weights import WeightsCard

NECK_ARCHITECTURE = "neck"
GRID_STRIDE = 8  # PANet's; the neck works on the base's map that comes nearest


def is_neck(weights: WeightsCard) -> bool:
    """Whether weights say they are a neck."""
    return weights.architecture == NECK_ARCHITECTURE


def is_whole_neck(weights: WeightsCard) -> bool:
    """Whether the card of a neck tells its one map, as every card written here does."""
    return (
        is_neck(weights)
        and [*weights.stages] == [name for name, _, _ in weights.maps]
        and len(weights.maps) == 1
    )


def neck_spec(base: tuple[MapSpec, ...], width: int) -> MapSpec:
    """The map of a neck with ``width`` channels on a backbone with these maps."""
    return MapSpec("neck", base[grid_map(base)].stride, width)


def neck_map(weights: WeightsCard) -> MapSpec:
    """The one map of a neck; `UnusableWeights` where the card does not tell."""
    if not is_whole_neck(weights):
        raise UnusableWeights(f"The card of the neck '{weights.name}' names no map; train again.")
    return MapSpec(*weights.maps[0])


def check_base(weights: WeightsCard, shelf: Iterable[WeightsCard]) -> None:
    """Raise `UnusableWeights` where a neck claims to stand on a neck, itself included."""
    if any(one.name == weights.base and is_neck(one) for one in shelf):
        raise UnusableWeights(
            f"The neck '{weights.name}' stands on another neck, '{weights.base}'; train it on a "
            "backbone."
        )


def grid_map(specs: tuple[MapSpec, ...]) -> int:
    """Which map's grid a neck works on: the one whose stride is nearest to 8, the finer of two."""
    strides = [spec.stride for spec in specs]
    return min(
        range(len(strides)),
        key=lambda i: (max(strides[i] / GRID_STRIDE, GRID_STRIDE / strides[i]), strides[i]),
    )


def neck_card(weights: WeightsCard, base: BackboneCard) -> BackboneCard:
    """What a neck on its base is as a backbone; `UnusableWeights` for another base."""
    if base.name != weights.base or (base.weights_digest or "") != weights.base_digest:
        raise UnusableWeights(
            f"The neck '{weights.name}' was trained on other weights of '{weights.base}' than "
            "those here; import those or train it again."
        )
    return replace(
        base,
        name=weights.name,
        title=f"Neck on {base.title}",
        maps=(*base.maps, neck_map(weights)),
        pretraining=f"{base.pretraining}; {weights.pretraining}",
        weights_digest=f"{weights.digest}-{weights.base_digest}",
        licence="; ".join(dict.fromkeys(part for part in (base.licence, weights.licence) if part)),
    )


def unfounded_card(weights: WeightsCard) -> BackboneCard:
    """What can be said of a neck whose base is not here."""
    return BackboneCard(
        name=weights.name,
        title=f"Neck on {weights.base}",
        maps=(neck_map(weights),),
        preprocessing=Preprocessing(),
        pretraining=weights.pretraining,
        weights_digest=None,
        licence=weights.licence,
    )
