"""Measures of the window: the grid of 4 px, radii, and the fonts, all in logical pixels."""

import sys

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo

GRID = 4
GAP = 2 * GRID
PAD = 3 * GRID
WIDE = 4 * GRID
RADIUS = 6
CARD_RADIUS = 8
SHEET_RADIUS = 10
ICON = 18
TARGET = 28  # the least height of anything that is clicked
BODY = 13
SMALL = 11
TITLE = 20
_USUAL = 12.0 if sys.platform == "win32" else 13.0  # what systems show where nothing was changed


def font_scale() -> float:
    """How much larger than usual a person has set the system's font, 1 to 3; never smaller."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    return min(3.0, max(1.0, QFontInfo(system).pixelSize() / _USUAL))


def font(pixels: int = BODY, *, strong: bool = False, spaced: bool = False) -> QFont:
    """The system's face in a size of ours, scaled as the person has scaled the system."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made.setPixelSize(round(pixels * font_scale()))
    made.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    if spaced:
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
        made.setWeight(QFont.Weight.DemiBold)
    return made


def figures_font(pixels: int = SMALL) -> QFont:
    """A font whose digits all have one width, for numbers that change while one looks at them."""
    made = font(pixels)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made
