"""Importing weights: find the network a file fits, check every tensor, put it on the shelf."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engines.backbones.architectures import (
    Architecture,
    Shape,
    Stage,
    architecture,
    architectures,
    tensor_shapes,
)
from engines.backbones.families import KeepingWish, foreign_name, is_foreign
from engines.backbones.mobilenet_v1 import from_keras_name
from engines.backbones.preprocessing import preprocessing_named
from engines.errors import UnusableWeights
from engines.weight_files import check_finite, read_tensors
from engines.weights import WeightsCard, check_name, store_weights

FILTERS_NAME = "filters"
_WRAPPERS = ("module.", "backbone.", "encoder.", "model.")
_REALS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)  # float8 needs scales
_NAMED_AT_MOST = 3  # tensors told in one sentence


@dataclass(frozen=True, slots=True)
class ImportedWeights:
    """What an import found. ``lines`` tell it to a person, one sentence each."""

    card: WeightsCard
    missing_stages: tuple[str, ...]
    ignored: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a network fits a file: its complete stages, and what spoils the next one."""

    plan: Architecture
    complete: tuple[Stage, ...]
    obstacles: tuple[str, ...]
    matched: int  # tensors of the right name and shape, to tell the nearest network


def import_weights(
    file: Path,
    *,
    network: str | None = None,
    preprocessing: str | None = None,
    licence: str = "",
    name: str | None = None,
    models_dir: Path | None = None,
) -> ImportedWeights:
    """Check a safetensors or torch file and keep it under ``name``, else under its own stem.

    ``network`` names the architecture where the file fits several, and always for one of another
    library (``open_clip:ViT-B-16``, ``timm:convnext_tiny``); ``preprocessing`` is a name of
    `PREPROCESSINGS`. A network cut short is taken as far as it is complete.
    Raises `UnusableWeights` or `UnknownName` with one sentence; nothing is kept then.
    """
    name = name or file.stem
    check_name(name)
    if network and is_foreign(network):
        wish = KeepingWish(name, file.name, preprocessing, licence)
        return _foreign(file, network, wish, models_dir)
    tensors = _plain_names(read_tensors(file), file.name)
    fit = find_fit(tensors, file.name, network)
    _check_free(name, fit.plan)
    style = preprocessing or fit.plan.preprocessing
    preprocessing_named(style)
    used = _used(tensors, fit)
    check_finite(used, source=file.name)
    ignored = tuple(sorted(set(tensors) - set(used)))
    card = WeightsCard(
        name=name,
        architecture=fit.plan.name,
        stages=tuple(stage.spec.name for stage in fit.complete),
        preprocessing=style,
        pretraining=_pretraining(tensors, ignored),
        digest="",
        source=file.name,
        dtype=_dtype(used),
        date=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        licence=licence,
    )
    card = store_weights(used, card, models_dir)
    missing = tuple(stage.spec.name for stage in fit.plan.stages[len(fit.complete) :])
    lines = _told(card, fit, missing, ignored, chosen=preprocessing is not None)
    return ImportedWeights(card, missing, ignored, lines)


def _foreign(
    file: Path, architecture: str, wish: KeepingWish, models_dir: Path | None
) -> ImportedWeights:
    """A network of open_clip or timm, which takes its whole file or none."""
    from engines.backbones.foreign_weights import keep_foreign  # those libraries load slowly

    known = foreign_name(architecture)
    if wish.name == FILTERS_NAME or wish.name in architectures():
        raise UnusableWeights(
            f"'{wish.name}' is the name of another backbone here; rename the file or give --name."
        )
    tensors = _untrained(read_tensors(file))
    card, unused = keep_foreign(tensors, architecture, wish, models_dir)
    maps = ", ".join(f"{map_name} (stride {s}): {c} channels" for map_name, s, c in card.maps)
    lines = [f"{card.source} is {known.title}, kept as '{card.name}' ({card.dtype}); {maps}."]
    if unused:
        lines.append(f"{unused} tensor(s) are not needed.")
    if known.family.name == "open_clip" and "quickgelu" not in known.network.lower():
        lines.append(
            "Whether a CLIP was trained with QuickGELU cannot be told from its file: OpenAI's own "
            f"weights were, and want --as {architecture}-quickgelu."
        )
    lines.append(_about_preprocessing(card, chosen=wish.preprocessing is not None))
    return ImportedWeights(card, (), (), tuple(lines))


