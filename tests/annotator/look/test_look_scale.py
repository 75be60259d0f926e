"""Text that scales while it is on screen, focus that is seen, colours for every kind of eye."""

import itertools
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from skimage.color import rgb2lab

from annotator.document.classes import PALETTE
from annotator.look.choosing import Segments, Switch
from annotator.look.colours import DARK, LIGHT, Colours, contrast
from annotator.look.measures import BODY, SMALL, font, scaled, set_text_scale
from annotator.look.pieces import (
    PAGE_WIDTH,
    ElidedLabel,
    PageColumn,
    heading,
    scrolled,
    title,
    words,
)
from annotator.look.sheet import style_sheet
from annotator.look.style import Scheme, Style, set_kind
from annotator.look.text_size import wear

SCHEMES = pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["dark", "light"])


@pytest.fixture
def style(qapp: QApplication) -> Iterator[Style]:
    made = Style(qapp, Scheme.LIGHT)
    yield made
    made.choose_text_scale(100)
    made.deleteLater()
    qapp.setStyleSheet("")
    qapp.setFont(font(BODY))


@pytest.fixture
def page(qtbot: QtBot, style: Style) -> QWidget:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    bold = ElidedLabel("bold")
    wear(bold, BODY, strong=True)
    set_kind(bold, "warn")
    foreign = QLabel("set elsewhere")
    foreign.setFont(font(15))
    parts = (title("t"), heading("h"), words("w", pixels=SMALL), QLabel("plain"), bold, foreign,
             QPushButton("b"), QLineEdit("e"))  # fmt: skip
    for part in parts:
        column.addWidget(part)
    holder.show()
    return holder


def sizes(page: QWidget) -> list[int]:
    layout = page.layout()
    assert layout is not None
    return [layout.itemAt(k).widget().font().pixelSize() for k in range(layout.count())]


def test_all_text_on_screen_follows_the_scale_and_comes_back(page: QWidget, style: Style) -> None:
    assert sizes(page) == [20, 11, 11, 13, 13, 15, 13, 13]
    style.choose_text_scale(200)
    assert sizes(page) == [40, 22, 22, 26, 26, 30, 26, 26]
    for percent in (80, 125, 85, 110):
        style.choose_text_scale(percent)
    style.choose_text_scale(100)
    assert sizes(page) == [20, 11, 11, 13, 13, 15, 13, 13]


def test_scale_and_weight_survive_another_scheme(page: QWidget, style: Style) -> None:
    style.choose_text_scale(150)
    before = sizes(page)
    style.choose(Scheme.DARK)
    assert sizes(page) == before
    bold = page.layout().itemAt(4).widget()  # type: ignore[union-attr]
    assert bold.font().bold() or bold.font().weight() >= 600
    late = QLabel("made later")
    late.setFont(font(BODY))
    assert late.font().pixelSize() == round(BODY * 1.5)


def test_a_scale_out_of_range_is_refused(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="80 to 200"):
        set_text_scale(500)


def test_a_column_grows_with_its_text_and_lengths_never_shrink(qtbot: QtBot, style: Style) -> None:
    column = PageColumn()
    area = scrolled(column)
    qtbot.addWidget(area)
    area.resize(3000, 400)
    area.show()
    assert column.width() == PAGE_WIDTH
    style.choose_text_scale(150)
    qtbot.waitUntil(lambda: column.width() == round(PAGE_WIDTH * 1.5))
    style.choose_text_scale(80)
    assert scaled(36) == 36


def test_what_does_not_fit_is_a_tip(qtbot: QtBot) -> None:
    label = ElidedLabel("Donaudampfschifffahrtsgesellschaftskapitaen")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(800, 20)
    label.grab()
    assert label.toolTip() == ""


