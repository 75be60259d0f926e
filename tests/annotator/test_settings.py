"""Settings: only differences are kept, damage is put aside, nothing is half written."""

import json
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest

from annotator.settings import (
    RECENT_LIMIT,
    Settings,
    SettingsFile,
    differences,
    settings_from,
    settings_path,
    with_recent,
)


def test_only_what_differs_is_written_and_comes_back(tmp_path: Path) -> None:
    wanted = replace(
        Settings(), scheme="dark", pen_radius=12.5, keys={"tool.brush": ("Q",), "edit.redo": ()}
    )
    file = SettingsFile(tmp_path / "deep" / "settings.json")
    file.save(wanted)
    stored = json.loads(file.path.read_text(encoding="utf-8"))
    assert sorted(stored) == ["keys", "pen_radius", "scheme"]
    assert SettingsFile(file.path).load().settings == wanted


def test_defaults_are_an_empty_file_and_a_missing_file_is_defaults(tmp_path: Path) -> None:
    assert differences(Settings()) == {}
    loaded = SettingsFile(tmp_path / "none.json").load()
    assert (loaded.settings, loaded.note) == (Settings(), None)


@pytest.mark.parametrize("text", ["{", "[]", "\x00\xff", "[" * 100_000, " " * (2 << 20)])
def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    for number in (1, 2):
        path.write_text(text, encoding="utf-8")
        loaded = SettingsFile(path).load()
        assert loaded.settings == Settings()
        assert f"settings.damaged-{number}.json" in (loaded.note or "")
        kept = tmp_path / f"settings.damaged-{number}.json"
        assert kept.read_text(encoding="utf-8") == text
        assert not path.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("scheme", "pink"), ("overlay_opacity", 7), ("live", "yes"), ("pen_radius", True),
     ("left_width", None), ("text_scale", 79), ("text_scale", 250), ("device", "tpu"),
     ("models_folder", 3),
     ("proposal_memory", "much"),
     ("tour_seen", 1), ("recent_projects", [1]), ("keys", ["A"]), ("pen_radius", float("nan"))],
)  # fmt: skip
def test_a_value_that_makes_no_sense_keeps_its_default(name: str, value: object) -> None:
    assert settings_from({name: value, "hatching": True}) == (
        replace(Settings(), hatching=True),
        (name,),
    )


def test_what_a_newer_version_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"telepathy": {"on": 1}, "live": false}', encoding="utf-8")
    file = SettingsFile(path)
    file.save(replace(file.load().settings, hatching=True))
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored == {"telepathy": {"on": 1}, "live": False, "hatching": True}


def test_every_setting_comes_back_in_its_own_type(tmp_path: Path) -> None:
    other: dict[str, object] = {
        "scheme": "light", "device": "cpu", "models_folder": "m", "recent_projects": ("a", "b"),
        "keys": {"edit.undo": ("U",)}, "overlay_opacity": 0.25,
    }  # fmt: skip
    for entry in fields(Settings):
        value = getattr(Settings(), entry.name)
        if entry.name not in other:
            other[entry.name] = not value if isinstance(value, bool) else value + 2
    wanted = replace(Settings(), **other)
    file = SettingsFile(tmp_path / "settings.json")
    file.save(wanted)
    again = SettingsFile(file.path).load()
    assert (again.settings, again.note) == (wanted, None)
    assert len(differences(wanted)) == len(fields(Settings))


def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    file.save(replace(Settings(), scheme="dark"))

    def full(_descriptor: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        file.save(Settings())
    assert file.load().settings.scheme == "dark"
    assert os.listdir(tmp_path) == ["settings.json"]


def test_recent_projects_are_few_and_each_stands_once() -> None:
    settings = Settings()
    for k in range(12):
        settings = with_recent(settings, Path(f"p{k % 10}"))
    assert settings.recent_projects[:3] == ("p1", "p0", "p9")
    assert len(settings.recent_projects) == RECENT_LIMIT


def test_another_place_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANNOTATOR_SETTINGS", str(tmp_path / "mine.json"))
    assert settings_path() == tmp_path / "mine.json"
    monkeypatch.delenv("ANNOTATOR_SETTINGS")
    assert settings_path().name == "settings.json"
