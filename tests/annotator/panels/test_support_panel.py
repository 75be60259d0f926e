"""The support panel: what teaches, what each image is worth, muting and going there."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_worlds import few_images
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from stand_in_live import StandInLive, report_of

from annotator.document.edits import remove_images
from annotator.document.images import ImageId
from annotator.flows.live_flow import LiveFlow
from annotator.flows.support_report import SupportReport, SupportRow
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.panels.support import SupportPanel
from annotator.panels.support_delegate import button_box, cell_height, covering, picture_box
from annotator.panels.support_model import (
    MINUS,
    SupportModel,
    effect_sentence,
    effect_text,
    heading_text,
    marks_text,
)

ONE, TWO, THREE = ImageId(2), ImageId(3), ImageId(4)  # 1 is the broken file
ROWS = (
    SupportRow(ONE, 3, 0.061, muted=False),
    SupportRow(TWO, 1, -0.012, muted=False),
    SupportRow(THREE, 2, None, muted=True),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with few_images(tmp_path, count=6) as opened:
        yield opened


@pytest.fixture
def live() -> StandInLive:
    live = StandInLive()
    live.report = report_of(*ROWS)
    return live


@pytest.fixture
def panel(workspace: Workspace, live: StandInLive, qtbot: QtBot) -> Iterator[SupportPanel]:
    panel = SupportPanel()
    qtbot.addWidget(panel)
    panel.show_live(workspace, live)
    panel.resize(264, 300)
    panel.show()
    panel.activateWindow()
    yield panel
    panel.close_all()


def cell_picture(panel: SupportPanel, place: int) -> QImage:
    rect = panel.view.visualRect(panel.model.index(place))
    return panel.view.viewport().grab(rect).toImage()


def middle(panel: SupportPanel, place: int) -> QPoint:
    return panel.view.visualRect(panel.model.index(place)).center() + QPoint(-15, 8)


def test_the_stand_in_is_asked_as_the_real_flow_would_be() -> None:
    for name in ("set_muted", "set_method", "set_backbone", "set_refine", "set_threshold"):
        ours, real = (inspect.signature(getattr(c, name)) for c in (StandInLive, LiveFlow))
        assert list(ours.parameters) == list(real.parameters)
    assert isinstance(LiveFlow.report, property)
    assert isinstance(LiveFlow.options, property)
    assert hasattr(LiveFlow, "report_changed")


def test_effects_are_short_on_pictures_and_whole_in_words() -> None:
    assert [effect_text(e) for e in (0.061, -0.012, 0.004, -0.004, 1.0)] == [
        "+.06", f"{MINUS}.01", "±.00", "±.00", "+1.00",
    ]  # fmt: skip
    said = [effect_sentence(row) for row in ROWS]
    assert said[0].startswith("Leaving this image out changes the expected IoU of the others by")
    assert said[0].endswith(f"by {MINUS}0.06.")
    assert said[1].endswith("by +0.01.")
    assert "not known yet" in said[2]
    again = effect_sentence(SupportRow(ONE, 1, 0.05, muted=True))
    assert again.startswith("Teaching with this image again")
    assert again.endswith("by +0.05.")


def test_the_heading_counts_what_teaches() -> None:
    assert heading_text(report_of(*ROWS)) == "Support · 2 images, 4 strokes"
    assert heading_text(report_of(ROWS[1])) == "Support · 1 image, 1 stroke"
    assert marks_text(ROWS[2]) == "2 marks, muted: it teaches nothing"


def test_a_cell_is_said_with_name_marks_and_effect(panel: SupportPanel) -> None:
    spoken = panel.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("picture_0.png. 3 marks. Leaving this image out")
    assert "\n" in panel.model.index(0).data(Qt.ItemDataRole.ToolTipRole)


def test_a_click_and_enter_go_to_the_image(panel: SupportPanel, qtbot: QtBot) -> None:
    chosen: list[int] = []
    panel.image_chosen.connect(chosen.append)
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=middle(panel, 1))
    qtbot.keyClick(panel.view, Qt.Key.Key_Right)
    qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert chosen == [TWO, THREE]


@pytest.mark.parametrize("key", [Qt.Key.Key_M, Qt.Key.Key_Space])
def test_a_key_mutes_and_lets_teach_again(
    panel: SupportPanel, live: StandInLive, qtbot: QtBot, key: Qt.Key
) -> None:
    panel.view.setCurrentIndex(panel.model.index(0))
    qtbot.keyClick(panel.view, key)
    qtbot.keyClick(panel.view, key)
    assert live.asked == [("muted", ONE, True), ("muted", ONE, False)]
    assert panel.view.currentIndex().row() == 0


def test_the_button_on_a_picture_mutes_without_going_there(
    panel: SupportPanel, live: StandInLive, qtbot: QtBot
) -> None:
    panel.image_chosen.connect(lambda _: pytest.fail("went there"))
    spot = button_box(panel.view.visualRect(panel.model.index(1))).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert live.asked == [("muted", TWO, True)]


def test_the_menu_offers_both_ways(panel: SupportPanel, live: StandInLive) -> None:
    menu = panel.menu_for(THREE)
    go, mute = menu.actions()
    assert mute.text().startswith("Let it teach again")
    mute.trigger()
    assert live.asked == [("muted", THREE, False)]
    with_signal: list[int] = []
    panel.image_chosen.connect(with_signal.append)
    go.trigger()
    assert with_signal == [THREE]


def test_what_the_document_refuses_is_told(
    panel: SupportPanel, live: StandInLive, qtbot: QtBot
) -> None:
    live.refuses = "The project cannot be written to."
    with qtbot.waitSignal(panel.told) as told:
        panel.toggle_muted(ONE)
    assert told.args == ["The project cannot be written to."]


def test_a_muted_picture_is_dimmed_and_bears_a_sign(
    panel: SupportPanel, qtbot: QtBot, qapp: QApplication
) -> None:
    Style(qapp, Scheme.LIGHT)  # a test before this one may have left it dark
    qtbot.waitUntil(lambda: panel.thumbnails.get(THREE) is not None, timeout=5000)
    panel.view.setCurrentIndex(panel.model.index(0))  # no button on the picture looked at
    muted = cell_picture(panel, 2)
    panel.toggle_muted(THREE)
    plain = cell_picture(panel, 2)
    heart, edge = plain.rect().center() + QPoint(-11, 0), QPoint(10, plain.height() - 10)
    assert plain.pixelColor(heart) == plain.pixelColor(edge), "one colour, nothing upon it"
    assert muted.pixelColor(edge) != plain.pixelColor(edge), "dimmed"
    depth = muted.pixelColor(edge).lightness() - muted.pixelColor(heart).lightness()
    assert depth > 60, "the dark disc of the sign"


def test_nothing_marked_teaches_what_to_do(panel: SupportPanel, live: StandInLive) -> None:
    assert panel.view.isVisible()
    live.say(SupportReport())
    assert not panel.view.isVisible()
    shown = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    assert "Draw on an image: it becomes support." in shown


def test_an_answer_touches_only_the_rows_it_changes(workspace: Workspace, qtbot: QtBot) -> None:
    model = SupportModel(str)
    model.show_rows(ROWS)
    touched: list[int] = []
    model.dataChanged.connect(lambda first, _last: touched.append(first.row()))
    model.modelReset.connect(lambda: touched.append(-1))
    model.show_rows((ROWS[0], SupportRow(TWO, 2, -0.02, muted=False), ROWS[2]))
    assert touched == [1]
    added: list[int] = []
    model.rowsInserted.connect(lambda _parent, first, _last: added.append(first))
    model.show_rows((*model.rows, SupportRow(ImageId(9), 1, None, muted=False)))
    assert (touched, added) == ([1], [3])
    model.show_rows(ROWS[1:])
    assert touched == [1, -1]
    assert model.place_of(THREE) == 1


def test_many_images_take_two_rows_and_decode_only_what_is_seen(
    tmp_path: Path, live: StandInLive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with few_images(tmp_path, count=60) as opened:
        panel = SupportPanel()
        qtbot.addWidget(panel)
        asked: list[ImageId] = []
        monkeypatch.setattr(panel.thumbnails, "get", asked.append)
        live.report = report_of(
            *(SupportRow(k, 1, None, muted=False) for k in opened.project.images)
        )
        panel.show_live(opened, live)
        panel.resize(264, 400)
        panel.show()
        qtbot.wait(20)
        panel.grab()
        panel.close_all()
    assert 6 <= len(set(asked)) <= 12


def test_three_in_a_row_and_no_more_height_than_two_rows_and_a_bit(
    panel: SupportPanel, live: StandInLive, workspace: Workspace
) -> None:
    assert panel.view.height() < 2 * cell_height(84)
    rows = tuple(SupportRow(k, 1, None, muted=False) for k in workspace.project.images)
    live.say(report_of(*rows))
    panel.grab()
    tops = [panel.view.visualRect(panel.model.index(k)).top() for k in range(7)]
    assert tops[0] == tops[2] < tops[3] == tops[5] < tops[6]
    assert panel.view.verticalScrollBar().maximum() > 0
    assert panel.view.horizontalScrollBar().maximum() == 0
    assert panel.view.height() < 2.5 * cell_height(84)


def test_an_image_that_left_the_project_leaves_the_list_at_once(
    workspace: Workspace, panel: SupportPanel
) -> None:
    workspace.do("Remove", [remove_images(workspace.project, (TWO,))])
    assert [row.image_id for row in panel.model.rows] == [ONE, THREE]
    panel.grab()


def test_a_flow_that_is_left_is_not_heard_any_more(
    workspace: Workspace, panel: SupportPanel, live: StandInLive
) -> None:
    panel.show_live(None, None)
    live.say(report_of(ROWS[0]))
    workspace.do("Remove", [remove_images(workspace.project, (TWO,))])
    assert panel.model.rows == ()


def test_pictures_cover_their_cells() -> None:
    box = QRectF(picture_box(QRect(0, 0, 84, cell_height(84))))
    assert covering(200, 50, box).height() == pytest.approx(box.height())
    assert covering(50, 200, box).width() == pytest.approx(box.width())
    assert covering(50, 200, box).center() == box.center()
