"""The method panel: cards by mouse and keyboard, threshold as one step, the engine's state."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_worlds import few_images
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QSlider
from pytestqt.qtbot import QtBot
from stand_in_live import StandInLive

from annotator.document.edits import set_setting
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.flows.method_cards import ChoiceCard, method_cards
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace
from annotator.panels.method import MethodPanel
from annotator.panels.method_delegate import shown_name
from annotator.panels.method_popup import HINT, CardPopup
from annotator.panels.method_state import WORDS, LiveSwitch

HERE = ChoiceCard("a", "First", "Good.", "Nothing.", available=True, missing="", uses_text=False)
ALSO = ChoiceCard("b", "Second", "Also.", "Little.", available=True, missing="", uses_text=False)
GONE = ChoiceCard(
    "c", "Third", "Large.", "Weights.", available=False, missing="Get a file.", uses_text=False
)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with few_images(tmp_path, count=1) as opened:
        yield opened


@pytest.fixture
def live() -> StandInLive:
    return StandInLive()


@pytest.fixture
def panel(tmp_path: Path, workspace: Workspace, live: StandInLive, qtbot: QtBot) -> MethodPanel:
    panel = MethodPanel(tmp_path / "models")
    qtbot.addWidget(panel)
    panel.show_live(workspace, live)
    panel.resize(264, 200)
    panel.show()
    panel.activateWindow()
    return panel


@pytest.fixture
def popup(qtbot: QtBot) -> CardPopup:
    popup = CardPopup("Backbones")
    qtbot.addWidget(popup)
    popup.open_at(QPoint(10, 10), (HERE, ALSO, GONE), "b")
    return popup


def test_it_shows_what_is_chosen(panel: MethodPanel, live: StandInLive) -> None:
    assert panel.method.text() == "Linear probe"
    assert panel.backbone.accessibleName() == "Backbone: Embedded network"
    assert panel.refine.isChecked()
    assert panel.figure.text() == "off"
    assert live.asked == []


def test_a_method_is_changed_from_the_keyboard(
    panel: MethodPanel, live: StandInLive, qtbot: QtBot
) -> None:
    qtbot.keyClick(panel.change, Qt.Key.Key_Space)
    view = panel.method_popup.view
    assert panel.method_popup.isVisible()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert live.asked == [("method", "panet")]
    assert not panel.method_popup.isVisible()
    assert panel.method.text() == "Prototypes (PANet)"


def test_the_popup_opens_at_what_is_in_use_and_esc_changes_nothing(
    popup: CardPopup, qtbot: QtBot
) -> None:
    popup.chosen.connect(lambda _: pytest.fail("chosen"))
    assert popup.view.currentIndex().row() == 1
    qtbot.keyClick(popup.view, Qt.Key.Key_Up)
    qtbot.keyClick(popup.view, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_what_is_not_here_says_what_to_do_and_cannot_be_chosen(
    popup: CardPopup, qtbot: QtBot
) -> None:
    popup.chosen.connect(lambda _: pytest.fail("chosen"))
    assert popup.foot.text() == HINT
    height = popup.height()
    qtbot.keyClick(popup.view, Qt.Key.Key_End)
    assert popup.foot.text() == "Get a file."
    qtbot.keyClick(popup.view, Qt.Key.Key_Return)
    rect = popup.view.visualRect(popup.model.index(2))
    qtbot.mouseClick(popup.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert popup.isVisible()
    assert popup.height() == height


def test_a_click_chooses(popup: CardPopup, qtbot: QtBot) -> None:
    rect = popup.view.visualRect(popup.model.index(0))
    with qtbot.waitSignal(popup.chosen) as chosen:
        qtbot.mouseClick(popup.view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert chosen.args == ["a"]


def test_typing_finds_a_card(popup: CardPopup, qtbot: QtBot) -> None:
    qtbot.keyClicks(popup.view, "thi")
    assert popup.view.currentIndex().row() == 2


def test_a_card_is_said_whole(popup: CardPopup) -> None:
    spoken = [popup.model.index(k).data(Qt.ItemDataRole.AccessibleTextRole) for k in range(3)]
    assert spoken[0] == "First. a. Good. Nothing"
    assert spoken[1] == "Second. b. in use. Also. Little"
    assert spoken[2] == "Third. c. Large. Weights. cannot be chosen: Get a file"


def test_all_words_of_a_card_have_room(qtbot: QtBot) -> None:
    popup = CardPopup("Methods")
    qtbot.addWidget(popup)
    popup.open_at(QPoint(0, 0), method_cards(), "probe")
    assert popup.view.verticalScrollBar().maximum() == 0
    assert popup.view.horizontalScrollBar().maximum() == 0
    tall, short = (popup.view.sizeHintForRow(k) for k in (1, 0))
    assert tall > short, "the longer summary wraps to more lines"
    popup.grab()


def test_a_name_is_shown_where_the_title_does_not_tell_it() -> None:
    assert shown_name(method_cards()[0]) == ""
    assert shown_name(HERE) == "a"


def test_a_backbone_that_is_not_here_bears_a_sign(
    panel: MethodPanel, live: StandInLive, workspace: Workspace
) -> None:
    live.options = SegmentOptions(backbone="resnet50")
    workspace.do("Other settings", [set_setting(workspace.project, "x", "1")])
    assert panel.backbone.accessibleName() == "Backbone: ResNet-50, not here"
    assert "models import" in panel.backbone.toolTip()
    assert not panel.backbone.icon().isNull()
    live.options = SegmentOptions(backbone="from elsewhere")
    workspace.undo()
    assert "No backbone 'from elsewhere'" in panel.backbone.toolTip()


def test_refinement_is_one_press(panel: MethodPanel, live: StandInLive, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.refine, Qt.MouseButton.LeftButton)
    assert live.asked == [("refine", False)]


def test_dragging_the_threshold_is_one_step(
    panel: MethodPanel, live: StandInLive, qtbot: QtBot
) -> None:
    panel.threshold.setSliderDown(True)
    for percent in (10, 30, 45):
        panel.threshold.setValue(percent)
        assert panel.figure.text() == f"{percent / 100:.2f}"
    assert live.asked == []
    panel.threshold.setSliderDown(False)
    assert live.asked == [("threshold", 0.45)]


def test_keys_on_the_threshold_come_to_rest_first(
    panel: MethodPanel, live: StandInLive, qtbot: QtBot
) -> None:
    for _ in range(3):
        qtbot.keyClick(panel.threshold, Qt.Key.Key_PageUp)
    assert live.asked == []
    qtbot.waitUntil(lambda: live.asked == [("threshold", 0.15)], timeout=3000)
    assert isinstance(panel.threshold, QSlider)
    assert panel.threshold.maximum() == 95


def test_a_refused_choice_is_told_and_the_old_one_shown(
    panel: MethodPanel, live: StandInLive, qtbot: QtBot
) -> None:
    live.refuses = "No."
    with qtbot.waitSignal(panel.told) as told:
        qtbot.mouseClick(panel.refine, Qt.MouseButton.LeftButton)
    assert told.args == ["No."]
    assert panel.refine.isChecked()


def test_every_state_of_the_engine_is_said_in_words(qtbot: QtBot) -> None:
    switch = LiveSwitch()
    qtbot.addWidget(switch)
    for kind, word in WORDS.items():
        switch.show_state(EngineState(EngineKind.STARTING))
        switch.show_state(EngineState(kind, "CPU"))
        assert switch.word == word
        assert word in switch.accessibleDescription()
        assert switch.width() >= switch.sizeHint().width() or not switch.isVisible()


def test_work_done_in_no_time_is_not_worth_a_word(qtbot: QtBot) -> None:
    switch = LiveSwitch()
    qtbot.addWidget(switch)
    ready, busy = EngineState(EngineKind.READY), EngineState(EngineKind.BUSY)
    switch.show_state(ready)
    switch.show_state(busy)
    switch.show_state(ready)
    assert switch.word == "live"
    switch.show_state(busy)
    assert switch.word == "live"
    qtbot.waitUntil(lambda: switch.word == "answering", timeout=3000)


def test_only_a_person_wishes_for_live(panel: MethodPanel, qtbot: QtBot) -> None:
    wished: list[bool] = []
    panel.live_wished.connect(wished.append)
    panel.show_state(EngineState(EngineKind.READY, "CPU"))
    panel.set_live(False)
    assert panel.switch.word == "paused"
    assert wished == []
    qtbot.mouseClick(panel.switch, Qt.MouseButton.LeftButton)
    assert wished == [True]
    assert panel.switch.word == "live"


def test_an_engine_that_failed_is_told_whole_with_a_way_on(
    panel: MethodPanel, qtbot: QtBot
) -> None:
    panel.set_live(False)
    panel.show_state(EngineState(EngineKind.FAILED, "The engine ran out of memory."))
    assert panel.switch.word == "failed", "said also while answers are paused"
    assert panel.sentence.text() == "The engine ran out of memory."
    with qtbot.waitSignal(panel.restart_wished):
        qtbot.mouseClick(panel.restart, Qt.MouseButton.LeftButton)
    panel.show_state(EngineState(EngineKind.READY, "CPU"))
    assert not panel.sentence.isVisible()
    assert not panel.restart.isVisible()


def test_every_control_has_a_name_and_a_place_in_the_tab_order(panel: MethodPanel) -> None:
    controls = [panel.switch, panel.change, panel.backbone, panel.refine, panel.threshold]
    for control in controls:
        named = control.accessibleName() or (
            control.text() if isinstance(control, QAbstractButton) else ""
        )
        assert named
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_without_a_project_there_is_nothing_to_choose(panel: MethodPanel) -> None:
    panel.show_live(None, None)
    assert not panel.change.isEnabled()
    assert not panel.backbone.isEnabled()
    panel.open_methods()
    assert not panel.method_popup.isVisible()
