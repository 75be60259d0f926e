"""Measures of the window: the grid of 4 px, radii, and the fonts, all in logical pixels.

Grid and radii stay as they are; text, and what must hold a line of it, grows with `font_scale`.
"""

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
PAGE_WIDTH = 760  # of a column of text and controls
SCALE_RANGE = (80, 200)  # per cent
_USUAL = 12.0 if sys.platform == "win32" else 13.0  # what systems show where nothing was changed


class _Chosen:
    """The person's own scale of text: one for all windows, as there is one system."""

    scale = 1.0


def set_text_scale(percent: int) -> None:
    """How large fonts made from now on are, 80 to 200 % of what the system asks for.

    Call `Style.choose_text_scale` instead, which also refits what is on screen already.
    """
    if not SCALE_RANGE[0] <= percent <= SCALE_RANGE[1]:
        raise ValueError(f"Text of {percent} % is none of {SCALE_RANGE[0]} to {SCALE_RANGE[1]} %.")
    _Chosen.scale = percent / 100


def font_scale() -> float:
    """How much larger than usual text is: as the system was set, 1 to 3, times what was chosen."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    return min(3.0, max(1.0, QFontInfo(system).pixelSize() / _USUAL)) * _Chosen.scale


def scaled(pixels: float) -> int:
    """A length that must hold text, in logical pixels of now; never below what 100 % needs."""
    return round(pixels * max(1.0, font_scale()))


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
