"""Small pieces that every page is made of: labels, lines, buttons, an icon, an empty state."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from annotator.look.colours import colours_of
from annotator.look.icons import draw_icon, icon
from annotator.look.measures import (
    BODY,
    GAP,
    GRID,
    ICON,
    PAGE_WIDTH,
    SMALL,
    TARGET,
    TITLE,
    scaled,
)
from annotator.look.style import set_kind
from annotator.look.text_size import wear


def heading(text: str) -> QLabel:
    """A small letter-spaced heading in capitals."""
    label = QLabel(text.upper())
    label.setAccessibleName(text)
    wear(label, SMALL, spaced=True)
    set_kind(label, "heading")
    return label


def title(text: str, pixels: int = TITLE) -> QLabel:
    """A strong line of text."""
    label = QLabel(text)
    wear(label, pixels, strong=True)
    return label


def words(text: str, *, kind: str = "dim", pixels: int = BODY, wrap: bool = True) -> QLabel:
    """Running text; plain, so that a file name with angle brackets is shown as it is."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    wear(label, pixels)
    label.setWordWrap(wrap)
    set_kind(label, kind)
    return label


class ElidedLabel(QLabel):
    """One line that gives way: what does not fit is left out in the middle and shown as a tip."""

    def __init__(
        self,
        text: str = "",
        *,
        kind: str = "dim",
        pixels: int = BODY,
        strong: bool = False,
        spaced: bool = False,
    ) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        wear(self, pixels, strong=strong, spaced=spaced)
        set_kind(self, kind)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        room = self.contentsRect()
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, room.width()
        )
        tip = self.text() if shown != self.text() else ""
        if self.toolTip() != tip:
            self.setToolTip(tip)
        painter = QPainter(self)
        self.style().drawItemText(
            painter, room, int(self.alignment()), self.palette(), self.isEnabled(), shown,
            self.foregroundRole(),
        )  # fmt: skip
        painter.end()


def keycap(text: str) -> QLabel:
    """The picture of a key."""
    label = QLabel(text)
    wear(label, SMALL)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setMinimumSize(QSize(5 * GRID, 5 * GRID))
    label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    set_kind(label, "keycap")
    return label


def rule() -> QFrame:
    """A horizontal line of one pixel."""
    line = QFrame()
    line.setFixedHeight(1)
    set_kind(line, "line")
    return line


def push_button(
    text: str, pressed: Callable[[], object], *, kind: str = "", icon_name: str = ""
) -> QPushButton:
    """A button with a word on it."""
    button = QPushButton(text)
    if icon_name:
        button.setIcon(icon(icon_name))
    if kind:
        set_kind(button, kind)
    button.clicked.connect(lambda _checked=False: pressed())
    return button


def icon_button(icon_name: str, name: str, pressed: Callable[[], object]) -> QToolButton:
    """A small button with only an icon; ``name`` is its tooltip and what a screen reader says."""
    button = QToolButton()
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(ICON, ICON))
    button.setFixedSize(QSize(TARGET, TARGET))
    button.setToolTip(name)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.clicked.connect(lambda _checked=False: pressed())
    return button


class Icon(QWidget):
    """An icon that is looked at and not pressed; ``colour`` names an entry of the table."""

    def __init__(self, name: str, *, side: int = ICON, colour: str = "dim_text") -> None:
        super().__init__()
        self._name, self._colour = name, colour
        self.setFixedSize(side, side)

    def show_as(self, name: str, colour: str) -> None:
        """Another icon, another colour."""
        self._name, self._colour = name, colour
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        ink = str(getattr(colours_of(self.palette()), self._colour))
        draw_icon(painter, QRect(0, 0, self.width(), self.height()), self._name, ink)
        painter.end()


class EmptyState(QWidget):
    """What stands where nothing is yet: an icon, what this place is for, and the next step."""

    def __init__(self, icon_name: str, headline: str, text: str) -> None:
        super().__init__()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(4 * GRID, 4 * GRID, 4 * GRID, 4 * GRID)
        self._rows.setSpacing(GAP)
        self._rows.addStretch(2)
        self._rows.addWidget(Icon(icon_name, side=32), 0, Qt.AlignmentFlag.AlignHCenter)
        self.headline, self.text = title(headline, BODY), words(text)
        for label in (self.headline, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
            self._rows.addWidget(label)
        self._rows.addStretch(3)

    def add_button(self, button: QPushButton) -> None:
        """The next step."""
        self._rows.insertWidget(self._rows.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter)

    def say(self, headline: str, text: str) -> None:
        """Other words."""
        self.headline.setText(headline)
        self.text.setText(text)


def row(*widgets: QWidget | int, spacing: int = GAP) -> QHBoxLayout:
    """Widgets side by side; a number is stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        if isinstance(widget, int):
            layout.addStretch(widget)
        else:
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
    return layout


class PageColumn(QWidget):
    """The one column of a calm page: as wide as text is comfortable to read, in any size of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaximumWidth(scaled(PAGE_WIDTH))

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102 - Qt's name
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.ApplicationFontChange):
            self.setMaximumWidth(scaled(PAGE_WIDTH))


def centred(page: QWidget) -> QHBoxLayout:
    """A page in the middle, as wide as it may be."""
    across = QHBoxLayout()
    across.setContentsMargins(0, 0, 0, 0)
    across.addStretch(1)
    across.addWidget(page, 1000)
    across.addStretch(1)
    return across


def scrolled(page: QWidget) -> QScrollArea:
    """A page in the middle that scrolls up and down where it is too high."""
    holder = QWidget()
    holder.setLayout(centred(page))
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(holder)
    return area
