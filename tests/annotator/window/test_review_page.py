"""The review page: the most doubtful first, one key a word, undo goes back, and an end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot
from stand_in_answers import StandInAnswers

from annotator.document.edits import add_class, remove_images
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.image_folder import add_folder
from annotator.flows.ranking import Ranked
from annotator.flows.workspace import Workspace
from annotator.window.review_bar import NOTHING
from annotator.window.review_order import Verdict
from annotator.window.review_page import ReviewPage
from annotator.window.review_rooms import End

WAIT_MS = 10_000
DOUBTS = (0.1, 0.5, 0.9, 0.3, 0.7, 0.2)  # of the six images, in order
BY_DOUBT = (2, 4, 1, 3, 5, 0)
KEY = Qt.Key


@pytest.fixture
def workspace(tmp_path: Path, photographs: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "project", photographs) as opened:
        add_folder(opened)
        opened.do("Add disc", [add_class(opened.project, "disc")])
        yield opened


@pytest.fixture
def live(workspace: Workspace) -> StandInAnswers:
    answers = StandInAnswers(workspace)
    for image_id, doubt in zip(workspace.project.images, DOUBTS, strict=True):
        answers.answer(image_id, doubt)
    return answers


@pytest.fixture
def page(qtbot: QtBot, workspace: Workspace, live: StandInAnswers) -> Iterator[ReviewPage]:
    shown = ReviewPage(workspace, live)  # type: ignore[arg-type]
    qtbot.addWidget(shown)
    shown.resize(1024, 700)
    with qtbot.waitActive(shown):
        shown.show()
        shown.activateWindow()
    yield shown
    shown.close_all()


def ordered(workspace: Workspace) -> list[ImageId]:
    ids = list(workspace.project.images)
    return [ids[place] for place in BY_DOUBT]


def press(qtbot: QtBot, page: ReviewPage, key: Qt.Key) -> None:
    """A key where the focus is, the picture in it."""
    qtbot.waitUntil(lambda: page.canvas.viewport is not None, timeout=WAIT_MS)
    qtbot.keyClick(QApplication.focusWidget() or page.canvas, key)


def test_the_most_doubtful_image_comes_first(page: ReviewPage, workspace: Workspace) -> None:
    assert list(page.desk.order.rows) == ordered(workspace)
    assert page.image_id == ordered(workspace)[0]
    assert page.progress_words.text() == "0 of 6 reviewed"


def test_enter_accepts_and_goes_on(qtbot: QtBot, page: ReviewPage, workspace: Workspace) -> None:
    first, second, *_ = ordered(workspace)
    press(qtbot, page, KEY.Key_Return)
    assert Provenance.ACCEPTED in workspace.project.provenance_kinds(first)
    assert page.image_id == second
    assert page.progress_words.text() == "1 of 6 reviewed"
    assert page.desk.row(first).verdict is Verdict.ACCEPTED


def test_escape_rejects_and_goes_on(
    qtbot: QtBot, page: ReviewPage, workspace: Workspace, live: StandInAnswers
) -> None:
    first, second, *_ = ordered(workspace)
    before = workspace.version
    press(qtbot, page, KEY.Key_Escape)
    assert live.proposal(first) is None
    assert workspace.version == before
    assert page.image_id == second
    press(qtbot, page, KEY.Key_A)
    qtbot.waitUntil(lambda: page.bar.figures.text() == "Rejected.", timeout=WAIT_MS)
    assert not page.bar.accept.isEnabled()


def test_walking_is_no_word(qtbot: QtBot, page: ReviewPage, workspace: Workspace) -> None:
    rows = ordered(workspace)
    for key in (KEY.Key_D, KEY.Key_Right, KEY.Key_A, KEY.Key_Left, KEY.Key_Left):
        press(qtbot, page, key)
    assert page.image_id == rows[0]
    assert page.desk.progress == (0, 6)


def test_keys_work_from_the_list_too(qtbot: QtBot, page: ReviewPage, workspace: Workspace) -> None:
    page.queue.setFocus()
    press(qtbot, page, KEY.Key_Down)
    assert page.image_id == ordered(workspace)[1]
    press(qtbot, page, KEY.Key_D)
    assert page.image_id == ordered(workspace)[2]
    press(qtbot, page, KEY.Key_Return)
    assert page.desk.progress == (1, 6)


def test_the_row_in_view_is_always_on_screen(page: ReviewPage, workspace: Workspace) -> None:
    page.resize(page.width(), page.minimumSizeHint().height())
    page.queue.setFixedHeight(100)
    QApplication.processEvents()
    for image_id in (*ordered(workspace), *reversed(ordered(workspace))):
        page.go(image_id)
        box = page.queue.visualRect(page.queue.currentIndex())
        assert page.queue.viewport().rect().contains(box)


def test_enter_on_a_button_presses_that_button(
    qtbot: QtBot, page: ReviewPage, live: StandInAnswers
) -> None:
    first = page.image_id
    assert first is not None
    page.activateWindow()
    page.bar.reject.setFocus()
    qtbot.waitUntil(page.bar.reject.hasFocus)
    press(qtbot, page, KEY.Key_Return)
    assert live.proposal(first) is None


def test_holding_enter_accepts_once(qtbot: QtBot, page: ReviewPage) -> None:
    press(qtbot, page, KEY.Key_Return)
    for _ in range(5):
        held = QKeyEvent(
            QEvent.Type.KeyPress, KEY.Key_Return, Qt.KeyboardModifier.NoModifier, "", True
        )
        QApplication.sendEvent(page.canvas, held)
    assert page.desk.progress == (1, 6)


def test_the_windows_own_keys_stand_back_on_this_page(qtbot: QtBot, page: ReviewPage) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    heard: list[str] = []
    for key in ("Return", "Esc", "D", "E", "Ctrl+Z"):
        action = QAction(key, window, shortcut=QKeySequence(key))
        action.triggered.connect(lambda _on=False, k=key: heard.append(k))
        window.addAction(action)
    window.setCentralWidget(page)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    page.canvas.setFocus()
    press(qtbot, page, KEY.Key_D)
    press(qtbot, page, KEY.Key_Return)
    assert heard == []
    qtbot.keyClick(page.canvas, KEY.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert heard == ["Ctrl+Z"]
    window.takeCentralWidget()


def test_undo_takes_the_word_back_and_goes_there(
    qtbot: QtBot, page: ReviewPage, workspace: Workspace
) -> None:
    first, *_ = ordered(workspace)
    press(qtbot, page, KEY.Key_Return)
    press(qtbot, page, KEY.Key_Return)
    workspace.undo()
    workspace.undo()
    assert page.image_id == first
    assert page.desk.progress == (0, 6)


def test_figures_say_what_an_accept_would_do(qtbot: QtBot, page: ReviewPage) -> None:
    adds = f"Accept adds {96 * 64:,} pixels."
    qtbot.waitUntil(lambda: page.bar.figures.text() == adds, timeout=WAIT_MS)
    press(qtbot, page, KEY.Key_Return)
    press(qtbot, page, KEY.Key_A)
    qtbot.waitUntil(lambda: page.bar.figures.text() == NOTHING, timeout=WAIT_MS)


def test_compare_and_differences_have_their_keys(qtbot: QtBot, page: ReviewPage) -> None:
    qtbot.waitUntil(lambda: page.canvas.viewport is not None, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "adds" in page.bar.figures.text(), timeout=WAIT_MS)
    looks = []
    for key in (None, KEY.Key_C, KEY.Key_X):
        if key is not None:
            press(qtbot, page, key)
        looks.append(page.canvas.grab().toImage())
    assert not page.compare.isChecked()
    assert page.difference.isChecked()
    assert looks[0] != looks[1]
    assert looks[1] != looks[2]


def test_edit_leads_to_the_image(qtbot: QtBot, page: ReviewPage) -> None:
    with qtbot.waitSignal(page.image_chosen) as told:
        press(qtbot, page, KEY.Key_E)
    assert told.args == [page.image_id]


def test_the_end_offers_the_export(qtbot: QtBot, page: ReviewPage) -> None:
    for _ in range(6):
        press(qtbot, page, KEY.Key_Return)
    assert page.ended is End.ALL_REVIEWED
    assert page.progress_words.text() == "6 of 6 reviewed"
    with qtbot.waitSignal(page.export_wished):
        page.end_button.click()


def test_without_answers_the_page_says_what_to_do(qtbot: QtBot, workspace: Workspace) -> None:
    live = StandInAnswers(workspace)
    page = ReviewPage(workspace, live)  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.show()
    assert page.ended is End.NO_ANSWERS
    first = next(iter(workspace.project.images))
    live.answer(first, 0.4)
    qtbot.waitUntil(lambda: page.image_id == first, timeout=WAIT_MS)
    assert page.ended is End.NOT_YET
    page.accept()
    assert page.ended is End.AWAITED
    page.close_all()


def test_what_was_accepted_before_does_not_come_again(
    qtbot: QtBot, workspace: Workspace, live: StandInAnswers
) -> None:
    first = ordered(workspace)[0]
    live.accept(first)
    page = ReviewPage(workspace, live)  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.show()
    assert first not in page.desk.order.rows
    assert page.progress_words.text() == "1 of 6 reviewed"
    page.close_all()


def test_reasons_stand_in_the_queue(
    qtbot: QtBot, page: ReviewPage, workspace: Workspace, live: StandInAnswers
) -> None:
    second = ordered(workspace)[1]
    live.ranking = (Ranked(second, 1.0, "'disc' is doubtful"),)
    live.ranking_changed.emit()
    qtbot.waitUntil(lambda: "'disc' is doubtful" in page.desk.row(second).why, timeout=WAIT_MS)
    assert page.desk.row(second).why == "70 % doubt, 'disc' is doubtful"


def test_the_next_pictures_are_at_hand_before_they_are_wanted(
    qtbot: QtBot, page: ReviewPage, workspace: Workspace, live: StandInAnswers
) -> None:
    following = ordered(workspace)[1:4]
    assert live.visible == tuple(following)
    qtbot.waitUntil(lambda: all(map(page.pictures.held, following)), timeout=WAIT_MS)
    page.step(1)
    assert page.canvas.sight.scene is not None, "the picture is there at once"
    assert live.current == following[0]


def test_an_image_that_leaves_the_project_leaves_the_review(
    page: ReviewPage, workspace: Workspace
) -> None:
    first, second, *_ = ordered(workspace)
    workspace.do("Remove", [remove_images(workspace.project, (first,))])
    assert page.image_id == second
    assert first not in page.desk.order.rows
    workspace.undo()
    assert first in page.desk.order.rows


def test_a_picture_that_is_gone_is_told_on_the_page(
    qtbot: QtBot, page: ReviewPage, workspace: Workspace
) -> None:
    last = ordered(workspace)[-1]
    workspace.project.image_path(last).unlink()
    page.go(last)
    qtbot.waitUntil(lambda: "disc_0.png" in page.bar.figures.text(), timeout=WAIT_MS)
    assert page.canvas.sight.scene is None


def test_everything_on_the_page_has_a_name(page: ReviewPage) -> None:
    silent = [
        type(widget).__name__
        for widget in page.findChildren(QWidget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not isinstance(widget, QLabel)
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and widget.text())
    ]
    assert silent == []
    assert page.minimumSizeHint().width() <= 1024 - 64
    assert page.minimumSizeHint().height() <= 600


def test_a_closed_page_hears_nothing_more(
    page: ReviewPage, workspace: Workspace, live: StandInAnswers
) -> None:
    page.close_all()
    before = dict(page.desk.order.verdicts)
    live.answer(ordered(workspace)[0], 0.0)
    live.accept(ordered(workspace)[1])
    assert page.desk.order.verdicts == before
