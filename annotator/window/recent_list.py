"""The list of recent projects: cover, name, place and counts; missing ones dimmed and removable."""

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from annotator.look.colours import colours_of
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, GRID, ICON, SMALL, scaled
from annotator.look.pieces import ElidedLabel, icon_button
from annotator.look.style import set_kind
from annotator.look.text_size import wear
from annotator.window.covers import Cover, read_cover

PICTURE = QSize(60, 44)


class RecentList(QWidget):
    """Rows from above, newest first. ``opened`` and ``forgotten`` carry a path; nothing is done.

    Covers are read on a thread of their own, for a project may lie on a slow disk.
    """

    opened = Signal(str)
    forgotten = Signal(str)
    _read = Signal(int, object)  # era, Cover

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RecentRow] = []
        self._era = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._read.connect(self._on_read, Qt.ConnectionType.QueuedConnection)

    def show_projects(self, paths: Sequence[Path]) -> None:
        """Show these in place of those before."""
        self._era += 1
        for old in self.rows:
            self._column.removeWidget(old)
            old.setParent(None)
            old.deleteLater()
        self.rows = [RecentRow(path) for path in paths]
        for line in self.rows:
            line.opened.connect(self.opened)
            line.forgotten.connect(self.forgotten)
            line.stepped.connect(self._step)
            self._column.addWidget(line)
        reader = threading.Thread(
            target=self._read_covers, args=(self._era, tuple(paths)), name="annotator-covers",
            daemon=True,
        )  # fmt: skip
        reader.start()

    def _read_covers(self, era: int, paths: tuple[Path, ...]) -> None:
        with contextlib.suppress(RuntimeError):  # the list is gone, and nobody asks any more
            for path in paths:
                if era != self._era:
                    return
                self._read.emit(era, read_cover(path))

    def _on_read(self, era: int, cover: Cover) -> None:
        if era != self._era:
            return
        for line in self.rows:
            if line.path == cover.path:
                line.show_cover(cover)

    def _step(self, sender: QObject, by: int) -> None:
        place = next((k for k, line in enumerate(self.rows) if line is sender), -1) + by
        if 0 <= place < len(self.rows):
            self.rows[place].button.setFocus(Qt.FocusReason.TabFocusReason)


class RecentRow(QWidget):
    """One project. Enter opens it, Delete forgets it, up and down walk."""

    opened = Signal(str)
    forgotten = Signal(str)
    stepped = Signal(object, int)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.button = _RowButton()
        set_kind(self.button, "row")
        self.button.clicked.connect(lambda _checked=False: self.opened.emit(str(path)))
        self.button.key_pressed.connect(self._on_key)
        self.forget = icon_button("reject", f"Take {path.name} off this list", self._forget)
        self._picture = _Picture()
        self._name = ElidedLabel(path.name, kind="")
        wear(self._name, BODY, strong=True)
        self._where = ElidedLabel(str(path.parent), pixels=SMALL)
        self._counts = ElidedLabel(pixels=SMALL)
        self._counts.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        self.show_cover(Cover(path))

    def show_cover(self, cover: Cover) -> None:
        """What is known of the project now."""
        self._picture.show_cover(cover)
        self._counts.setText(cover.summary)
        for label in (self._name, self._where, self._counts):
            label.setEnabled(not cover.missing)
        set_kind(self._name, "dim" if cover.missing else "")
        parts = (f"Open project {self.path.name} in {self.path.parent}", cover.summary)
        self.button.setAccessibleName(", ".join(part for part in parts if part))
        self.button.setToolTip(f"{self.path}\n{cover.summary}".strip())

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102 - Qt's name
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self._fit()

    def _fit(self) -> None:
        """High enough for the picture and for two lines of text in the size of now."""
        self.setFixedHeight(max(PICTURE.height(), scaled(BODY + SMALL + 3 * GRID)) + GAP + 2)

    def _forget(self) -> None:
        self.forgotten.emit(str(self.path))

    def _on_key(self, key: int) -> None:
        if key == Qt.Key.Key_Delete:
            self._forget()
        else:
            self.stepped.emit(self, 1 if key == Qt.Key.Key_Down else -1)

    def _lay_out(self) -> None:
        inner = QHBoxLayout(self.button)
        inner.setContentsMargins(GAP, GRID, GAP, GRID)
        inner.setSpacing(GAP + GRID)
        told = QVBoxLayout()
        told.setSpacing(1)
        told.addStretch(1)
        told.addWidget(self._name)
        told.addWidget(self._where)
        told.addStretch(1)
        inner.addWidget(self._picture)
        inner.addLayout(told, 3)
        inner.addWidget(self._counts, 2)
        for widget in (self._picture, self._name, self._where, self._counts):
            widget.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._fit()
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(GRID)
        across.addWidget(self.button, 1)
        across.addWidget(self.forget)


class _RowButton(QPushButton):
    """Gives away the keys that its list understands."""

    key_pressed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.key_pressed.emit(event.key())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class _Picture(QWidget):
    """The cover filling its place, or an icon where there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(PICTURE)
        self._pixmap: QPixmap | None = None
        self._missing = False

    def show_cover(self, cover: Cover) -> None:
        self._pixmap = None if cover.picture is None else QPixmap.fromImage(cover.picture)
        self._missing = cover.missing
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = colours_of(self.palette())
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), GRID, GRID)
        painter.fillPath(frame, QColor(colours.hover))
        if self._pixmap is None:
            spot = self.rect().adjusted(0, (self.height() - ICON) // 2, 0, 0)
            spot.setHeight(ICON)
            name = "problem" if self._missing else "project"
            draw_icon(painter, spot, name, colours.dim_text)
        else:
            painter.setClipPath(frame)
            painter.drawPixmap(QRectF(self.rect()), self._pixmap, _middle(self._pixmap.size()))
        painter.end()


def _middle(size: QSize) -> QRectF:
    """The largest part from the middle of a picture that has the shape of a cover."""
    scale = min(size.width() / PICTURE.width(), size.height() / PICTURE.height())
    width, height = PICTURE.width() * scale, PICTURE.height() * scale
    return QRectF((size.width() - width) / 2, (size.height() - height) / 2, width, height)
