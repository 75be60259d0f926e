"""Text that fits again when its scale changes: each widget remembers its face and its size."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

from annotator.look.measures import BODY, font, font_scale

_BASE, _FACE = "pixelsAtFull", "faceAtFull"  # properties of a widget
# Where Qt's own style of sheets keeps the font that a widget had when it first dressed it, which
# it puts back whenever it dresses it again (Qt 6.8 to 6.11).
_FIRST = "_q_styleSheetWidgetFont"


def wear(
    widget: QWidget, pixels: int = BODY, *, strong: bool = False, spaced: bool = False
) -> None:
    """Set the widget's font, and remember its size so that it can follow the scale exactly."""
    wear_font(widget, font(pixels, strong=strong, spaced=spaced), pixels)


def wear_font(widget: QWidget, face: QFont, pixels: int) -> None:
    """The same with a face made elsewhere, which is ``pixels`` high at 100 %."""
    _put_on(widget, face)
    widget.setProperty(_BASE, pixels)


def remember(widgets: Iterable[QWidget]) -> None:
    """Note every font that somebody set, before a new sheet or another scale takes it away.

    Where a size at 100 % was never told it is worked out once, which is exact to a pixel, and
    kept: going to and fro moves nothing.
    """
    scale = font_scale()
    for widget in widgets:
        face = widget.font()
        if not widget.testAttribute(Qt.WidgetAttribute.WA_SetFont) or face.pixelSize() <= 0:
            continue  # it inherits, or is in points: whoever set it did not use our measures
        base = widget.property(_BASE)
        if base is None or _at(base, scale) != face.pixelSize():
            widget.setProperty(_BASE, round(face.pixelSize() / scale))
        widget.setProperty(_FACE, face)


def refit(widgets: Iterable[QWidget]) -> None:
    """Set every font that was remembered in the scale of now; others follow by themselves."""
    scale = font_scale()
    for widget in widgets:
        face = widget.property(_FACE)
        if not isinstance(face, QFont):
            continue
        face.setPixelSize(_at(widget.property(_BASE), scale))
        if widget.font() != face or not widget.testAttribute(Qt.WidgetAttribute.WA_SetFont):
            _put_on(widget, face)
            widget.updateGeometry()


def _put_on(widget: QWidget, face: QFont) -> None:
    widget.setFont(face)
    if widget.property(_FIRST) is not None:
        widget.setProperty(_FIRST, face)


def _at(base: int, scale: float) -> int:
    return max(1, round(base * scale))
