"""The data page: plan, export with proof, import with a preview, images, figures; by keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from annotator.document.annotations import BitMask
from annotator.document.edits import add_class, label_patch, set_problem
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.image_folder import add_folder
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace
from annotator.window.data_page import SECTIONS, DataPage
from annotator.window.export_ask import OWN_SHARES, PRESETS, SPLITS, ExportAsk
from annotator.window.export_dialog import ExportDialog
from annotator.window.export_form import ExportForm
from annotator.window.images_form import PROBLEMS, ImagesForm
from annotator.window.import_form import ImportForm
from annotator.window.plan_view import size_words
from annotator.window.statistics_view import StatisticsView

WAIT_MS = 20_000


@pytest.fixture
def workspace(tmp_path: Path, photographs: Path) -> Iterator[Workspace]:
    """Six images, one class, two images labelled."""
    with Workspace.create(tmp_path / "project", photographs) as opened:
        add_folder(opened)
        opened.do("Add disc", [add_class(opened.project, "disc")])
        for image_id in list(opened.project.images)[:2]:
            paint(opened, image_id)
        yield opened


def paint(workspace: Workspace, image_id: ImageId) -> None:
    mask = BitMask.of(np.ones((20, 30), bool), (20, 20))
    patch = label_patch(workspace.project, image_id, mask, 1, Provenance.ACCEPTED)
    workspace.do("Accept", [patch])


@pytest.fixture
def export_form(qtbot: QtBot, workspace: Workspace, tmp_path: Path) -> Iterator[ExportForm]:
    form = ExportForm(workspace)
    qtbot.addWidget(form)
    form.resize(900, 700)
    form.ask.folder.setText(str(tmp_path / "out"))
    form.show()
    qtbot.waitUntil(lambda: form.plan is not None, timeout=WAIT_MS)
    yield form
    form.close_all()


@pytest.fixture
def images_form(qtbot: QtBot, workspace: Workspace) -> Iterator[ImagesForm]:
    form = ImagesForm(workspace)
    qtbot.addWidget(form)
    form.show()
    yield form
    form.close_all()


@pytest.fixture
def import_form(qtbot: QtBot, workspace: Workspace) -> Iterator[ImportForm]:
    form = ImportForm(workspace)
    qtbot.addWidget(form)
    form.show()
    yield form
    form.close_all()


def export(qtbot: QtBot, form: ExportForm) -> None:
    qtbot.mouseClick(form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not form.running, timeout=WAIT_MS)


def label_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    values = np.zeros((96, 128), np.uint8)
    values[10:50, 10:60] = 7
    Image.fromarray(values).save(folder / "disc_4.png")
    return folder


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none))


def test_an_export_ends_with_its_proof_and_its_picture(
    qtbot: QtBot, export_form: ExportForm, tmp_path: Path
) -> None:
    with qtbot.waitSignal(export_form.exported, timeout=WAIT_MS) as told:
        qtbot.mouseClick(export_form.start, Qt.MouseButton.LeftButton)
        assert export_form.running
        assert not export_form.ask.folder.isEnabled()
    assert told.args == [tmp_path / "out"]
    result = export_form.result
    assert "2 images" in result.headline.text()
    said = {w.accessibleName() for w in result.findChildren(QWidget) if w.accessibleName()}
    assert any(one.startswith("Passed: The files load") for one in said)
    qtbot.waitUntil(lambda: result.sheet.canvas.viewport is not None, timeout=WAIT_MS)
    qtbot.mouseClick(result.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == str(tmp_path / "out")
    qtbot.mouseClick(result.again_button, Qt.MouseButton.LeftButton)
    assert export_form.ask.isVisible()


def test_a_former_export_is_replaced_only_when_asked_for(
    qtbot: QtBot, export_form: ExportForm, tmp_path: Path, workspace: Workspace
) -> None:
    export(qtbot, export_form)
    paint(workspace, list(workspace.project.images)[2])
    export(qtbot, export_form)
    assert str(tmp_path / "out") in export_form.foot.verdict.text()
    qtbot.waitUntil(lambda: export_form.plan is not None and export_form.plan.replaceable)
    export(qtbot, export_form)
    assert export_form.foot.step.text() == "Replace it"
    qtbot.mouseClick(export_form.foot.step, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not export_form.running, timeout=WAIT_MS)
    written = json.loads((tmp_path / "out/annotations/instances_all.json").read_text())
    assert len(written["images"]) == 3


def test_a_stopped_export_leaves_nothing(
    qtbot: QtBot, export_form: ExportForm, tmp_path: Path
) -> None:
    export_form.begin()
    export_form.foot.stop.click()
    qtbot.waitUntil(lambda: not export_form.running, timeout=WAIT_MS)
    if not export_form.result.isVisible():  # it may have been quicker than the button
        assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


def test_without_anything_accepted_the_next_step_is_to_review(
    qtbot: QtBot, tmp_path: Path, photographs: Path
) -> None:
    with Workspace.create(tmp_path / "project", photographs) as fresh:
        add_folder(fresh)
        form = ExportForm(fresh)
        qtbot.addWidget(form)
        form.show()
        qtbot.waitUntil(lambda: form.plan is not None, timeout=WAIT_MS)
        assert not form.start.isEnabled()
        with qtbot.waitSignal(form.review_wished):
            form.foot.step.click()
        form.close_all()


def test_each_preset_writes_what_its_card_says(qtbot: QtBot) -> None:
    ask = ExportAsk(Path("photos") / "cars")
    qtbot.addWidget(ask)
    for preset, card in zip(PRESETS, ask.cards, strict=True):
        card.click()
        wish = ask.wish()
        assert wish.format == preset.flavour
        assert (wish.instances, wish.masks) == (preset.instances, preset.masks)
        assert ask.out == Path("photos") / f"cars-{preset.ending}"
    ask.folder.setText("")
    qtbot.keyClicks(ask.folder, "mine")
    ask.cards[0].click()
    assert ask.out == Path("mine"), "a name of one's own stays"


def test_cards_are_chosen_with_the_keyboard(qtbot: QtBot) -> None:
    ask = ExportAsk(Path("cars"))
    qtbot.addWidget(ask)
    with qtbot.waitActive(ask):
        ask.show()
        ask.activateWindow()
    ask.cards[0].setFocus()
    qtbot.keyClick(ask.cards[0], Qt.Key.Key_Down)
    assert ask.preset is not PRESETS[0]
    assert sum(card.isChecked() for card in ask.cards) == 1


def test_shares_of_ones_own_are_taken(qtbot: QtBot) -> None:
    ask = ExportAsk(Path("cars"))
    qtbot.addWidget(ask)
    for place, (_, shares) in enumerate(SPLITS[:OWN_SHARES]):
        ask.split.setCurrentIndex(place)
        split = ask.wish().split
        assert (split and (split.train, split.val, split.test)) == shares
    ask.split.setCurrentIndex(OWN_SHARES)
    ask.shares[0].setValue(50)
    ask.shares[1].setValue(0)
    assert ask.wish().split is not None
    assert set(ask.wish().split.wanted) == {"train", "test"}


def test_the_plan_follows_the_project_and_the_fields(
    qtbot: QtBot, export_form: ExportForm, workspace: Workspace
) -> None:
    assert export_form.plan is not None
    assert export_form.plan.images == 2
    paint(workspace, list(workspace.project.images)[3])
    qtbot.waitUntil(lambda: export_form.plan.images == 3, timeout=WAIT_MS)  # type: ignore[union-attr]
    export_form.ask.split.setCurrentIndex(1)
    qtbot.waitUntil(
        lambda: any("train" in line.path for line in export_form.plan.files),  # type: ignore[union-attr]
        timeout=WAIT_MS,
    )
    assert "instances_train.json" in export_form.plan_view.accessibleDescription()


def test_the_dialog_is_the_same_form_and_ends_what_it_began(
    qtbot: QtBot, workspace: Workspace, tmp_path: Path
) -> None:
    dialog = ExportDialog(workspace)
    qtbot.addWidget(dialog)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.show()
    qtbot.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    dialog.reject()
    assert not dialog.running
    assert not list(tmp_path.glob(".out*")), "nothing half written stays"


def test_sizes_are_written_as_people_do() -> None:
    assert [size_words(n) for n in (0, 999, 1500, 222_000, 70_600_000_000)] == [
        "0 bytes", "999 bytes", "1.5 KB", "222 KB", "70.6 GB",
    ]  # fmt: skip


def test_an_import_shows_first_and_then_is_one_step(
    qtbot: QtBot, import_form: ImportForm, workspace: Workspace, tmp_path: Path
) -> None:
    before = workspace.version
    drop(import_form, label_folder(tmp_path))
    qtbot.waitUntil(lambda: import_form.plan is not None, timeout=WAIT_MS)
    assert workspace.version == before
    assert import_form.samples.accessibleDescription() == "disc_4.png"
    assert not import_form.samples.grab().isNull()
    field = import_form.table.fields[7]
    field.setCurrentText("wheel")
    qtbot.mouseClick(import_form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.version == before + 1, timeout=WAIT_MS)
    wheel = workspace.project.classes.named("wheel")
    assert wheel is not None
    image = list(workspace.project.images)[4]
    assert np.count_nonzero(workspace.project.visible_classes(image) == wheel.class_id) == 2000
    assert import_form.foot.step.text() == "Undo"
    import_form.foot.step.click()
    assert workspace.project.classes.named("wheel") is None
    assert image not in workspace.project.image_ids_with_labels()


def test_a_name_that_will_not_do_is_said_while_typing(
    qtbot: QtBot, import_form: ImportForm, tmp_path: Path
) -> None:
    import_form.look_at(label_folder(tmp_path))
    qtbot.waitUntil(lambda: import_form.plan is not None, timeout=WAIT_MS)
    import_form.table.fields[7].setCurrentText("")
    qtbot.waitUntil(lambda: "class name" in import_form.foot.verdict.text(), timeout=WAIT_MS)
    import_form.begin()
    qtbot.waitUntil(lambda: import_form.start.isEnabled(), timeout=WAIT_MS)
    assert "class name" in import_form.foot.verdict.text()


def test_the_button_takes_back_the_import_and_nothing_else(
    qtbot: QtBot, import_form: ImportForm, workspace: Workspace, tmp_path: Path
) -> None:
    import_form.look_at(label_folder(tmp_path))
    qtbot.waitUntil(lambda: import_form.plan is not None, timeout=WAIT_MS)
    import_form.begin()
    qtbot.waitUntil(lambda: import_form.foot.step.text() == "Undo", timeout=WAIT_MS)
    paint(workspace, list(workspace.project.images)[5])
    import_form.foot.step.click()
    assert workspace.history.undo_name == "Accept"
    assert "Ctrl+Z" in import_form.foot.verdict.text()


def test_a_folder_without_labels_is_told_and_another_one_can_be_chosen(
    qtbot: QtBot, import_form: ImportForm, tmp_path: Path
) -> None:
    import_form.look_at(tmp_path / "nowhere")
    qtbot.waitUntil(lambda: "no folder" in import_form.foot.verdict.text(), timeout=WAIT_MS)
    assert import_form.foot.step.text() == "Another folder"
    assert not import_form.start.isEnabled()


def test_images_fall_in_and_odd_ones_are_listed(
    qtbot: QtBot, images_form: ImagesForm, workspace: Workspace, tmp_path: Path
) -> None:
    Image.new("RGB", (20, 10)).save(tmp_path / "new.png")
    (tmp_path / "odd.png").write_bytes(b"no picture")
    drop(images_form, tmp_path / "new.png", tmp_path / "odd.png")
    qtbot.waitUntil(lambda: len(workspace.project.images) == 8, timeout=WAIT_MS)
    assert images_form.foot.step.text() == "See which"
    images_form.foot.step.click()
    assert images_form.shown.currentIndex() == PROBLEMS
    assert images_form.table.entries.rowCount() == 1
    index = images_form.table.entries.index(0, 2)
    assert "odd.png" in str(images_form.table.entries.data(index))


def test_removed_images_come_back_with_their_labels(
    qtbot: QtBot, images_form: ImagesForm, workspace: Workspace
) -> None:
    first = next(iter(workspace.project.images))
    images_form.table.selectRow(0)
    qtbot.keyClick(images_form.table, Qt.Key.Key_Delete)
    assert first not in workspace.project.images
    assert workspace.history.undo_name == "Remove, 'disc_0.png'"
    workspace.undo()
    assert workspace.project.label_map(first).touched
    qtbot.waitUntil(lambda: images_form.table.entries.rowCount() == 6)
    images_form.table.selectAll()
    images_form.remove_button.click()
    assert not workspace.project.images


def test_the_list_of_images_is_filtered_by_name_and_state(
    qtbot: QtBot, images_form: ImagesForm
) -> None:
    images_form.shown.setCurrentIndex(2)
    assert images_form.table.entries.rowCount() == 4
    qtbot.keyClicks(images_form.text, "disc_5")
    qtbot.waitUntil(lambda: images_form.table.entries.rowCount() == 1)


def test_figures_are_painted_and_said_and_follow_the_project(
    qtbot: QtBot, workspace: Workspace
) -> None:
    census = PixelCensus(workspace)
    view = StatisticsView(workspace, census)
    qtbot.addWidget(view)
    view.resize(900, 600)
    view.show()
    qtbot.waitUntil(lambda: "1.2 k" in view.pixels.accessibleDescription(), timeout=WAIT_MS)
    assert view.images.accessibleDescription() == "disc: 2"
    assert "Labelled: 2 · 33 %" in view.states.accessibleDescription()
    assert sum(bar.value for bar in view.states.bars) == len(workspace.project.images)
    assert not view.grab().isNull()
    last = list(workspace.project.images)[5]
    workspace.do("Problem", [set_problem(workspace.project, last, "Torn.")])
    paint(workspace, list(workspace.project.images)[3])
    qtbot.waitUntil(lambda: view.images.accessibleDescription() == "disc: 3", timeout=WAIT_MS)
    assert "Problem: 1" in view.states.accessibleDescription()
    view.close_all()
    census.close()


def test_sections_are_walked_with_the_keyboard_and_everything_has_a_name(
    qtbot: QtBot, workspace: Workspace
) -> None:
    census = PixelCensus(workspace)
    page = DataPage(workspace, census)
    qtbot.addWidget(page)
    page.resize(1024, 700)
    page.show()
    for section in SECTIONS:
        page.show_section(section[0])
        assert not page.grab().isNull()
    assert nameless(page) == []
    page.show_section("export")
    qtbot.keyClick(page.sections, Qt.Key.Key_Down)
    assert page.import_form.isVisible()
    assert page.minimumSizeHint().width() <= 1024
    page.close_all()
    census.close()


_WHOLE = QAbstractItemView | QLineEdit | QComboBox | QSpinBox  # parts of these speak through them


def nameless(root: QWidget) -> list[str]:
    """Widgets that take the focus and say nothing to a screen reader."""
    silent = []
    for widget in root.findChildren(QWidget):
        parents = (widget.parent(), widget.parent() and widget.parent().parent())
        inside = any(isinstance(one, _WHOLE) for one in parents)
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or isinstance(widget, QLabel) or inside:
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if not (widget.accessibleName() or text):
            silent.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return silent
