"""The look: colours that can be read, icons that are ours, a style that switches while worn."""

import itertools
import re

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from annotator.look.colours import (
    DARK,
    GROUNDS,
    LIGHT,
    TEXTS,
    Colours,
    colours_of,
    contrast,
    names,
    palette_of,
)
from annotator.look.icons import UnknownIcon, icon, icon_names, icon_pixmap
from annotator.look.measures import BODY, SMALL, font, font_scale
from annotator.look.resources import resource
from annotator.look.sheet import style_sheet
from annotator.look.style import Scheme, Style, colours_for


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(("text", "ground"), list(itertools.product(TEXTS, GROUNDS)))
def test_every_text_can_be_read_on_every_ground(scheme: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(scheme, text), getattr(scheme, ground)) >= 4.5


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["dark", "light"])
def test_text_on_the_accent_can_be_read_and_focus_can_be_seen(scheme: Colours) -> None:
    assert contrast(scheme.on_accent, scheme.accent) >= 4.5
    assert all(contrast(scheme.accent_text, getattr(scheme, ground)) >= 3 for ground in GROUNDS)


def test_contrast_is_the_one_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", [DARK, LIGHT], ids=["dark", "light"])
def test_a_palette_tells_which_table_it_was_made_from(scheme: Colours, qapp: QApplication) -> None:
    palette = palette_of(scheme)
    palette.setColor(QPalette.ColorRole.Window, QColor(0, 0, 0, 0))
    assert colours_of(palette) is scheme


def test_the_sheet_uses_no_colour_that_is_not_in_the_table() -> None:
    used = set(re.findall(r"#[0-9a-fA-F]{6}", style_sheet(DARK)))
    assert used <= {getattr(DARK, name) for name in names()}


@pytest.mark.parametrize("name", sorted(icon_names()))
def test_an_icon_is_drawn_in_one_ink_on_the_grid_of_24(name: str, qapp: QApplication) -> None:
    source = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    assert QSvgRenderer(source.encode()).viewBox().size() == QSize(24, 24)
    assert 'stroke-width="1.5"' in source
    assert not re.search(r"#[0-9a-fA-F]{3,6}|rgb", source)
    picture = icon_pixmap(name, "#ff0000", 24).toImage()
    inked = [(x, y) for x in range(24) for y in range(24) if picture.pixelColor(x, y).alpha() > 99]
    assert len(inked) > 12
    assert all(picture.pixelColor(x, y).red() > 200 for x, y in inked)


@pytest.mark.parametrize("scale", [1.0, 1.25, 2.0, 3.0])
def test_an_icon_has_as_many_pixels_as_the_screen(scale: float, qapp: QApplication) -> None:
    pixmap = icon("brush").pixmap(QSize(18, 18), scale)
    assert pixmap.width() == round(18 * scale)


def test_an_icon_follows_the_palette_and_a_wrong_name_is_told(qapp: QApplication) -> None:
    before = qapp.palette()
    shown = {}
    for scheme in (DARK, LIGHT):
        qapp.setPalette(palette_of(scheme))
        image = icon("add").pixmap(QSize(24, 24), 1.0, QIcon.Mode.Active).toImage()
        shown[scheme] = image.pixelColor(12, 12).lightness()
    qapp.setPalette(before)
    assert shown[DARK] > 200 > 100 > shown[LIGHT]
    with pytest.raises(UnknownIcon, match="no icon 'unicorn'"):
        icon("unicorn")


def test_what_is_on_screen_changes_its_clothes_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    button = QPushButton("Accept")
    qtbot.addWidget(button)
    style = Style(qapp, Scheme.LIGHT)
    button.show()
    assert button.grab().toImage().pixelColor(8, 8).lightness() > 200
    with qtbot.waitSignal(style.changed):
        style.choose(Scheme.DARK)
    assert style.colours is DARK
    assert button.grab().toImage().pixelColor(8, 8).lightness() < 80
    qapp.setStyleSheet("")


def test_the_system_is_followed_only_when_it_was_chosen() -> None:
    assert colours_for(Scheme.SYSTEM, Qt.ColorScheme.Dark) is DARK
    assert colours_for(Scheme.SYSTEM, Qt.ColorScheme.Unknown) is LIGHT
    assert colours_for(Scheme.LIGHT, Qt.ColorScheme.Dark) is LIGHT


def test_fonts_scale_together(qapp: QApplication) -> None:
    assert 1.0 <= font_scale() <= 3.0
    assert font(BODY).pixelSize() == round(BODY * font_scale())
    assert font(SMALL, spaced=True).letterSpacing() > 0
