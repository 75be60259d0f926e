"""Families of networks from other libraries, by names such as ``timm:convnext_tiny``; no torch."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass

from engines.errors import EngineError, UnknownName


@dataclass(frozen=True, slots=True)
class Family:
    """A library of networks: its name here, the module it is imported as, its package."""

    name: str
    title: str
    module: str
    package: str

    @property
    def installed(self) -> bool:
        """Whether the library is on this machine; it is not loaded to find out."""
        return importlib.util.find_spec(self.module) is not None

    @property
    def advice(self) -> str:
        """What to do where the library is missing."""
        return f"install it with `pip install {self.package}`"


FAMILIES: Mapping[str, Family] = {
    "open_clip": Family("open_clip", "OpenCLIP", "open_clip", "open_clip_torch"),
    "timm": Family("timm", "timm", "timm", "timm"),
}


@dataclass(frozen=True, slots=True)
class ForeignName:
    """``family:network``, such as ``open_clip:ViT-B-16``."""

    family: Family
    network: str

    @property
    def title(self) -> str:
        """For a person: 'OpenCLIP ViT-B-16'."""
        return f"{self.family.title} {self.network}"


@dataclass(frozen=True, slots=True)
class KeepingWish:
    """How weights shall stand on the shelf. ``preprocessing`` None: as their publisher does."""

    name: str
    source: str
    preprocessing: str | None = None
    licence: str = ""


def is_foreign(architecture: str) -> bool:
    """Whether the name says a family, whichever."""
    return ":" in architecture


def foreign_name(architecture: str) -> ForeignName:
    """The two parts of a name, or `UnknownName` for another family."""
    family, colon, network = architecture.partition(":")
    if not colon or family not in FAMILIES or not network:
        known = " or ".join(f"{name}:NETWORK" for name in FAMILIES)
        raise UnknownName(f"'{architecture}' names no network of another library; write {known}.")
    return ForeignName(FAMILIES[family], network)


def require(family: Family) -> None:
    """Raise `EngineError` with what to do where the library is not installed."""
    if not family.installed:
        raise EngineError(
            f"Networks of {family.title} need the package {family.package}, which is not "
            f"installed; {family.advice}."
        )
