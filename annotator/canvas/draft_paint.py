"""The half-drawn thing on the screen: strokes grow segment by segment, outlines are drawn anew."""

import math
from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from annotator.canvas.cue_paint import (
    CUE_MARGIN,
    THINNEST,
    CuePainter,
    dash_pen,
    draw_way,
    ink,
    round_pen,
)
from annotator.canvas.pan_zoom import Viewport
from annotator.canvas.tool import AreaDraft, BoxDraft, Draft, HandlesDraft, RingDraft, StrokeDraft
from annotator.document.annotations import ERASE, Point
from annotator.document.classes import BACKGROUND, Colour

STROKE_OPACITY = 0.85
ERASER_COLOUR = QColor(255, 255, 255)
ERASER_OPACITY = 0.55
HANDLE_REACH = 10  # screen pixels around a point that its handle may cover
ColourOf = Callable[[int], Colour]


class GrowingStroke:
    """The stroke in the making as one picture of the view, so that a step paints one segment.

    It is painted opaque and laid over the scene with one opacity: where it crosses itself it does
    not become denser.
    """

    def __init__(self) -> None:
        self._picture = QImage()
        self._shown: StrokeDraft | None = None
        self._where: Viewport | None = None
        self._colour = ERASER_COLOUR
        self._dashes: QImage | None = None  # over the picture, for background strokes alone
        self._dashed = 0.0  # device pixels

    def show(
        self, draft: StrokeDraft | None, viewport: Viewport, line: float, colour_of: ColourOf
    ) -> QRect:
        """Bring the picture up to date; the device pixels that have changed."""
        if draft is not None:
            self._colour = ERASER_COLOUR if draft.target == ERASE else ink(draft.target, colour_of)
        if self._continues(draft, viewport) and draft is not None and self._shown is not None:
            points = draft.points[len(self._shown.points) - 1 :]
        else:
            before = self._clear(viewport)
            if draft is None:
                return before
            self._shown, self._where = None, viewport
            points = draft.points
            return before | self._paint(draft, points, viewport, line)
        return self._paint(draft, points, viewport, line) if len(points) > 1 else QRect()

    def lay(self, painter: QPainter, part: QRect) -> None:
        """Over ``part`` of the view, in device pixels."""
        if self._shown is None:
            return
        erases = self._shown.target == ERASE
        painter.setOpacity(ERASER_OPACITY if erases else STROKE_OPACITY)
        painter.drawImage(part, self._picture, part)
        painter.setOpacity(1.0)
        if self._dashes is not None:
            painter.drawImage(part, self._dashes, part)

    def _continues(self, draft: StrokeDraft | None, viewport: Viewport) -> bool:
        shown = self._shown
        if draft is None or shown is None or viewport != self._where:
            return False
        same = draft.radius == shown.radius and draft.target == shown.target
        return same and draft.points[: len(shown.points)] == shown.points

    def _clear(self, viewport: Viewport) -> QRect:
        shown = self._shown is not None
        if self._picture.size() != QSize(*viewport.view):
            self._picture = _clear_picture(viewport)
        elif shown:
            self._picture.fill(0)
        self._shown, self._dashes, self._dashed = None, None, 0.0
        return self._picture.rect() if shown else QRect()

    def _paint(
        self, draft: StrokeDraft, points: tuple[Point, ...], viewport: Viewport, line: float
    ) -> QRect:
        width = max(2 * draft.radius * viewport.zoom, THINNEST * line)
        places = QPolygonF([QPointF(*viewport.to_view(*point)) for point in points])
        _draw(self._picture, places, round_pen(self._colour, width))
        if draft.target == BACKGROUND:
            # In a picture of its own: the next segment's round end would lie over the last dash.
            if self._dashes is None:
                self._dashes = _clear_picture(viewport)
            _draw(self._dashes, places, dash_pen(line, self._dashed))
            self._dashed += _length(places)
        self._shown = draft
        margin = width / 2 + 2
        around = places.boundingRect().adjusted(-margin, -margin, margin, margin)
        return around.toAlignedRect() & self._picture.rect()


def _clear_picture(viewport: Viewport) -> QImage:
    picture = QImage(QSize(*viewport.view), QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(0)
    return picture


def _draw(picture: QImage, places: QPolygonF, pen: QPen) -> None:
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    draw_way(painter, places)
    painter.end()


def _length(places: QPolygonF) -> float:
    steps = (places.at(k + 1) - places.at(k) for k in range(places.count() - 1))
    return sum(math.hypot(step.x(), step.y()) for step in steps)


def paint_draft(
    painter: QPainter, draft: Draft | None, viewport: Viewport, line: float, colour_of: ColourOf
) -> None:
    """Everything half drawn except a stroke, in device pixels of the view."""
    brush = CuePainter(painter, viewport.zoom, viewport.origin, line)
    match draft:
        case BoxDraft(target=target, corners=corners):
            brush.box(corners, ink(target, colour_of))
        case AreaDraft(corners=corners):
            brush.area(corners)
        case RingDraft(target=target, ring=ring, following=following):
            _paint_open_ring(brush, (*ring, following), ink(target, colour_of))
        case HandlesDraft():
            _paint_handles(brush, draft, ink(draft.target, colour_of))


def draft_area(draft: Draft | None, viewport: Viewport, line: float) -> QRect:
    """The device pixels that `paint_draft` may touch."""
    match draft:
        case BoxDraft(corners=(x0, y0, x1, y1)) | AreaDraft(corners=(x0, y0, x1, y1)):
            points: list[Point] = [(x0, y0), (x1, y1)]
        case RingDraft(ring=ring, following=following):
            points = [*ring, following]
        case HandlesDraft(rings=rings, opening=opening, following=following):
            points = [point for ring in (*rings, opening) for point in ring]
            points += [following] if following is not None else []
        case _:
            return QRect()
    places = QPolygonF([QPointF(*viewport.to_view(*point)) for point in points])
    margin = (CUE_MARGIN + HANDLE_REACH) * line
    return places.boundingRect().adjusted(-margin, -margin, margin, margin).toAlignedRect()


def paint_ring(painter: QPainter, centre: Point, radius: float, line: float) -> None:
    """The pen's size around the pointer: light within dark, seen on every ground."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for grow, colour in ((line, QColor(0, 0, 0, 130)), (0.0, QColor(255, 255, 255, 230))):
        painter.setPen(round_pen(colour, line))
        painter.drawEllipse(QPointF(*centre), radius + grow, radius + grow)


def ring_area(centre: Point, radius: float, line: float) -> QRect:
    """The device pixels that `paint_ring` may touch."""
    reach = radius + 3 * line + 2
    return QRectF(centre[0] - reach, centre[1] - reach, 2 * reach, 2 * reach).toAlignedRect()


def _paint_open_ring(brush: CuePainter, ring: tuple[Point, ...], colour: QColor) -> None:
    brush.outline(ring, colour, closed=False)
    for point in ring[:-1]:
        brush.handle(point, colour, active=False)


def _paint_handles(brush: CuePainter, draft: HandlesDraft, colour: QColor) -> None:
    for number, ring in enumerate(draft.rings):
        brush.outline(ring, colour, closed=True)
        for place, point in enumerate(ring):
            brush.handle(point, colour, active=draft.active == (number, place))
    if draft.opening:
        tail = () if draft.following is None else (draft.following,)
        _paint_open_ring(brush, (*draft.opening, *tail), colour)
