"""The style sheet: only what Fusion cannot do with a palette, written from the table of colours."""

from string import Template

from annotator.look.colours import Colours, names
from annotator.look.measures import CARD_RADIUS, RADIUS, SHEET_RADIUS

_SHEET = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $strong_line; padding: 4px 8px; }

QPushButton { background: $raised; color: $text; border: 1px solid $strong_line;
  border-radius: ${radius}px; padding: 5px 12px; min-height: 18px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $chosen; }
QPushButton:focus { border-color: $accent_text; }
QPushButton:disabled { color: $strong_line; border-color: $line; background: $panel; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="primary"]:disabled { background: $hover; color: $dim_text; border-color: $line; }
QPushButton[kind="quiet"] { background: transparent; border-color: transparent; color: $dim_text;
  padding: 3px 6px; }
QPushButton[kind="quiet"]:hover { background: $hover; color: $text; }
QPushButton[kind="quiet"]:focus { border-color: $accent_text; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; padding: 2px 4px;
  color: $accent_text; text-align: left; }
QPushButton[kind="link"]:hover { background: $hover; }
QPushButton[kind="link"]:focus { border-color: $accent_text; }
QPushButton[kind="keys"] { background: $panel; border: 1px solid $line; padding: 2px 8px;
  min-width: 56px; }
QPushButton[kind="keys"]:hover { border-color: $strong_line; }
QPushButton[kind="keys"]:focus { border-color: $accent_text; }
QPushButton[kind="keys"][listening="true"] { border: 1px solid $accent_text; color: $accent_text; }
QPushButton[kind="row"] { background: transparent; border: 1px solid transparent; text-align: left;
  padding: 0; border-radius: ${card}px; min-height: 32px; }
QPushButton[kind="row"]:hover { background: $hover; }
QPushButton[kind="row"]:focus { border-color: $accent_text; }
QPushButton[kind="chip"] { background: transparent; color: $dim_text; border: 1px solid $line;
  border-radius: 12px; padding: 1px 10px; min-height: 20px; }
QPushButton[kind="chip"]:hover { border-color: $strong_line; color: $text; }
QPushButton[kind="chip"]:checked { background: $chosen; color: $text; border-color: $accent_text; }
QPushButton[kind="chip"]:focus { border-color: $accent_text; }
QPushButton[kind="segment"] { background: transparent; border: 1px solid transparent;
  border-radius: 5px; color: $dim_text; padding: 3px 10px; }
QPushButton[kind="segment"]:hover { color: $text; }
QPushButton[kind="segment"]:checked { background: $raised; border-color: $strong_line;
  color: $text; }
QPushButton[kind="segment"]:focus { border-color: $accent_text; }
QPushButton[kind="segment"]:disabled { color: $strong_line; }
QPushButton::menu-indicator { width: 0; image: none; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: ${radius}px;
  padding: 4px; color: $dim_text; }
QToolButton:hover { background: $hover; color: $text; }
QToolButton:focus { border-color: $accent_text; }
QToolButton:checked { background: $accent; color: $on_accent; }
QToolButton:checked:focus { border-color: $text; }
QToolButton[kind="toggle"] { padding: 3px 8px; border: 1px solid $line; }
QToolButton[kind="toggle"]:hover { border-color: $strong_line; }
QToolButton[kind="toggle"]:focus { border-color: $accent_text; }
QToolButton[kind="toggle"]:checked { background: $chosen; color: $text;
  border-color: $accent_text; }
QToolButton::menu-indicator { width: 0; image: none; }

QLineEdit { background: $raised; color: $text; border: 1px solid $line; border-radius: ${radius}px;
  padding: 4px 8px; min-height: 18px; placeholder-text-color: $dim_text;
  selection-background-color: $accent;
  selection-color: $on_accent; }
QLineEdit:hover { border-color: $strong_line; }
QLineEdit:focus { border-color: $accent_text; }
QLineEdit[kind="bare"] { background: transparent; border: none; }

QSpinBox { background: $raised; color: $text; border: 1px solid $strong_line;
  border-radius: ${radius}px; padding: 4px 8px; min-height: 18px;
  selection-background-color: $accent; selection-color: $on_accent; }
