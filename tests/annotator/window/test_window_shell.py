"""Promises of the window's shell: pages, bars, accepting with a look first, opening."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from annotator.canvas.overlay import Layer
from annotator.document.annotations import BitMask, CueId, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class, label_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.settings import Settings, SettingsFile
from annotator.window.actions import ActionSet
from annotator.window.commander import Commander
from annotator.window.feedback import Tone
from annotator.window.guide import Guide
from annotator.window.main_window import MainWindow
from annotator.window.opening import Opening
from annotator.window.pages import Place
from annotator.window.preferences import Preferences
from annotator.window.status_words import engine_words

sys.path.insert(0, str(Path(__file__).parents[2] / "journeys"))
from stand_in_lane import StandInLane

ONE = ClassId(1)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        pixels = np.full((60, 80, 3), 40 * number + 20, np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "odd.jpg").write_bytes(b"no image at all")
    return folder


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    lane = StandInLane()
    shown = MainWindow(lane, Style(qapp, Scheme.LIGHT))  # type: ignore[arg-type]
    shown.resize(1300, 820)
    shown.show()
    lane.start()
    yield shown
    shown.close()
    shown.deleteLater()


@pytest.fixture
def opened(qtbot: QtBot, window: MainWindow, pictures: Path) -> MainWindow:
    """A project of three images with one class, the first image on the canvas."""
    opening = Opening(window)
    opening.open_path(pictures)
    qtbot.waitUntil(lambda: not opening.running and len(project_of(window).images) == 4)
    workspace_of(window).do("Add class", [add_class(project_of(window), "disc")])
    page = window.page
    assert page is not None
    qtbot.waitUntil(lambda: page.desk.shown is not None)
    return window


def workspace_of(window: MainWindow) -> Workspace:
    assert window.workspace is not None
    return window.workspace


def project_of(window: MainWindow):  # type: ignore[no-untyped-def]  # Project, for short
    return workspace_of(window).project


def mark(window: MainWindow) -> ImageId:
    """Strokes of both kinds on the image in view, so that there is something to answer."""
    assert window.page is not None
    image_id = window.page.image_id
    assert image_id is not None
    first = CueId(project_of(window).next_cue_id())
    cues = [
        Stroke(first, ONE, ((10.0, 10.0), (30.0, 10.0)), 4.0),
        Stroke(CueId(first + 1), BACKGROUND, ((10.0, 50.0), (60.0, 50.0)), 4.0),
    ]
    workspace_of(window).do("Strokes", [AddCue(image_id, cue) for cue in cues])
    return image_id


def test_a_dropped_folder_becomes_a_project_and_odd_files_are_told(
    qtbot: QtBot, window: MainWindow, pictures: Path
) -> None:
    opening = Opening(window)
    opening.take([pictures])
    qtbot.waitUntil(lambda: not opening.running and window.messages.text != "")
    assert window.messages.text == "Added 3 images; 1 cannot be read."
    assert window.place is Place.LABEL
    assert project_of(window).images[ImageId(1)].path == "0.png"


def test_dropped_files_join_the_open_project(
    qtbot: QtBot, opened: MainWindow, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere.png"
    Image.fromarray(np.zeros((50, 50, 3), np.uint8)).save(other)
    opening = Opening(opened)
    opening.take([other])
    qtbot.waitUntil(lambda: len(project_of(opened).images) == 5)


def test_a_first_scan_that_was_broken_off_is_made_again(
    qtbot: QtBot, window: MainWindow, pictures: Path
) -> None:
    Workspace.create(pictures.with_name("pictures-labels"), pictures).close()
    opening = Opening(window)
    opening.open_path(pictures)
    qtbot.waitUntil(lambda: len(project_of(window).images) == 4)


def test_what_cannot_be_opened_is_told_in_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    Opening(window).open_path(tmp_path / "nowhere")
    assert window.messages.text
    assert window.project is None


def test_keys_of_the_label_page_are_silent_on_other_pages(opened: MainWindow) -> None:
    accept, undo = opened.actions_["answer.accept"], opened.actions_["edit.undo"]
    assert accept.isEnabled()
    opened.go(Place.REVIEW)
    assert not accept.isEnabled()
    assert undo.isEnabled()
    opened.close_project()
    assert opened.place is Place.WELCOME
    assert not undo.isEnabled()


def test_an_action_nobody_does_is_not_offered(qtbot: QtBot, window: MainWindow) -> None:
    actions = ActionSet(window)
    commander = Commander(actions)
    commander.wire({"window.log": lambda: None})
    assert actions["window.log"].isVisible()
    assert not actions["page.generator"].isVisible()
    with pytest.raises(StopIteration):
        commander.wire({"no.such.action": lambda: None})


def test_the_rail_marks_the_page_in_view(opened: MainWindow) -> None:
    for place in (Place.DATA, Place.REVIEW, Place.LABEL):
        opened.go(place)
        checked = [one for one, button in opened.rail._buttons.items() if button.isChecked()]
        assert checked == [place]


def test_the_top_bar_names_the_step_that_undo_takes_back(opened: MainWindow) -> None:
    mark(opened)
    assert opened.top.undo_button.toolTip().startswith("Undo Strokes")
    opened.top.undo_button.click()
    assert not project_of(opened).cues(ImageId(1))


def test_accept_makes_the_proposal_true(qtbot: QtBot, opened: MainWindow) -> None:
    image_id = mark(opened)
    assert opened.page is not None
    qtbot.waitUntil(lambda: opened.page.bar.isVisible())  # type: ignore[union-attr]
    qtbot.keyClick(opened.page.canvas, Qt.Key.Key_Return)
    kinds = project_of(opened).provenance_kinds(image_id)
    assert Provenance.ACCEPTED in kinds


def test_an_accept_over_accepted_pixels_is_shown_before_it_is_done(
    qtbot: QtBot, opened: MainWindow
) -> None:
    page = opened.page
    assert page is not None
    image_id = mark(opened)
    everything = np.ones((60, 80), np.bool_)
    project = project_of(opened)
    accepted = label_patch(
        project, image_id, BitMask.of(everything), int(ONE), int(Provenance.ACCEPTED)
    )
    workspace_of(opened).do("Accept by hand", [accepted])
    qtbot.waitUntil(lambda: opened.live is not None and opened.live.proposal(image_id) is not None)
    before = project.visible_classes(image_id).copy()
    page.answers.accept()
    assert page.answers.asking
    assert (project.visible_classes(image_id) == before).all()
    page.answers.reject()  # keep as it is
    assert not page.answers.asking
    page.answers.accept()
    page.answers.accept()  # yes
    assert (project.visible_classes(image_id) != before).any()


def test_locked_classes_keep_their_pixels_on_accept(qtbot: QtBot, opened: MainWindow) -> None:
    page = opened.page
    assert page is not None
    image_id = mark(opened)
    qtbot.waitUntil(lambda: opened.live is not None and opened.live.proposal(image_id) is not None)
    page.classes.toggle_locked(ONE)
    page.answers.accept()
    if page.answers.asking:
        page.answers.accept()
    accepted = project_of(opened).label_map(image_id)
    assert not (accepted.classes[accepted.provenance == Provenance.ACCEPTED] == ONE).any()


def test_the_view_bar_sets_and_follows(opened: MainWindow) -> None:
    page = opened.page
    assert page is not None
    page.view_bar._opacity.setValue(80)
    assert page.canvas.opacity == pytest.approx(0.8)
    page.canvas.set_radius(12.0)
    assert page.view_bar._radius_figure.text() == "12 px"
    opened.actions_["view.marks"].trigger()
    assert Layer.CUES not in page.canvas._layers


def test_the_gallery_has_the_page_and_gives_it_back(opened: MainWindow) -> None:
    page = opened.page
    assert page is not None
    opened.actions_["gallery.expand"].trigger()
    assert not page.centre.isVisible()
    opened.actions_["gallery.expand"].trigger()
    assert page.centre.isVisible()


def test_preferences_outlive_the_window(
    qtbot: QtBot, qapp: QApplication, opened: MainWindow, tmp_path: Path
) -> None:
    file = SettingsFile(tmp_path / "settings.json")
    preferences = Preferences(opened, opened.style_, file, Settings())
    assert opened.page is not None
    opened.page.canvas.set_radius(21.0)
    opened.page.canvas.set_opacity(0.6)
    preferences.keep_keys({"tool.brush": ("Z",)})
    opened.close()
    kept = SettingsFile(file.path).load().settings
    assert kept.pen_radius == pytest.approx(21.0)
    assert kept.overlay_opacity == pytest.approx(0.6)
    assert kept.keys == {"tool.brush": ("Z",)}


def test_the_engine_is_told_of_in_words() -> None:
    words, tone = engine_words(EngineState(EngineKind.READY, "a processor"), 41.6)
    assert words == "Engine ready  ·  a processor  ·  42 ms"
    assert tone is Tone.GOOD
    words, tone = engine_words(EngineState(EngineKind.FAILED, "It fell over."), None)
    assert (words, tone) == ("It fell over.", Tone.BAD)


def test_the_pixel_under_the_pointer_is_told(qtbot: QtBot, opened: MainWindow) -> None:
    assert opened.page is not None
    canvas = opened.page.canvas
    qtbot.mouseMove(canvas, QPoint(canvas.width() // 2, canvas.height() // 2))
    opened.page.desk.pointed.emit(12.3, 7.9)
    assert "80 x 60" in opened.status._readout.text()
    assert "x 12  y 7" in opened.status._readout.text()


def test_no_page_ever_flashes_a_window_of_its_own(qtbot: QtBot, opened: MainWindow) -> None:
    for place in (Place.REVIEW, Place.DATA):
        opened.go(place)
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w is not opened]
        assert not tops


def test_the_tour_walks_over_the_real_window(qtbot: QtBot, opened: MainWindow) -> None:
    guide = Guide(opened)
    guide.start()
    assert guide._tour.running
    seen = []
    while guide._tour.running:
        seen.append(guide._tour.place)
        guide._tour.go(guide._tour.place + 1)
    assert len(seen) == 9


def test_a_closed_project_leaves_a_cover_for_the_first_page(
    qtbot: QtBot, opened: MainWindow
) -> None:
    opening = Opening(opened)
    cache = workspace_of(opened).cache_folder
    opened.close_project()
    assert (cache / "cover.json").exists()
    assert not opening.running


def test_another_wish_for_the_engine_opens_the_project_anew(
    opened: MainWindow, tmp_path: Path
) -> None:
    preferences = Preferences(opened, opened.style_, SettingsFile(tmp_path / "s.json"), Settings())
    folder, before = workspace_of(opened).folder, opened.project
    preferences.apply(replace(Settings(), proposal_memory=128))
    assert workspace_of(opened).folder == folder
    assert opened.project is not before