def test_segments_are_one_stop_of_tab_and_walk_with_arrows(qtbot: QtBot) -> None:
    choice = Segments("Colours", (("a", "Anna"), ("b", "Berta"), ("c", "Clara")))
    qtbot.addWidget(choice)
    choice.show()
    heard: list[str] = []
    choice.chosen.connect(heard.append)
    choice.choose("b")
    assert (choice.value, heard) == ("b", [])
    stops = [v for v in "abc" if choice.button(v).focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert stops == ["b"]
    choice.button("b").setFocus()
    qtbot.keyClick(choice.button("b"), Qt.Key.Key_Right)
    qtbot.keyClick(choice.button("c"), Qt.Key.Key_Right)
    assert (choice.value, heard) == ("a", ["c", "a"])
    qtbot.mouseClick(choice.button("c"), Qt.MouseButton.LeftButton)
    assert heard == ["c", "a", "c"]


def test_a_click_moves_the_tab_stop_along(qtbot: QtBot) -> None:
    choice = Segments("Colours", (("a", "Anna"), ("b", "Berta")))
    qtbot.addWidget(choice)
    choice.show()
    qtbot.mouseClick(choice.button("b"), Qt.MouseButton.LeftButton)
    assert choice.button("b").focusPolicy() & Qt.FocusPolicy.TabFocus
    assert not choice.button("a").focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_switch_turns_by_mouse_and_by_key_and_shows_it(qtbot: QtBot, style: Style) -> None:
    switch = Switch("Outlines")
    qtbot.addWidget(switch)
    switch.show()
    off = switch.grab().toImage()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    assert switch.grab().toImage() != off
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not switch.isChecked()


def focusable() -> list[QWidget]:
    made: list[QWidget] = []
    for kind in ("", "primary", "quiet", "link", "keys", "row"):
        button = QPushButton("Accept")
        set_kind(button, kind)
        made.append(button)
    checked = QToolButton()
    checked.setCheckable(True)
    checked.setChecked(True)
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setValue(40)
    return [*made, QToolButton(), checked, QLineEdit("name"), QSpinBox(), slider, Switch("on")]


@pytest.mark.parametrize("wished", [Scheme.DARK, Scheme.LIGHT])
@pytest.mark.parametrize("place", range(len("123456789012")))
def test_the_focus_is_seen(qtbot: QtBot, style: Style, wished: Scheme, place: int) -> None:
    style.choose(wished)
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    widget, other = focusable()[place], QPushButton("other")
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.setMinimumSize(40, 30)
    for part in (other, widget):
        column.addWidget(part)
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow)
    other.setFocus()
    before = _pixels(widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert widget.hasFocus()
    after = _pixels(widget)
    changed = [
        (tuple(b), tuple(a))
        for b, a in zip(before.reshape(-1, 3), after.reshape(-1, 3), strict=True)
        if (a != b).any()
    ]
    strong = [pair for pair in changed if contrast(_hex(pair[0]), _hex(pair[1])) >= 2.2]
    assert len(strong) >= 30, f"{type(widget).__name__} {widget.property('kind')}: {len(strong)}"


@SCHEMES
def test_every_rule_of_the_sheet_keeps_its_text_readable(scheme: Colours) -> None:
    rules = re.findall(r"([^{}]+)\{([^}]*)\}", style_sheet(scheme))
    pairs = []
    for name, body in rules:
        parts = dict(re.findall(r"(?:^|[;\s])(background|color):\s*(#[0-9a-f]{6})", body))
        if len(parts) == 2 and "disabled" not in name:
            pairs.append((name.strip(), contrast(parts["color"], parts["background"])))
    assert len(pairs) >= 8
    assert [pair for pair in pairs if pair[1] < 4.5] == []


# Viénot, Brettel, Mollon 1999 for red and green; Brettel 1997 in its one-plane form for blue.
EYES = {
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "tritanopia": [[1.0, 0.14461, -0.14461], [0.0, 0.85924, 0.14076], [0.0, 0.85924, 0.14076]],
}


@pytest.mark.parametrize("eye", list(EYES))
def test_the_first_class_colours_are_told_apart_by_every_eye(eye: str) -> None:
    colours = np.array(PALETTE[:7]) / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(EYES[eye]).T, 0, 1)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    lab = rgb2lab(encoded[None])[0]
    gaps = [np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)]
    assert min(gaps) > 8, f"closest pair {min(gaps):.1f}"


def _pixels(widget: QWidget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def _hex(pixel: tuple[int, ...]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in pixel)
