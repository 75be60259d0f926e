"""What stands on the engine's shelf and what this machine can do: models and doctor."""

import importlib.metadata
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotator.flows.method_cards import card_of_backbone, method_cards
from engines.backbones.published import PUBLISHED, Published
from engines.errors import EngineError, UnknownName
from engines.reporting import Reporter
from engines.sessions.catalog import BackboneChoice, backbone_choices

if TYPE_CHECKING:  # the shelf is read without loading torch
    from engines.backbones.importing import ImportedWeights

PACKAGES = (
    "torch",
    "torchvision",
    "open_clip_torch",
    "timm",
    "numpy",
    "scikit-image",
    "pycocotools",
    "PySide6-Essentials",
)


@dataclass(frozen=True, slots=True)
class BackboneRow:
    """One backbone as a person reads it. ``missing`` is what to do about one that is not ready."""

    name: str
    title: str
    maps: str
    pretraining: str
    needs: str
    ready: bool
    state: str
    missing: str


@dataclass(frozen=True, slots=True)
class MethodRow:
    """One method as a person reads it."""

    name: str
    title: str
    needs: str
    summary: str


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """What an import did, as sentences and as facts."""

    lines: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FetchRow:
    """Weights that can be fetched, and under which terms.

    ``about_mb``: millions of bytes. ``checked``: whether the publisher tells a checksum.
    """

    name: str
    title: str
    about_mb: float
    licence: str
    url: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What `annotator doctor` found, and what a person may do about it."""

    rows: tuple[tuple[str, str], ...]
    advice: tuple[str, ...]


def as_json(row: BackboneRow | MethodRow | FetchRow) -> dict[str, Any]:
    """A row as plain values."""
    return asdict(row)


def models_folder() -> Path:
    """Where imported weights are kept."""
    from engines.folders import models_folder as folder

    return folder()


def backbones() -> tuple[BackboneRow, ...]:
    """All backbones, those that can be used first."""
    return tuple(_backbone_row(choice) for choice in backbone_choices())


def methods() -> tuple[MethodRow, ...]:
    """All few-shot methods."""
    return tuple(
        MethodRow(card.name, card.title, card.needs, card.summary) for card in method_cards()
    )


def import_weights(
    file: Path, *, network: str | None, preprocess: str | None, name: str | None = None
) -> ImportedModel:
    """Check a weights file and keep it; raises `UnusableWeights` with the reason."""
    from engines.backbones.importing import import_weights as keep

    return _told(keep(file, network=network, preprocessing=preprocess, name=name))


def fetchable() -> tuple[FetchRow, ...]:
    """All weights that `fetch` can bring."""
    return tuple(_fetch_row(one) for one in PUBLISHED.values())


def fetch_row(name: str) -> FetchRow:
    """What would be fetched under that name; `UnknownName` for one that is not in the table."""
    if name not in PUBLISHED:
        known = ", ".join(PUBLISHED)
        raise UnknownName(f"Nothing called '{name}' can be fetched. There are {known}.")
    return _fetch_row(PUBLISHED[name])


def fetch(name: str, reporter: Reporter, *, agreed: bool) -> ImportedModel:
    """Bring the weights of that name from their publisher and import them.

    ``agreed``: a person has accepted the licence; without that nothing is fetched, which is an
    `EngineError`. Cancelled or broken off, the next call goes on from what came.
    """
    row = fetch_row(name)
    if not agreed:
        raise EngineError("Nothing was fetched: accept the licence at the prompt or with --yes.")
    from engines.fetching import fetch as bring

    return _told(bring(PUBLISHED[row.name], reporter))


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


def _backbone_row(choice: BackboneChoice) -> BackboneRow:
    card = card_of_backbone(choice)
    return BackboneRow(
        name=card.name,
        title=card.title,
        maps=", ".join(f"{stride}: {channels}" for stride, channels in choice.maps),
        pretraining=choice.pretraining,
        needs=card.needs,
        ready=card.available,
        state="ready" if card.available else "needs weights",
        missing=card.missing,
    )


def _fetch_row(one: Published) -> FetchRow:
    return FetchRow(one.name, one.title, one.about_mb, one.licence, one.url, bool(one.sha256))


def _told(imported: "ImportedWeights") -> ImportedModel:
    facts = {
        **asdict(imported.card),
        "missing_stages": list(imported.missing_stages),
        "ignored": list(imported.ignored),
    }
    return ImportedModel(imported.lines, facts)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _advice(ready: list[str], device: str) -> list[str]:
    advice = []
    if ready == ["filters"]:
        advice.append(
            "No learned backbone is here: 'annotator models fetch' lists what can be fetched, and "
            "'annotator models import FILE' takes safetensors or torch weights of a network that "
            "'annotator models list' shows."
        )
    if device == "cpu":
        advice.append(
            "No GPU is in use, and none is needed; where an NVIDIA one is built in, its driver and "
            "the ordinary torch wheel are all it takes."
        )
    return advice