def _untrained(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the one wrapper that parallel training leaves; other words may belong to names."""
    return {name.removeprefix("module."): tensor for name, tensor in tensors.items()}


def find_fit(tensors: Mapping[str, Tensor], source: str, network: str | None = None) -> Fit:
    """The network whose stages these tensors fill furthest, or `UnusableWeights`.

    Counted from the first stage on, without a gap. A tensor that a stage has no place for spoils
    it: so ResNet-18 does not fit the file of a ResNet-34, whose stages merely go on.
    """
    plans = [architecture(network)] if network else list(architectures().values())
    fits = [_fit(plan, tensors) for plan in plans]
    best = max(fits, key=lambda fit: (len(fit.complete), fit.matched))
    if best.complete:
        return best
    if best.matched == 0:
        known = ", ".join(plan.name for plan in plans)
        raise UnusableWeights(
            f"{source} fits no network that is known here ({known}): it holds {len(tensors)} "
            f"tensor(s), {_first_tensors(tensors)}; a network of OpenCLIP or timm must be named "
            "with --as open_clip:NETWORK or --as timm:NETWORK."
        )
    raise UnusableWeights(
        f"{source} is nearest to {best.plan.title}, but its first stage is not complete: "
        f"{_some(best.obstacles)}."
    )


def _fit(plan: Architecture, tensors: Mapping[str, Tensor]) -> Fit:
    shapes = tensor_shapes(plan.name)
    matched = sum(n in tensors and tuple(tensors[n].shape) == shape for n, shape in shapes.items())
    complete: list[Stage] = []
    for stage in plan.stages:
        obstacles = _obstacles(stage, shapes, tensors)
        if obstacles:
            return Fit(plan, tuple(complete), obstacles, matched)
        complete.append(stage)
    return Fit(plan, tuple(complete), (), matched)


def _obstacles(
    stage: Stage, shapes: Mapping[str, Shape], tensors: Mapping[str, Tensor]
) -> tuple[str, ...]:
    """What keeps a stage from being complete, one phrase per tensor."""
    told = []
    for name, shape in shapes.items():
        if not stage.owns(name):
            continue
        if name not in tensors:
            told.append(f"{name} is missing")
        elif tuple(tensors[name].shape) != shape:
            told.append(f"{name} has shape {tuple(tensors[name].shape)} instead of {shape}")
        elif tensors[name].dtype not in _REALS:
            told.append(f"{name} holds {tensors[name].dtype} instead of real numbers")
    foreign = (n for n in tensors if stage.owns(n) and n not in shapes and not _is_counter(n))
    told += [f"{name} has no place" for name in foreign]
    return tuple(told)


def _plain_names(tensors: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """Names without the wrappers that training code leaves, and without Keras' suffixes."""
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        short = from_keras_name(_unwrapped(name))
        if short in plain:
            raise UnusableWeights(
                f"{source} holds two networks: two of its tensors are both {short} once wrappers "
                "such as 'module.' are taken off; save one network alone."
            )
        plain[short] = tensor
    return plain


def _unwrapped(name: str) -> str:
    while wrapper := next((w for w in _WRAPPERS if name.startswith(w)), None):
        name = name.removeprefix(wrapper)
    return name


def _check_free(name: str, plan: Architecture) -> None:
    """A known name must mean what it says."""
    taken = name == FILTERS_NAME or (name in architectures() and name != plan.name)
    if taken:
        raise UnusableWeights(
            f"The file is called '{name}', which is another backbone, but holds {plan.title}; "
            "rename it and import it again."
        )


def _used(tensors: Mapping[str, Tensor], fit: Fit) -> dict[str, Tensor]:
    return {
        name: tensors[name]
        for name in tensor_shapes(fit.plan.name)
        if any(stage.owns(name) for stage in fit.complete)
    }


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _pretraining(tensors: Mapping[str, Tensor], ignored: tuple[str, ...]) -> str:
    """What the classifier left in the file gives away; a file without one says nothing."""
    heads = [n for n in ignored if n.startswith(("fc.", "classifier.", "conv_preds."))]
    classes = {int(tensors[name].shape[0]) for name in heads if tensors[name].ndim > 0}
    if 1000 in classes:
        return "1000 classes, probably ImageNet-1k"
    return "not told by the file"


def _dtype(tensors: Mapping[str, Tensor]) -> str:
    kinds = {str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()}
    return ", ".join(sorted(kinds))


def _told(
    card: WeightsCard,
    fit: Fit,
    missing: tuple[str, ...],
    ignored: tuple[str, ...],
    *,
    chosen: bool,
) -> tuple[str, ...]:
    maps = ", ".join(f"stride {s.spec.stride}: {s.spec.channels} channels" for s in fit.complete)
    lines = [f"{card.source} is {fit.plan.title}, kept as '{card.name}' ({card.dtype}); {maps}."]
    if missing:
        lines.append(f"Not complete and left out: {', '.join(missing)} ({_some(fit.obstacles)}).")
    left = [name for name in ignored if not _is_counter(name)]
    if left:
        lines.append(f"{len(left)} tensor(s) are not needed: {', '.join(_shortened(left))}.")
    lines.append(_about_preprocessing(card, chosen=chosen))
    return tuple(lines)


def _about_preprocessing(card: WeightsCard, *, chosen: bool) -> str:
    told = f"Images are prepared as '{card.preprocessing}'"
    if chosen:
        return f"{told}, as asked."
    return (
        f"{told}, the usual way for this network; the file does not tell. If its publisher says "
        "otherwise, import it again with --preprocess: 'imagenet' (RGB, mean and deviation of "
        "ImageNet), 'clip' (those of CLIP), 'half' (RGB in -1..1), 'tf' (the same, padded as "
        "TensorFlow or Keras) or 'caffe' (BGR in 0..255)."
    )


def _some(phrases: tuple[str, ...]) -> str:
    more = len(phrases) - _NAMED_AT_MOST
    return ", ".join(phrases[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _shortened(names: list[str]) -> list[str]:
    more = len(names) - _NAMED_AT_MOST
    return names[:_NAMED_AT_MOST] + ([f"{more} more"] if more > 0 else [])


def _first_tensors(tensors: Mapping[str, Tensor]) -> str:
    return _some(tuple(f"{name} {tuple(tensor.shape)}" for name, tensor in tensors.items()))
