"""The page of the log: found by level and words, growing without a jump, fast with many lines."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from test_window_pages import nameless

from annotator.log_file import Log, LogLine, start_logging
from annotator.window.log_lines_view import LogModel
from annotator.window.log_page import LogPage

logger = logging.getLogger("annotator.test")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = start_logging(tmp_path)
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, log: Log) -> LogPage:
    logger.info("Opened 'cars'")
    logger.warning("The answer took long")
    logger.error("It broke\nTraceback\nKeyError: 'wheel'")
    made = LogPage(log)
    qtbot.addWidget(made)
    made.resize(900, 500)
    made.show()
    return made


def shown(page: LogPage) -> list[str]:
    return [line.headline for line in page.model.shown]


def test_everything_has_a_name(page: LogPage) -> None:
    assert nameless(page) == []


def test_lines_are_found_by_level_and_by_words(page: LogPage, qtbot: QtBot) -> None:
    assert shown(page) == ["Opened 'cars'", "The answer took long", "It broke"]
    qtbot.mouseClick(page.level.button(str(logging.WARNING)), Qt.MouseButton.LeftButton)
    assert shown(page) == ["The answer took long", "It broke"]
    qtbot.keyClicks(page.search, "WHEEL key")
    assert shown(page) == ["It broke"], "further lines are searched too"
    page.search.setText("nothing of that sort")
    assert shown(page) == []
    assert not page.copy_button.isEnabled()
    page.search.clear()
    page.level.choose("0")
    page._filter()
    assert len(shown(page)) == 3


def test_the_chosen_line_is_shown_whole_and_kept_by_the_filter(page: LogPage) -> None:
    page.view.setCurrentIndex(page.model.index(2))
    assert "KeyError: 'wheel'" in page.details.toPlainText()
    page.search.setText("broke")
    assert page.view.currentIndex().row() == 0
    assert "KeyError: 'wheel'" in page.details.toPlainText()


def test_chosen_lines_are_copied_and_else_all_that_are_shown(page: LogPage, qtbot: QtBot) -> None:
    assert page.copy().count("\n") == 4
    page.view.setCurrentIndex(page.model.index(1))
    page.view.setFocus()
    qtbot.keyClick(page.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    page.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.endswith("WARNING  annotator.test  The answer took long")


def test_new_lines_come_by_themselves_and_the_end_is_followed(page: LogPage, qtbot: QtBot) -> None:
    for number in range(100):
        logger.info("line %d", number)
    qtbot.waitUntil(lambda: page.model.rowCount() == 103)
    bar = page.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0)


def test_who_reads_old_lines_is_left_in_peace(page: LogPage, qtbot: QtBot) -> None:
    for number in range(200):
        logger.info("line %d", number)
    page.refresh()
    bar = page.view.verticalScrollBar()
    bar.setValue(300)
    first = page.view.indexAt(page.view.viewport().rect().topLeft()).row()
    for number in range(12_000):
        logger.info("more %d", number)
        if number % 3000 == 0:
            page.refresh()
    page.refresh()
    assert bar.value() == 300
    assert page.view.indexAt(page.view.viewport().rect().topLeft()).row() == first
    assert page.model.shown[first].headline.startswith("line")
    bar.setValue(bar.maximum())
    page.refresh()
    assert page.model.rowCount() <= 10_000


def test_ten_thousand_lines_are_shown_and_searched_at_once(log: Log, qtbot: QtBot) -> None:
    for number in range(10_000):
        logger.info("answered image %d of many", number)
    started = time.perf_counter()
    page = LogPage(log)
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    page.grab()
    page.search.setText("image 99")
    page.grab()
    assert time.perf_counter() - started < 1.0
    assert page.model.rowCount() == 280


def test_a_model_forgets_the_oldest_first() -> None:
    model = LogModel(kept=3)
    lines = [
        LogLine(k, datetime(2024, 1, 1), logging.INFO + 10 * (k % 2), "a", f"m{k}")
        for k in range(10)
    ]
    model.choose(logging.WARNING, "")
    model.add(lines[:6], trim=False)
    assert [line.text for line in model.shown] == ["m1", "m3", "m5"]
    model.add(lines[6:], trim=True)
    assert [line.text for line in model.shown] == ["m7", "m9"]
    assert model.next_number == 10


def test_a_log_without_a_file_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    log = start_logging(tmp_path / "x" / "logs")
    page = LogPage(log)
    qtbot.addWidget(page)
    log.close()
    assert "cannot be written" in (log.note or "")
    assert any("cannot be written" in label.text() for label in page.findChildren(QLabel))
