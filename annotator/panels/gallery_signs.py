"""Signs on a cell of the gallery: state, sureness, reason, problem, and the ring around it."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF

from annotator.look.colours import Colours
from annotator.look.icons import draw_icon
from annotator.look.measures import GRID, RADIUS
from annotator.panels.gallery_cells import CellState

# On photographs, not on a ground of the window: bright enough on the dark disc behind each sign.
_WAITING, _MARKED, _PROPOSED, _ACCEPTED, _BROKEN = (
    "#dfe2e6", "#6ea3ff", "#f2b84b", "#63c776", "#ff8a80",
)  # fmt: skip
_DARK = QColor(0, 0, 0, 150)
_ICON_SIDE = 22
_SURE, _HALF_SURE = 0.75, 0.5


def paint_state(painter: QPainter, spot: QRectF, state: CellState) -> None:
    """A sign of the state: its shape says it without its colour.

    A ring is untouched, a diamond has marks, a half is proposed, a full disc with a tick is
    accepted, a triangle is a problem.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_DARK, 1))
    painter.setBrush(_DARK)
    painter.drawEllipse(spot.adjusted(-2, -2, 2, 2))
    if state is CellState.UNTOUCHED:
        painter.setPen(QPen(QColor(_WAITING), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(spot.adjusted(1.5, 1.5, -1.5, -1.5))
    elif state is CellState.CUE:
        _paint_corners(painter, spot, _MARKED, ((0, -1), (1, 0), (0, 1), (-1, 0)))
    elif state is CellState.PROPOSED:
        _paint_half(painter, spot)
    elif state is CellState.ACCEPTED:
        _paint_tick(painter, spot)
    else:
        _paint_corners(painter, spot, _BROKEN, ((0, -0.95), (0.95, 0.7), (-0.95, 0.7)))
    painter.restore()


def paint_quality(painter: QPainter, box: QRect, quality: float) -> None:
    """A thin bar at the foot of the picture: how sure the engine is, 0 to 1."""
    bar = QRectF(box.left() + 6, box.bottom() - 7, box.width() - 12, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 130))
    painter.drawRoundedRect(bar.adjusted(-1, -1, 1, 1), 2, 2)
    ink = _ACCEPTED if quality >= _SURE else _PROPOSED if quality >= _HALF_SURE else _BROKEN
    painter.setBrush(QColor(ink))
    bar.setWidth(bar.width() * min(1.0, max(0.0, quality)))
    painter.drawRoundedRect(bar, 1.5, 1.5)


def paint_reason(painter: QPainter, box: QRect, reason: str, face: QFont, colours: Colours) -> None:
    """A strip at the foot of the picture that says why this one is next."""
    metrics = QFontMetrics(face)
    band = QRectF(box)
    band.setTop(band.bottom() - metrics.height() - GRID)
    strip = QPainterPath()
    strip.addRect(band)
    painter.fillPath(rounded(box).intersected(strip), QColor(colours.accent))
    painter.setFont(face)
    painter.setPen(QColor(colours.on_accent))
    inner = band.adjusted(6, 0, -6, 0)
    text = metrics.elidedText(reason, Qt.TextElideMode.ElideRight, int(inner.width()))
    painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, text)


def paint_problem(
    painter: QPainter, box: QRect, sentence: str, face: QFont, colours: Colours
) -> None:
    """What is wrong, in place of the picture: a sign, and as much of the sentence as fits."""
    metrics = QFontMetrics(face)
    inner = box.adjusted(8, 6, -8, -6)
    spot = QRect(inner.left(), inner.top(), inner.width(), _ICON_SIDE)
    room = QRect(inner.left(), spot.bottom() + 3, inner.width(), inner.bottom() - spot.bottom() - 2)
    lines = wrapped(sentence, metrics, room.width(), room.height() // metrics.lineSpacing())
    if not lines:
        spot.moveCenter(box.center())
    draw_icon(painter, spot, "problem", colours.bad)
    painter.setFont(face)
    painter.setPen(QColor(colours.text))
    across = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    painter.drawText(room, across, "\n".join(lines))


def paint_ring(painter: QPainter, box: QRect, colours: Colours, *, strong: bool) -> None:
    """The chosen cells: a ring apart from the picture, thin but for the one a person is at."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(colours.panel), 2))
    painter.drawRoundedRect(QRectF(box), RADIUS, RADIUS)
    painter.setPen(QPen(QColor(colours.accent_text), 3 if strong else 1.5))
    painter.drawRoundedRect(QRectF(box).adjusted(-2, -2, 2, 2), RADIUS + 2, RADIUS + 2)


def rounded(box: QRect) -> QPainterPath:
    """The outline of a picture."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(box), RADIUS, RADIUS)
    return path


def wrapped(text: str, metrics: QFontMetrics, width: int, most: int) -> list[str]:
    """Lines of at most a width, the last of at most ``most`` lines elided."""
    lines: list[str] = []
    rest = text.split()
    while rest and len(lines) < most:
        if len(lines) == most - 1:
            elide = Qt.TextElideMode.ElideRight
            return [*lines, metrics.elidedText(" ".join(rest), elide, width + 1)]
        line = rest.pop(0)
        while rest and metrics.horizontalAdvance(f"{line} {rest[0]}") <= width:
            line = f"{line} {rest.pop(0)}"
        too_long = metrics.horizontalAdvance(line) > width  # one word by itself
        elide = Qt.TextElideMode.ElideMiddle
        lines.append(metrics.elidedText(line, elide, width) if too_long else line)
    return lines


def _paint_corners(
    painter: QPainter, spot: QRectF, ink: str, corners: tuple[tuple[float, float], ...]
) -> None:
    middle, reach = spot.center(), spot.width() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(ink))
    painter.drawPolygon(QPolygonF([middle + QPointF(x * reach, y * reach) for x, y in corners]))


def _paint_half(painter: QPainter, spot: QRectF) -> None:
    painter.setPen(QPen(QColor(_PROPOSED), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(spot.adjusted(1, 1, -1, -1))
    painter.setBrush(QColor(_PROPOSED))
    painter.drawPie(spot.adjusted(1, 1, -1, -1), 90 * 16, 180 * 16)


def _paint_tick(painter: QPainter, spot: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_ACCEPTED))
    painter.drawEllipse(spot.adjusted(-1, -1, 1, 1))
    painter.setPen(QPen(QColor("#0b2a12"), 1.6, c=Qt.PenCapStyle.RoundCap))
    x, y, s = spot.left(), spot.top(), spot.width()
    ways = QPolygonF(
        [QPointF(x + 0.2 * s, y + 0.55 * s), QPointF(x + 0.42 * s, y + 0.77 * s),
         QPointF(x + 0.82 * s, y + 0.28 * s)]
    )  # fmt: skip
    painter.drawPolyline(ways)
