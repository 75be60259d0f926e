"""The page of the log: what happened, in order, by level and by words; it grows while looked at."""

import logging
from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QLineEdit, QListView, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from annotator.log_file import Log, LogLine
from annotator.look.choosing import Segments
from annotator.look.focus import lead_focus
from annotator.look.measures import GAP, WIDE
from annotator.look.pieces import push_button, row, title, words
from annotator.window.log_lines_view import LINE, LineDelegate, LogModel
from annotator.window.places import show_place

POLL_MS = 250
LEVELS = (("0", "Everything"), (str(logging.WARNING), "Warnings"), (str(logging.ERROR), "Errors"))


class LogPage(QWidget):
    """Shows the newest lines of a log. It follows the end until one scrolls up."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.setAccessibleName("Log")
        self._log = log
        self.model = LogModel(self)
        self.level = Segments("Level", LEVELS)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the log")
        self.search.setAccessibleName("Search the log")
        self.search.setClearButtonEnabled(True)
        self.view = _line_view(self.model)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("The chosen line, whole")
        self.details.setTabChangesFocus(True)
        self.details.setPlaceholderText("Choose a line to read all of it.")
        lead_focus(self, self.search)
        self.copy_button = push_button("Copy", self.copy)
        self.folder_button = push_button("Open folder", partial(show_place, log.folder))
        self._nothing = words("Nothing of that kind has happened.")
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Take up what was logged since; the lines in view stay where they are."""
        following = self._at_end()
        self.model.add(self._log.ring.since(self.model.next_number), trim=following)
        if following:
            self.view.scrollToBottom()
        self._show_emptiness()

    def copy(self) -> str:
        """Put the chosen lines on the clipboard, or all that are shown; what was put there."""
        chosen = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        shown = self.model.shown
        lines = [shown[place] for place in chosen] if chosen else shown
        text = "\n".join(line.whole() for line in lines)
        QGuiApplication.clipboard().setText(text)
        return text

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102 - Qt's name
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102 - Qt's name
        self._timer.stop()
        super().hideEvent(event)

    # -- inside ----------------------------------------------------------------------------------

    def _at_end(self) -> bool:
        bar = self.view.verticalScrollBar()
        return bar.value() >= bar.maximum()

    def _filter(self, _wish: str = "") -> None:
        kept = self._current_line()
        self.model.choose(int(self.level.value), self.search.text())
        place = self.model.place_of(kept) if kept is not None else -1
        if place >= 0:
            index = self.model.index(place)
            how = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.view.selectionModel().setCurrentIndex(index, how)
            self.view.scrollTo(index)
        else:
            self.view.scrollToBottom()
        self._show_emptiness()

    def _current_line(self) -> LogLine | None:
        index = self.view.currentIndex()
        line = index.data(LINE) if index.isValid() else None
        return line if isinstance(line, LogLine) else None

    def _show_details(self, index: QModelIndex, _before: QModelIndex) -> None:
        line = index.data(LINE) if index.isValid() else None
        self.details.setPlainText(line.whole() if isinstance(line, LogLine) else "")

    def _show_emptiness(self) -> None:
        empty = self.model.rowCount() == 0
        self._nothing.setVisible(empty)
        self.copy_button.setEnabled(not empty)

    def _connect(self) -> None:
        self.level.chosen.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        self.view.selectionModel().currentChanged.connect(self._show_details)
        self._timer.timeout.connect(self.refresh)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self.copy)

    def _lay_out(self) -> None:
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.view)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([480, 120])
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * WIDE, WIDE, 2 * WIDE, WIDE)
        layout.setSpacing(GAP)
        layout.addLayout(row(title("Log"), 1, self.copy_button, self.folder_button))
        if self._log.note:
            layout.addWidget(words(self._log.note, kind="warn"))
        tools = row(self.search, self.level)
        tools.setStretch(0, 1)
        layout.addLayout(tools)
        layout.addWidget(self._nothing)
        layout.addWidget(splitter, 1)


def _line_view(model: LogModel) -> QListView:
    view = QListView()
    view.setAccessibleName("Lines of the log")
    view.setModel(model)
    view.setItemDelegate(LineDelegate(view))
    view.setUniformItemSizes(True)
    view.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
    view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view
