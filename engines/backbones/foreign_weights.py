"""Weights of networks of other libraries: checked against the network's own plan, kept and opened.

A plan is the network built without memory: names and shapes of its tensors. Other publishers' names
are translated by the libraries' own translators, which only rename and reshape.
"""

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engines.backbones.families import ForeignName, KeepingWish, foreign_name
from engines.backbones.foreign import SIZE_ERRORS, DenseNetwork, check_dense
from engines.backbones.open_clip_nets import build_clip, clip_preprocessing, dense_clip
from engines.backbones.preprocessing import preprocessing_named
from engines.backbones.timm_nets import build_timm, dense_timm, timm_preprocessing
from engines.errors import UnusableWeights
from engines.weight_files import check_finite
from engines.weights import WeightsCard, store_weights

_NAMED_AT_MOST = 3  # tensors told in one sentence


@dataclass(frozen=True, slots=True)
class _Builders:
    whole: Callable[[str], nn.Module]
    dense: Callable[[nn.Module, str], DenseNetwork]
    preprocessing: Callable[[str], str]


_BUILDERS = {
    "open_clip": _Builders(build_clip, dense_clip, clip_preprocessing),
    "timm": _Builders(build_timm, dense_timm, timm_preprocessing),
}


def keep_foreign(
    tensors: Mapping[str, Tensor],
    architecture: str,
    wish: KeepingWish,
    models_dir: Path | None = None,
) -> tuple[WeightsCard, int]:
    """Put weights of a named network on the shelf; the card, and how many tensors were not needed.

    Raises `UnusableWeights` unless every tensor of the network is there in its exact shape.
    """
    known = foreign_name(architecture)
    plan = _meta(known)
    used = fitting_tensors(plan, tensors, known.title, wish.source)
    check_finite(used, source=wish.source)
    dense = _BUILDERS[known.family.name].dense(plan, known.network)
    check_dense(dense, architecture)
    style = wish.preprocessing or _BUILDERS[known.family.name].preprocessing(known.network)
    preprocessing_named(style)
    kinds = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in used.values()})
    card = WeightsCard(
        name=wish.name,
        architecture=architecture,
        stages=tuple(spec.name for spec in dense.specs),
        preprocessing=style,
        pretraining="not told by the file",
        digest="",
        source=wish.source,
        dtype=", ".join(kinds),
        date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        licence=wish.licence,
        maps=tuple((spec.name, spec.stride, spec.channels) for spec in dense.specs),
    )
    return store_weights(used, card, models_dir), len(tensors) - len(used)


def open_foreign(card: WeightsCard, tensors: Mapping[str, Tensor]) -> DenseNetwork:
    """The dense network of a card with its weights in float32; the card's maps must be its own."""
    known = foreign_name(card.architecture)
    whole = whole_foreign(card, tensors)
    dense = _BUILDERS[known.family.name].dense(whole, known.network)
    told = tuple((spec.name, spec.stride, spec.channels) for spec in dense.specs)
    if told != card.maps:
        raise UnusableWeights(
            f"The card of '{card.name}' tells of maps that {known.title} does not give in the "
            f"{known.family.package} installed here; import the weights again."
        )
    return dense


def whole_foreign(card: WeightsCard, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network of a card as its library has it, both towers of a CLIP, weights in float32."""
    known = foreign_name(card.architecture)
    with torch.random.fork_rng(devices=[]):  # building draws weights, which nobody should notice
        network = _BUILDERS[known.family.name].whole(known.network)
    fitting = fitting_tensors(network, tensors, known.title, card.name)
    values = {k: v.float() if v.is_floating_point() else v for k, v in fitting.items()}
    network.load_state_dict(values | _counters(network), strict=True, assign=True)
    return network.eval().requires_grad_(False)


def fitting_tensors(
    plan: nn.Module, tensors: Mapping[str, Tensor], title: str, source: str
) -> dict[str, Tensor]:
    """The tensors a network needs, or `UnusableWeights` naming what does not fit.

    ``plan`` may be on the meta device. Names of its publisher are tried where its own do not fit.
    """
    wanted = _wanted(plan)
    problems = _obstacles(wanted, tensors)
    if problems:
        renamed = _published_names(plan, tensors)
        if not (others := _obstacles(wanted, renamed)):
            return {name: renamed[name] for name in wanted}
        problems = min(problems, others, key=len)
        more = len(problems) - _NAMED_AT_MOST
        told = ", ".join(problems[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
        raise UnusableWeights(f"{source} does not fit {title}: {told}.")
    return {name: tensors[name] for name in wanted}


@lru_cache(maxsize=4)
def _meta(known: ForeignName) -> nn.Module:
    with torch.device("meta"):
        return _BUILDERS[known.family.name].whole(known.network)


def _wanted(plan: nn.Module) -> dict[str, Tensor]:
    return {k: v for k, v in plan.state_dict().items() if not k.endswith("num_batches_tracked")}


def _counters(network: nn.Module) -> dict[str, Tensor]:
    """Step counters of batch normalisation: unused, but a strict load wants them."""
    names = (name for name in network.state_dict() if name.endswith("num_batches_tracked"))
    return {name: torch.zeros((), dtype=torch.int64) for name in names}


def _obstacles(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> list[str]:
    told = []
    for name, plan in wanted.items():
        held = tensors.get(name)
        if held is None:
            told.append(f"{name} is missing")
        elif held.shape != plan.shape:
            told.append(f"{name} has shape {tuple(held.shape)} instead of {tuple(plan.shape)}")
        elif not _same_kind(held.dtype, plan.dtype):
            told.append(f"{name} holds {held.dtype} instead of {plan.dtype}")
    return told


def _same_kind(held: torch.dtype, wanted: torch.dtype) -> bool:
    """Real numbers for real numbers, whole ones for whole ones; float8 would need its scales."""
    if held.is_floating_point != wanted.is_floating_point:
        return False
    return not held.is_floating_point or held.itemsize > 1


def _published_names(plan: nn.Module, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The tensors under the names of the library here, by its own translation of other files."""
    module: Any = sys.modules[type(plan).__module__]
    translate = getattr(module, "checkpoint_filter_fn", None)
    if type(plan).__name__ == "CustomTextCLIP":
        translate = lambda state, _plan: module.convert_to_custom_text_state_dict(state)  # noqa: E731
    if translate is None:
        return tensors
    try:
        renamed = translate(dict(tensors), plan)
    except (*SIZE_ERRORS, KeyError):  # made for whole files of its publisher, and this is none
        return tensors
    return {k: v for k, v in renamed.items() if isinstance(v, Tensor) and not v.is_meta}
