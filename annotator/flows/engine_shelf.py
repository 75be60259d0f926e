"""What stands on the engine's shelf and what this machine can do: models and doctor."""

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "torchvision", "numpy", "scikit-image", "pycocotools", "PySide6-Essentials")


@dataclass(frozen=True, slots=True)
class BackboneRow:
    """One backbone as a person reads it."""

    name: str
    maps: str
    pretraining: str
    ready: bool
    state: str


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method as a person reads it."""

    name: str
    cues: str
    summary: str


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """What an import did, as sentences and as facts."""

    lines: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Findings:
    """What `annotator doctor` found, and what a person may do about it."""

    rows: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]


def as_json(row: BackboneRow | MethodRow) -> dict[str, Any]:
    """A row as plain values."""
    return asdict(row)


def models_folder() -> Path:
    """Where imported weights are kept."""
    from engines.folders import models_folder as folder

    return folder()


def backbones() -> tuple[BackboneRow, ...]:
    """All backbones, those that can be used first."""
    from engines.backbones.catalog import backbone_cards

    return tuple(
        BackboneRow(
            name=shelf.card.name,
            maps=", ".join(f"{spec.stride}: {spec.channels}" for spec in shelf.card.maps),
            pretraining=shelf.card.pretraining,
            ready=shelf.ready,
            state="ready" if shelf.ready else "needs weights",
        )
        for shelf in backbone_cards()
    )


def methods() -> tuple[MethodRow, ...]:
    """All few-shot methods."""
    from engines.fewshot.cards import METHOD_CARDS

    return tuple(
        MethodRow(
            name=card.name,
            cues=", ".join(sorted(kind.value for kind in card.cues)),
            summary=card.summary.split(". ")[0] + ".",
        )
        for card in METHOD_CARDS
    )


def import_weights(file: Path, *, network: str | None, preprocess: str | None) -> ImportedModel:
    """Check a weights file and keep it; raises `UnusableWeights` with the reason."""
    from engines.backbones.importing import import_weights as keep

    imported = keep(file, network=network, preprocessing=preprocess)
    facts = {
        **asdict(imported.card),
        "missing_stages": list(imported.missing_stages),
        "ignored": list(imported.ignored),
    }
    return ImportedModel(imported.lines, facts)


def examine() -> Findings:
    """Versions, device, dtype, memory, models found, what is missing and how to get it."""
    from engines.device import choose_device
    from engines.weights import shelf_problems

    device = choose_device()
    shelf = backbones()
    ready = [row.name for row in shelf if row.ready]
    rows = (
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        *((name, _version(name)) for name in PACKAGES),
        ("device", device.title),
        ("dtype", device.precision),
        ("why", device.reason),
        ("threads", str(device.threads)),
        ("memory", f"{device.memory_bytes / 2**30:.1f} GiB"),
        ("models folder", str(models_folder())),
        ("backbones ready", ", ".join(ready)),
    )
    return Findings(rows, (*shelf_problems(), *_advice(ready, device.name)))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _advice(ready: list[str], device: str) -> list[str]:
    advice = []
    if ready == ["filters"]:
        advice.append(
            "No learned backbone is here: 'annotator models import FILE' takes safetensors or "
            "torch weights of a network that 'annotator models list' shows."
        )
    if device == "cpu":
        advice.append(
            "No GPU is in use, and none is needed; where an NVIDIA one is built in, its driver and "
            "the ordinary torch wheel are all it takes."
        )
    return advice
