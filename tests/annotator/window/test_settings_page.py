"""The page of settings: every control tells at once, a reset is one step, and keeping is calm."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot
from test_window_pages import nameless

from annotator.settings import Settings, SettingsFile, allowed, models_place
from annotator.window import places, settings_page
from annotator.window.settings_keeper import SettingsKeeper
from annotator.window.settings_page import SHOWN, SettingsPage


@pytest.fixture
def told() -> list[Settings]:
    return []


@pytest.fixture
def page(qtbot: QtBot, told: list[Settings], tmp_path: Path) -> SettingsPage:
    made = SettingsPage(
        replace(Settings(), recent_projects=("a",), keys={"tool.brush": ("Q",)}),
        settings_file=tmp_path / "settings.json",
        log_file=tmp_path / "logs" / "annotator.log",
    )
    qtbot.addWidget(made)
    made.changed.connect(told.append)
    made.resize(1024, 700)
    made.show()
    return made


def test_every_control_has_a_name_and_every_shown_setting_a_control(page: SettingsPage) -> None:
    assert nameless(page) == []
    controls = {*page.segments, *page.switches, *page.sliders, "models_folder"}
    assert controls == set(SHOWN) <= {entry.name for entry in fields(Settings)}


def test_each_control_tells_its_setting_at_once(
    page: SettingsPage, told: list[Settings], qtbot: QtBot
) -> None:
    qtbot.mouseClick(page.segments["scheme"].button("dark"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.switches["hatching"], Qt.MouseButton.LeftButton)
    for name in ("overlay_opacity", "pen_radius", "gallery_cell", "proposal_memory"):
        qtbot.keyClick(page.sliders[name].slider, Qt.Key.Key_Right)
    page.choose_models(Path("weights"))
    last = told[-1]
    assert len(told) == 7
    assert (last.scheme, last.hatching, last.overlay_opacity) == ("dark", True, 0.5)
    assert (last.pen_radius, last.gallery_cell, last.proposal_memory) == (9.0, 136, 576)
    assert last.models_folder == "weights"
    assert (last.recent_projects, last.keys) == (("a",), {"tool.brush": ("Q",)})
    assert isinstance(last.pen_radius, float)
    assert isinstance(last.gallery_cell, int)


def test_the_size_of_text_applies_when_the_hand_lets_go(
    page: SettingsPage, told: list[Settings]
) -> None:
    scale = page.sliders["text_scale"]
    scale.slider.setSliderDown(True)
    scale.slider.setSliderPosition(30)
    assert scale.figure.text() == "150 %"
    assert told == []
    scale.slider.setSliderDown(False)
    assert [one.text_scale for one in told] == [150]


def test_the_wheel_scrolls_the_page_and_changes_nothing_in_passing(
    page: SettingsPage, told: list[Settings]
) -> None:
    slider = page.sliders["pen_radius"].slider
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(slider, event)
    assert told == []


def test_a_reset_touches_this_page_only_and_is_taken_back(
    page: SettingsPage, told: list[Settings], qtbot: QtBot
) -> None:
    before = replace(page.settings, scheme="dark", overlay_opacity=0.8, text_scale=90)
    page.show_settings(before)
    assert told == []
    page.reset_button.click()
    assert told[-1] == replace(Settings(), recent_projects=("a",), keys=before.keys)
    assert page.undo_line.isVisible()
    qtbot.mouseClick(page.undo_button, Qt.MouseButton.LeftButton)
    assert told[-1] == before
    assert page.undo_line.isHidden()
    page.reset_button.click()
    page.switches["live"].click()
    assert page.undo_line.isHidden(), "a later change is not thrown away by an old undo"


def test_what_was_changed_elsewhere_is_shown_and_not_told(
    page: SettingsPage, told: list[Settings]
) -> None:
    page.show_settings(replace(Settings(), device="cpu", outline=False, pen_radius=200.0))
    assert told == []
    assert page.segments["device"].value == "cpu"
    assert not page.switches["outline"].isChecked()
    assert not page.usual_models.isEnabled()


def test_every_value_that_the_page_can_send_is_one_that_is_read_back(page: SettingsPage) -> None:
    for name, row in page.sliders.items():
        low, high = allowed(name)
        factor = 100 if name == "overlay_opacity" else 1
        assert low * factor <= row.slider.minimum() * row._step
        assert row.slider.maximum() * row._step <= high * factor


def test_places_are_shown_by_the_system(
    page: SettingsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def open_url(url: object) -> bool:
        opened.append(url.toLocalFile())  # type: ignore[attr-defined]
        return True

    monkeypatch.setattr(places.QDesktopServices, "openUrl", open_url)
    for button in page.findChildren(QPushButton):
        if button.text() == "Show":
            button.click()
    assert [Path(place) for place in opened] == [tmp_path, tmp_path], "logs is not there yet"


def test_a_models_folder_is_chosen_from_the_one_in_use(
    page: SettingsPage, told: list[Settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "from_environment"))
    asked: list[str] = []

    def choose(_parent: object, _title: str, start: str) -> str:
        asked.append(start)
        return str(tmp_path / "mine")

    monkeypatch.setattr(settings_page.QFileDialog, "getExistingDirectory", choose)
    next(b for b in page.findChildren(QPushButton) if b.text() == "Choose…").click()
    assert asked == [str(tmp_path / "from_environment")]
    assert models_place(told[-1]) == tmp_path / "mine"
    page.usual_models.click()
    assert told[-1].models_folder == ""


def test_a_whole_drag_is_written_once(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    written: list[float] = []
    save = file.save
    monkeypatch.setattr(file, "save", lambda s: (written.append(s.pen_radius), save(s)))
    keeper = SettingsKeeper(file)
    for radius in range(1, 40):
        keeper.keep(replace(Settings(), pen_radius=float(radius)))
    qtbot.waitUntil(lambda: bool(written))
    assert written == [39.0]
    keeper.keep(replace(Settings(), pen_radius=50.0))
    keeper.flush()
    keeper.flush()
    assert written == [39.0, 50.0]
    assert SettingsFile(file.path).load().settings.pen_radius == 50.0


def test_a_failing_disk_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    keeper = SettingsKeeper(SettingsFile(tmp_path / "file" / "settings.json"))
    keeper.keep(Settings(scheme="dark"))
    with qtbot.waitSignal(keeper.failed) as failed:
        keeper.flush()
    assert "cannot be saved to" in failed.args[0]
