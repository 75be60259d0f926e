"""Cues on the screen: strokes solid in their class colour, outlines hatched, boxes dashed.

Lines have a light and a dark companion, so they stand out from every tint and every photograph.
Marks of the background are dark with a light dashed line within: no class looks like that.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QTransform,
)

from annotator.canvas.overlay import luminance
from annotator.canvas.tool import Ring, bounds
from annotator.document.annotations import (
    ERASE,
    Box,
    Cue,
    MaskPatch,
    PixelBox,
    Point,
    Polygon,
    Stroke,
)
from annotator.document.classes import BACKGROUND, ClassId, Colour

ColourOf = Callable[[int], Colour]

BACKGROUND_INK: Colour = (52, 56, 64)
RIM = QColor(255, 255, 255, 225)  # around strokes and dark lines
DARK = QColor(0, 0, 0, 150)  # around the rim and around light lines
LIGHTEST = 0.35  # luminance: lighter lines have a dark companion, others a light one
LIGHT_RIM, DARK_RIM = 2.4, 4.8  # screen pixels that they make a stroke wider
THINNEST = 3.0  # screen pixels of a stroke's core, however far out one zooms
LINE = 1.6
COMPANION = 1.8  # screen pixels that a line's companion is wider
BOX_DASH = (4.0, 3.0)
DASH = 1.5  # screen pixels: the light line within background marks
DASH_PARTS = (3.0, 3.5)  # in widths of that line, on and off
AREA_TINT = QColor(255, 255, 255, 34)
CUE_MARGIN = 4  # screen pixels that rims and lines reach beyond their cue


class CuePainter:
    """Paints cues of an image through ``painter``, whose pixels are those of the screen.

    ``zoom``: its pixels per image pixel; ``offset``: where the image's corner falls; ``line``: how
    many of its pixels are one pixel of a screen at 100 %.
    """

    def __init__(self, painter: QPainter, zoom: float, offset: Point, line: float) -> None:
        self._painter, self._zoom, self._offset, self._line = painter, zoom, offset, line
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def paint(self, cues: Iterable[Cue], colour_of: ColourOf) -> None:
        """All of them, in order; erasing strokes, words and tags leave nothing to see."""
        for cue in cues:
            match cue:
                case Stroke(target=target) if target != ERASE:
                    self.stroke(cue.points, cue.radius, target, colour_of)
                case Polygon():
                    self._polygon((cue.ring, *cue.holes), ink(cue.target, colour_of))
                case Box():
                    self.box(cue.corners, ink(cue.target, colour_of))
                case MaskPatch():
                    self._patch(cue, ink(cue.target, colour_of))

    def stroke(self, points: Ring, radius: float, target: ClassId, colour_of: ColourOf) -> None:
        """Solid, within a thin light rim and a dark one."""
        width = max(2 * radius * self._zoom, THINNEST * self._line)
        polygon = self._polygon_of(points)
        layers = ((width + DARK_RIM * self._line, DARK), (width + LIGHT_RIM * self._line, RIM))
        for pen_width, colour in (*layers, (width, ink(target, colour_of))):
            self._painter.setPen(round_pen(colour, pen_width))
            draw_way(self._painter, polygon)
        if target == BACKGROUND:
            self._painter.setPen(dash_pen(self._line))
            draw_way(self._painter, polygon)

    def box(self, corners: tuple[float, float, float, float], colour: QColor) -> None:
        """Dashed: the object is somewhere within."""
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = QRectF(self._at(corners[:2]), self._at(corners[2:]))
        pen = QPen(colour, LINE * self._line)
        pen.setDashPattern(BOX_DASH)
        for one in (QPen(companion(colour), (LINE + COMPANION) * self._line), pen):
            one.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            self._painter.setPen(one)
            self._painter.drawRect(frame)

    def area(self, corners: tuple[float, float, float, float]) -> None:
        """A box of no class: light, with a breath of white within."""
        frame = QRectF(self._at(corners[:2]), self._at(corners[2:]))
        self._painter.fillRect(frame, AREA_TINT)
        self.box(corners, RIM)

    def outline(self, ring: Ring, colour: QColor, *, closed: bool) -> None:
        """A line of its own colour over its companion."""
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        polygon = self._polygon_of((*ring, ring[0]) if closed and ring else ring)
        for width, line_colour in ((LINE + COMPANION, companion(colour)), (LINE, colour)):
            self._painter.setPen(round_pen(line_colour, width * self._line))
            self._painter.drawPolyline(polygon)

    def handle(self, point: Point, colour: QColor, *, active: bool) -> None:
        """A small white disc; a larger one in colour under the pointer."""
        size = (5.0 if active else 3.5) * self._line
        self._painter.setPen(QPen(QColor(0, 0, 0, 160) if not active else RIM, 1.2 * self._line))
        self._painter.setBrush(colour if active else QColor(255, 255, 255))
        self._painter.drawEllipse(self._at(point), size, size)

    def _polygon(self, rings: Sequence[Ring], colour: QColor) -> None:
        path = QPainterPath()
        for ring in rings:
            path.addPolygon(self._polygon_of((*ring, ring[0])))
        tint = QColor(colour)
        tint.setAlphaF(0.22)
        self._painter.fillPath(path, tint)
        hatch = QBrush(colour, Qt.BrushStyle.BDiagPattern)
        hatch.setTransform(QTransform.fromScale(self._line, self._line))
        self._painter.fillPath(path, hatch)
        for ring in rings:
            self.outline(ring, colour, closed=True)

    def _patch(self, cue: MaskPatch, colour: QColor) -> None:
        mask = cue.mask.array().astype(np.uint8)
        height, width = mask.shape
        picture = QImage(mask.data, width, height, width, QImage.Format.Format_Indexed8)
        picture.setColorTable([0, (colour.rgb() & 0xFFFFFF) | 0xA0000000])
        x0, y0, x1, y1 = cue.mask.box
        self._painter.drawImage(QRectF(self._at((x0, y0)), self._at((x1, y1))), picture)

    def _at(self, point: Sequence[float]) -> QPointF:
        zoom, (left, top) = self._zoom, self._offset
        return QPointF(point[0] * zoom + left, point[1] * zoom + top)

    def _polygon_of(self, points: Ring) -> QPolygonF:
        return QPolygonF([self._at(point) for point in points])


def ink(target: ClassId, colour_of: ColourOf) -> QColor:
    """What a cue of that class is drawn in."""
    return QColor(*(BACKGROUND_INK if target == BACKGROUND else colour_of(target)))


def companion(colour: QColor) -> QColor:
    """What a line of that colour lies on, a little wider: dark under light ones and light else."""
    light = luminance((colour.red(), colour.green(), colour.blue())) > LIGHTEST
    return DARK if light else RIM


def dash_pen(line: float, drawn: float = 0.0) -> QPen:
    """The light dashes within background marks; ``drawn`` pixels of them are there already."""
    pen = QPen(RIM, DASH * line)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern(DASH_PARTS)
    pen.setDashOffset(drawn / (DASH * line))
    return pen


def draw_way(painter: QPainter, polygon: QPolygonF) -> None:
    """A line through all points, or the one point there is."""
    if polygon.count() == 1:
        painter.drawPoint(polygon.at(0))
    else:
        painter.drawPolyline(polygon)


def round_pen(colour: QColor, width: float) -> QPen:
    """A pen with round ends and corners."""
    round_cap, round_join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    return QPen(colour, width, Qt.PenStyle.SolidLine, round_cap, round_join)


def cue_box(cue: Cue) -> PixelBox | None:
    """The image pixels x0, y0, x1, y1 that a cue is seen on; None for words and tags."""
    match cue:
        case Stroke():
            return bounds(cue.points, cue.radius)
        case Polygon():
            return bounds(cue.ring)
        case Box():
            return bounds((cue.corners[:2], cue.corners[2:]))
        case MaskPatch():
            return cue.mask.box
        case _:
            return None
