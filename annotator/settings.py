"""Settings of a person: one table with defaults, of which only what differs is kept in a file."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

FILE_NAME = "settings.json"
SIZE_LIMIT_BYTES = 1 << 20
RECENT_LIMIT = 8
MODELS_VARIABLE = "ANNOTATOR_MODELS"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is remembered about a person's ways. A value: change it with `replace`."""

    scheme: str = "system"
    text_scale: int = 100  # per cent of the system's own size
    overlay_opacity: float = 0.45
    outline: bool = True
    hatching: bool = False
    live: bool = True
    pen_radius: float = 8.0
    gallery_cell: int = 132  # least width of a thumbnail in logical pixels
    left_width: int = 264
    right_width: int = 300
    device: str = "auto"  # where the engine computes
    models_folder: str = ""  # of imported weights; empty: the usual place
    proposal_memory: int = 512  # MiB of proposals kept at hand
    tour_seen: bool = False
    recent_projects: tuple[str, ...] = ()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # action id -> its own keys


_CHOICES = {
    "scheme": ("system", "light", "dark"),
    "device": ("auto", "cpu", "cuda", "mps"),
}
_RANGES: dict[str, tuple[float, float]] = {
    "text_scale": (80, 200),
    "proposal_memory": (64, 16384),
    "overlay_opacity": (0.0, 1.0),
    "pen_radius": (0.5, 512.0),
    "gallery_cell": (64, 512),
    "left_width": (120, 2000),
    "right_width": (120, 2000),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file said. ``note`` is one sentence for the person where not all could be used."""

    settings: Settings
    note: str | None = None


class SettingsFile:
    """Where the differences from the defaults are kept; damage never stops the program."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._foreign: dict[str, Any] = {}  # from a newer version: kept, not understood

    def load(self) -> Loaded:
        """Read the file; a missing one means defaults, a damaged one is put aside first."""
        try:
            with self.path.open("rb") as stream:
                data = stream.read(SIZE_LIMIT_BYTES + 1)
        except FileNotFoundError:
            return Loaded(Settings())
        except OSError as error:
            return Loaded(Settings(), f"The settings in '{self.path}' cannot be read: {error}.")
        stored = _parsed(data)
        if stored is None:
            return Loaded(Settings(), self._put_aside())
        settings, refused = settings_from(stored)
        known = {entry.name for entry in fields(Settings)}
        self._foreign = {name: value for name, value in stored.items() if name not in known}
        return Loaded(settings, _refusal(refused))

    def save(self, settings: Settings) -> None:
        """Write what differs from the defaults, whole or not at all; raises `OSError`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**self._foreign, **differences(settings)}, indent=2, sort_keys=True)
        descriptor, growing = tempfile.mkstemp(prefix=".settings-", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(growing, self.path)
        except BaseException:
            Path(growing).unlink(missing_ok=True)
            raise

    def _put_aside(self) -> str:
        number = 1
        while (aside := self.path.with_name(f"settings.damaged-{number}.json")).exists():
            number += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            return f"The settings in '{self.path}' are damaged and cannot be moved: {error}."
        return f"The settings were damaged and are kept as '{aside.name}'; defaults are in use."


def settings_path() -> Path:
    """Where this person's settings are; ``ANNOTATOR_SETTINGS`` names another file."""
    wish = os.environ.get("ANNOTATOR_SETTINGS")
    return Path(wish) if wish else platformdirs.user_config_path("annotator") / FILE_NAME


def differences(settings: Settings) -> dict[str, Any]:
    """What differs from the defaults, as JSON can say it."""
    plain = Settings()
    names = (entry.name for entry in fields(Settings))
    return {
        name: _as_json(getattr(settings, name))
        for name in names
        if getattr(settings, name) != getattr(plain, name)
    }


def settings_from(stored: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """Defaults with what is stored, and the names whose values make no sense and were left out."""
    accepted: dict[str, Any] = {}
    refused: list[str] = []
    for entry in fields(Settings):
        if entry.name not in stored:
            continue
        value = _checked(entry.name, stored[entry.name])
        if value is None:
            refused.append(entry.name)
        else:
            accepted[entry.name] = value
    return replace(Settings(), **accepted), tuple(refused)


def with_recent(settings: Settings, project: Path) -> Settings:
    """The same settings with a project in front of the recent ones."""
    newest = str(project)
    rest = tuple(path for path in settings.recent_projects if path != newest)
    return replace(settings, recent_projects=(newest, *rest)[:RECENT_LIMIT])


def without_recent(settings: Settings, project: Path) -> Settings:
    """The same settings with a project taken off the recent ones; the project itself stays."""
    gone = str(project)
    return replace(
        settings, recent_projects=tuple(p for p in settings.recent_projects if p != gone)
    )


def allowed(name: str) -> tuple[float, float]:
    """Least and largest value of a setting that is a number; raises `KeyError` for others."""
    return _RANGES[name]


def models_place(settings: Settings) -> Path:
    """Where imported weights are looked for: the chosen folder, or the usual one."""
    chosen = settings.models_folder or os.environ.get(MODELS_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("annotator", appauthor=False) / "models"


def _checked(name: str, value: Any) -> Any:
    """The value in the type of the table, or None where it is none."""
    if name in _CHOICES:
        return value if value in _CHOICES[name] else None
    if name == "recent_projects":
        return _strings(value)
    if name == "keys":
        return _keys(value)
    if name not in _RANGES:
        kind = type(getattr(Settings(), name))
        return value if isinstance(value, kind) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    low, high = _RANGES[name]
    return type(getattr(Settings(), name))(value) if low <= value <= high else None


def _strings(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        return None
    return tuple(value)


def _keys(value: Any) -> dict[str, tuple[str, ...]] | None:
    if not isinstance(value, dict):
        return None
    read = {str(action): _strings(keys) for action, keys in value.items()}
    return {action: keys for action, keys in read.items() if keys is not None}


def _parsed(data: bytes) -> dict[str, Any] | None:
    if len(data) > SIZE_LIMIT_BYTES:
        return None
    try:
        stored = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {name: list(keys) for name, keys in value.items()}
    return value


def _refusal(refused: tuple[str, ...]) -> str | None:
    if not refused:
        return None
    return f"These settings make no sense and keep their defaults: {', '.join(refused)}."
