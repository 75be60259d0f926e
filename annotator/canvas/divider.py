"""The divider: the upright line between what is accepted and what is proposed, with their names."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from annotator.canvas.pan_zoom import Viewport
from annotator.look.measures import GAP, GRID, PAD, RADIUS, SMALL, font

GRAB = 6.0  # logical pixels from the line within which it is meant
GRIP = 11.0  # radius of the disc one drags by
LOWEST = 110.0  # logical pixels: the names stand above a picture that is no higher
WIDEST = 360  # logical pixels that a name takes at most
SHADOW = QColor(0, 0, 0, 120)
LIGHT = QColor(255, 255, 255, 235)
PLATE = QColor(18, 20, 24, 205)  # behind the names, on every photograph and in both schemes
ARROW = QColor(40, 44, 50)


@dataclass(slots=True)
class Divider:
    """``share``: how far to the right in the view, 0 to 1; it never leaves the picture."""

    share: float = 0.5

    def place(self, viewport: Viewport) -> int:
        """x in device pixels of the view."""
        left, right = _span(viewport)
        return round(min(max(self.share * viewport.view[0], left), right))

    def slide(self, viewport: Viewport, x: float) -> None:
        """To another place, in device pixels."""
        left, right = _span(viewport)
        self.share = min(max(x, left), right) / viewport.view[0]

    def strip(self, viewport: Viewport, ratio: float) -> QRect:
        """What the line and the names may touch, in device pixels."""
        reach = round(WIDEST * ratio)
        return QRect(self.place(viewport) - reach, 0, 2 * reach, viewport.view[1])

    def is_near(self, viewport: Viewport, place: QPointF, ratio: float) -> bool:
        """Whether a place in device pixels means the divider."""
        image = QRect(*viewport.origin, *viewport.extent)
        off = abs(place.x() - self.place(viewport))
        return off <= GRAB * ratio and image.top() <= place.y() <= image.bottom()


def paint_divider(
    painter: QPainter, divider: Divider, viewport: Viewport, ratio: float, names: tuple[str, str]
) -> None:
    """The line, its grip and the names of both sides; ``painter`` is in device pixels."""
    painter.save()
    painter.scale(ratio, ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x = divider.place(viewport) / ratio
    image = QRectF(*viewport.origin, *viewport.extent) & QRectF(0, 0, *viewport.view)
    top, bottom = image.top() / ratio, image.bottom() / ratio
    for width, colour in ((3.5, SHADOW), (1.5, LIGHT)):
        painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    _paint_grip(painter, QPointF(x, (top + bottom) / 2))
    above = QFontMetricsF(font(SMALL, strong=True)).height() + 3 * GRID
    y = top + PAD if bottom - top > LOWEST else max(0.0, top - above)
    width = viewport.view[0] / ratio
    _paint_name(painter, names[0], QPointF(x - GAP, y), room=x, to_left=True)
    _paint_name(painter, names[1], QPointF(x + GAP, y), room=width - x, to_left=False)
    painter.restore()


def _span(viewport: Viewport) -> tuple[int, int]:
    """From where to where the picture is in view, across."""
    left, width = viewport.origin[0], viewport.extent[0]
    return max(0, left), min(viewport.view[0], left + width)


def _paint_grip(painter: QPainter, middle: QPointF) -> None:
    painter.setPen(QPen(SHADOW, 1.0))
    painter.setBrush(LIGHT)
    painter.drawEllipse(middle, GRIP, GRIP)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ARROW)
    for side in (-1, 1):
        tips = ((6.5, 0.0), (2.5, -4.0), (2.5, 4.0))
        painter.drawPolygon(QPolygonF([middle + QPointF(side * dx, dy) for dx, dy in tips]))


def _paint_name(
    painter: QPainter, name: str, corner: QPointF, *, room: float, to_left: bool
) -> None:
    """A plate beside the line; left out where the view is too narrow for it."""
    face = font(SMALL, strong=True)
    metrics = QFontMetricsF(face)
    width, height = metrics.horizontalAdvance(name) + 2 * GAP, metrics.height() + 2 * GRID
    if width + GAP > min(room, WIDEST):
        return
    plate = QRectF(corner.x() - width if to_left else corner.x(), corner.y(), width, height)
    path = QPainterPath()
    path.addRoundedRect(plate, RADIUS, RADIUS)
    painter.fillPath(path, PLATE)
    painter.setFont(face)
    painter.setPen(LIGHT)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, name)