QSpinBox:focus { border-color: $accent_text; }
QPlainTextEdit { background: $raised; color: $text; border: 1px solid $line;
  border-radius: ${card}px; padding: 4px; selection-background-color: $accent;
  selection-color: $on_accent; }
QPlainTextEdit:focus { border-color: $accent_text; }

QComboBox[kind="drop-list"] { background: $raised; color: $text; border: 1px solid $strong_line;
  border-radius: ${radius}px; padding: 4px 24px 4px 10px; min-height: 18px; }
QComboBox[kind="drop-list"]:hover { background: $hover; }
QComboBox[kind="drop-list"]:focus { border-color: $accent_text; }
QComboBox[kind="drop-list"]:editable { padding: 0 24px 0 2px; }
QComboBox[kind="drop-list"]:disabled { color: $strong_line; border-color: $line; }
QComboBox[kind="drop-list"]::drop-down { border: none; background: transparent; width: 22px; }
QComboBox[kind="drop-list"]::down-arrow { image: none; }
QComboBox[kind="drop-list"] QAbstractItemView { background: $raised; color: $text;
  border: 1px solid $strong_line; selection-background-color: $chosen; selection-color: $text; }

QListView[kind="sections"] { outline: none; }
QListView[kind="sections"]::item { border: 1px solid transparent; border-radius: ${radius}px;
  padding: 0 6px; color: $text; }
QListView[kind="sections"]::item:hover { background: $hover; }
QListView[kind="sections"]::item:selected { background: $chosen; color: $text; }
QListView[kind="sections"]::item:selected:focus { border-color: $accent_text; }

QTableView { background: $raised; color: $text; border: 1px solid $line;
  border-radius: ${card}px; selection-background-color: $chosen; selection-color: $text; }
QTableView:focus { border-color: $accent_text; }
QTableView::item { padding: 0 8px; border: none; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $dim_text; border: none;
  border-bottom: 1px solid $line; padding: 5px 8px; }

QMenu { background: $raised; color: $text; border: 1px solid $strong_line; padding: 4px; }
QMenu::item { padding: 5px 20px 5px 10px; border-radius: 4px; }
QMenu::item:selected { background: $chosen; }
QMenu::item:disabled { color: $dim_text; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }

QScrollArea, QListView { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $strong_line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $dim_text; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider { min-height: 20px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $line; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
  background: $raised; border: 1px solid $accent_text; }
QSlider::handle:horizontal:focus { background: $accent_text; }

QProgressBar { background: $line; border: none; border-radius: 2px; min-height: 4px;
  max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QFrame[kind="card"] { background: $raised; border: 1px solid $line; border-radius: ${card}px; }
QFrame[kind="sheet"] { background: $raised; border: 1px solid $strong_line;
  border-radius: ${sheet}px; }
QFrame[kind="segments"] { background: $hover; border: 1px solid $line;
  border-radius: ${card}px; }
QFrame[kind="drop"] { background: $raised; border: 1px dashed $accent_text;
  border-radius: ${sheet}px; }
QFrame[kind="line"] { background: $line; border: none; }
QFrame[kind="message"] { background: $raised; border: 1px solid $strong_line;
  border-radius: ${card}px; }
QFrame[kind="top"] { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame[kind="rail"], QFrame[kind="strip"] { background: $panel; border: none;
  border-right: 1px solid $line; }
QFrame[kind="floating"] { background: $panel; border: 1px solid $line;
  border-radius: ${sheet}px; }
QFrame[kind="bar"] { background: $panel; border: none; border-top: 1px solid $line; }
QLabel[kind="dim"], QLabel[kind="heading"] { color: $dim_text; }
QLabel[kind="keycap"][fixed="true"] { border-style: dashed; }
QLabel[kind="good"] { color: $good; }
QLabel[kind="warn"] { color: $warn; }
QLabel[kind="bad"] { color: $bad; }
QLabel[kind="keycap"] { color: $dim_text; border: 1px solid $line; border-radius: 4px;
  padding: 0 4px; }
""")


def style_sheet(colours: Colours) -> str:
    """The sheet for one scheme."""
    parts = {name: str(getattr(colours, name)) for name in names()}
    return _SHEET.substitute(
        parts, radius=str(RADIUS), card=str(CARD_RADIUS), sheet=str(SHEET_RADIUS)
    )
