"""The class list: every gesture one undoable edit, asked for by mouse, key or menu."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_worlds import few_images
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import add_class
from annotator.flows.workspace import Workspace
from annotator.look.measures import set_text_scale
from annotator.panels.balance import BalanceBar
from annotator.panels.class_delegate import Spot, share_text, spot_rect
from annotator.panels.class_model import count_text, lines_of, moved_before, spoken_line
from annotator.panels.classes import ClassPanel

A, B, C = ClassId(1), ClassId(2), ClassId(3)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with few_images(tmp_path, count=1, classes=("sky", "sea", "sand")) as opened:
        yield opened


@pytest.fixture
def panel(workspace: Workspace, qtbot: QtBot) -> ClassPanel:
    panel = ClassPanel()
    qtbot.addWidget(panel)
    panel.show_workspace(workspace)
    panel.resize(264, 400)
    panel.show()
    panel.activateWindow()
    return panel


def names(workspace: Workspace) -> list[str]:
    return [row.name for row in workspace.project.classes]


def test_a_new_class_can_be_named_at_once(
    workspace: Workspace, panel: ClassPanel, qtbot: QtBot
) -> None:
    panel.add()
    editor = panel.view.findChild(QLineEdit)
    assert editor.accessibleName()
    qtbot.keyClicks(editor, "rock")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(workspace) == ["sky", "sea", "sand", "rock"], timeout=2000)
    assert workspace.history.undo_name == "Rename class, 'rock'"
    workspace.undo()
    workspace.undo()
    assert names(workspace) == ["sky", "sea", "sand"]
    assert panel.chosen in (A, B, C)


def test_a_refused_name_is_told_and_changes_nothing(
    workspace: Workspace, panel: ClassPanel, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(panel.refused) as told:
        panel.rename(A, "sea")
    assert "There is a class 'sea' already" in told.args[0]
    assert names(workspace) == ["sky", "sea", "sand"]


def test_recolour_merge_and_remove_are_one_step_each(
    workspace: Workspace, panel: ClassPanel
) -> None:
    panel.recolour(A, (1, 2, 3))
    assert workspace.project.classes[A].colour == (1, 2, 3)
    panel.merge(B, A)
    assert names(workspace) == ["sky", "sand"]
    assert panel.chosen == A
    panel.remove(C)
    panel.remove(BACKGROUND)
    assert names(workspace) == ["sky"]
    said = []
    while workspace.history.undo_name in (
        "Remove class, 'sand'", "Merge, 'sea into sky'", "Recolour class, 'sky'"
    ):  # fmt: skip
        said.append(workspace.history.undo_name)
        workspace.undo()
    assert len(said) == 3
    assert [line.name for line in panel.model.lines] == ["sky", "sea", "sand", "background"]


def test_classes_move_by_key_and_by_drag(workspace: Workspace, panel: ClassPanel) -> None:
    panel.choose(A)
    panel.move_chosen(1)
    assert names(workspace) == ["sea", "sky", "sand"]
    panel.move_chosen(-1)
    panel.move_chosen(-1)
    assert names(workspace) == ["sky", "sea", "sand"]
    data = panel.model.mimeData([panel.model.index(2)])
    moved = panel.model.dropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert not moved
    assert names(workspace) == ["sand", "sky", "sea"]
    assert panel.chosen == A


def test_moving_is_counted_before_the_row_is_taken_out() -> None:
    ids = (A, B, C)
    assert moved_before(ids, 0, 2) == (B, A, C)
    assert moved_before(ids, 0, 3) == (B, C, A)
    assert moved_before(ids, 2, 0) == (C, A, B)
    assert moved_before(ids, 1, 1) == moved_before(ids, 1, 2) == ids


def test_keys_choose_and_swap(panel: ClassPanel) -> None:
    heard: list[int] = []
    panel.class_chosen.connect(heard.append)
    panel.choose_place(2)
    panel.choose_place(3)
    panel.choose_place(9)
    panel.swap()
    panel.choose_place(0)
    assert heard == [B, C, B, BACKGROUND]
    assert panel.chosen == BACKGROUND


def test_eye_and_lock_answer_to_the_mouse(panel: ClassPanel, qtbot: QtBot) -> None:
    rect = panel.view.visualRect(panel.model.index(1))
    for spot in (Spot.EYE, Spot.LOCK):
        qtbot.mouseClick(
            panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot_rect(rect, spot).center()
        )
    assert panel.hidden == panel.locked == {B}
    assert (panel.model.lines[1].hidden, panel.model.lines[1].locked) == (True, True)
    panel.toggle_hidden(B)
    assert panel.hidden == frozenset()


def test_a_line_shows_and_says_share_key_and_state(workspace: Workspace) -> None:
    lines = lines_of(
        workspace.project.classes, {A: 999, B: 1}, frozenset({A}), locked=frozenset({B})
    )
    assert [line.hotkey for line in lines] == ["1", "2", "3", "0"]
    assert spoken_line(lines[0]) == "sky, key 1, 100% of labelled pixels, hidden"
    assert [share_text(line.share or 0) for line in lines[:3]] == ["100%", "<1%", "0%"]
    assert spoken_line(lines[3]) == "background, key 0"


def test_the_menu_offers_all_other_classes_to_merge_into(panel: ClassPanel) -> None:
    menu = panel.menu_for(B)
    titles = [action.text() for action in menu.actions() if action.text()]
    assert titles == ["Rename", "Colour", "Merge into", "Remove"]
    targets = next(m for m in menu.findChildren(QMenu) if m.title() == "Merge into")
    assert [action.text() for action in targets.actions()] == ["sky", "sand"]


def test_the_balance_shows_each_share_in_its_colour(
    workspace: Workspace, panel: ClassPanel, qtbot: QtBot
) -> None:
    bar = BalanceBar()
    qtbot.addWidget(bar)
    bar.resize(100, 4)
    lines = lines_of(workspace.project.classes, {A: 3, C: 1}, frozenset(), frozenset())
    bar.show_lines(lines)
    image = bar.grab().toImage()
    assert image.pixelColor(30, 2).getRgb()[:3] == lines[0].colour
    assert image.pixelColor(90, 2).getRgb()[:3] == lines[2].colour
    assert bar.accessibleDescription() == "sky 75%, sand 25%"


def test_an_empty_project_says_what_to_do(tmp_path: Path, qtbot: QtBot) -> None:
    with few_images(tmp_path, count=1) as opened:
        panel = ClassPanel()
        qtbot.addWidget(panel)
        panel.show_workspace(opened)
        panel.show()
        button = next(b for b in panel.findChildren(QPushButton) if b.text() == "Add a class")
        assert button.isVisible()
        button.click()
        assert names(opened) == ["class 1"]
        assert not button.isVisible()


def test_thirty_classes_scroll_and_long_names_are_told_whole(tmp_path: Path, qtbot: QtBot) -> None:
    long = "Kraftfahrzeughaftpflichtversicherung mit Zusatz"
    classes = (long, *(f"class {k}" for k in range(29)))
    with few_images(tmp_path, count=1, classes=classes) as opened:
        panel = ClassPanel()
        qtbot.addWidget(panel)
        panel.show_workspace(opened)
        panel.resize(200, 300)
        panel.show()
        assert panel.view.verticalScrollBar().maximum() > 0
        assert panel.view.horizontalScrollBar().maximum() == 0
        assert panel.model.index(0).data(Qt.ItemDataRole.ToolTipRole) == long
        panel.choose_place(9)
        assert not panel.grab().isNull()


def test_words_for_a_class_are_wished_once_they_are_done(panel: ClassPanel, qtbot: QtBot) -> None:
    wished: list[tuple[int, str]] = []
    panel.prompt_wished.connect(lambda *told: wished.append(told))
    panel.set_prompts({A: "blue above", B: ""}, used=True)
    panel.choose(A)
    panel.view.setFocus()
    panel.start_prompt()
    field = panel.prompt.field
    assert field.hasFocus()
    assert field.text() == "blue above"
    qtbot.keyClicks(field, "a  grey   sky ")
    assert wished == []
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert wished == [(A, "a grey sky")]
    assert panel.view.hasFocus(), "back to where the person was"


def test_escape_gives_words_up(panel: ClassPanel, qtbot: QtBot) -> None:
    panel.prompt_wished.connect(lambda *_: pytest.fail("wished"))
    panel.set_prompts({A: "blue"}, used=True)
    panel.choose(A)
    panel.start_prompt()
    qtbot.keyClicks(panel.prompt.field, "nonsense")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Escape)
    assert panel.prompt.field.text() == "blue"
    assert not panel.prompt.field.hasFocus()


def test_words_typed_for_one_class_never_go_to_another(panel: ClassPanel, qtbot: QtBot) -> None:
    wished: list[tuple[int, str]] = []
    panel.prompt_wished.connect(lambda *told: wished.append(told))
    panel.choose(A)
    panel.start_prompt()
    qtbot.keyClicks(panel.prompt.field, "blue")
    panel.choose(B)
    assert wished == [(A, "blue")]
    assert panel.prompt.field.text() == ""
    assert "'sea'" in panel.prompt.field.placeholderText()
    panel.choose(BACKGROUND)
    assert not panel.prompt.field.isEnabled()
    assert wished == [(A, "blue")]


def test_news_does_not_disturb_who_is_typing(panel: ClassPanel, qtbot: QtBot) -> None:
    panel.choose(A)
    panel.start_prompt()
    qtbot.keyClicks(panel.prompt.field, "blu")
    panel.set_pixels({A: 10})
    panel.set_prompts({B: "water"}, used=True)
    qtbot.keyClicks(panel.prompt.field, "e")
    assert panel.prompt.field.text() == "blue"


def test_a_method_without_text_says_so_and_lets_one_write(panel: ClassPanel) -> None:
    panel.choose(A)
    panel.set_prompts({}, used=False)
    assert panel.prompt.note.isVisible()
    assert panel.prompt.field.isEnabled()
    assert "Kept for methods that read text" in panel.prompt.field.accessibleDescription()
    panel.set_prompts({}, used=True)
    assert not panel.prompt.note.isVisible()


def test_counts_are_short_in_lines_and_exact_in_tips(
    workspace: Workspace, panel: ClassPanel
) -> None:
    counts = [count_text(n) for n in (0, 412, 999, 1000, 12_345, 999_949, 999_950, 4_100_000)]
    assert counts == ["0", "412", "999", "1.0 k", "12.3 k", "1000 k", "1.0 M", "4.1 M"]
    panel.set_pixels({A: 12_345, B: 412})
    tip = panel.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip == "sky\n12.3 k labelled pixels (12,345), 96.8% of all classes"
    shares = panel.view.grab().toImage()
    panel.set_counts_shown(shown=True)
    assert panel.view.grab().toImage() != shares


def test_a_class_tells_what_it_took_in(workspace: Workspace, panel: ClassPanel) -> None:
    panel.merge(B, A)
    panel.merge(C, A)
    assert panel.model.lines[0].takes_in == ("sea", "sand")
    assert "Takes in 'sea', 'sand'" in panel.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "takes in sea and sand" in spoken_line(panel.model.lines[0])
    workspace.undo()
    assert panel.model.lines[0].takes_in == ("sea",)


def test_counting_again_touches_only_the_lines_that_changed(panel: ClassPanel) -> None:
    panel.set_pixels({A: 50, B: 30, C: 20})
    touched: list[int] = []
    panel.model.dataChanged.connect(lambda first, _last: touched.append(first.row()))
    panel.set_pixels({A: 50, B: 20, C: 30})
    assert touched == [1, 2]


def test_actions_act_on_the_chosen_class(workspace: Workspace, panel: ClassPanel) -> None:
    panel.choose(B)
    panel.toggle_chosen_hidden()
    panel.toggle_chosen_locked()
    assert panel.hidden == panel.locked == {B}
    panel.remove_chosen()
    assert names(workspace) == ["sky", "sand"]
    panel.choose(BACKGROUND)
    panel.toggle_chosen_hidden()
    panel.remove_chosen()
    assert names(workspace) == ["sky", "sand"]
    assert BACKGROUND not in panel.hidden


def test_a_project_that_is_left_is_not_heard_any_more(
    workspace: Workspace, panel: ClassPanel
) -> None:
    panel.show_workspace(workspace)
    panel.show_workspace(None)
    workspace.do("Add", [add_class(workspace.project, "rock")])
    assert panel.model.lines == ()


def test_the_list_is_as_high_as_its_lines(panel: ClassPanel) -> None:
    last = panel.view.visualRect(panel.model.index(3))
    assert last.bottom() <= panel.view.viewport().height()
    assert panel.view.height() < last.bottom() + 8
    assert panel.balance.geometry().top() - panel.view.geometry().bottom() < 16


def test_lines_grow_with_the_text(panel: ClassPanel, qtbot: QtBot) -> None:
    low = panel.view.visualRect(panel.model.index(0)).height()
    set_text_scale(200)
    try:
        face = panel.view.font()
        face.setPixelSize(26)
        panel.view.setFont(face)
        qtbot.waitUntil(
            lambda: panel.view.visualRect(panel.model.index(0)).height() > low, timeout=2000
        )
        assert (
            panel.view.maximumHeight() >= 4 * panel.view.visualRect(panel.model.index(0)).height()
        )
    finally:
        set_text_scale(100)
