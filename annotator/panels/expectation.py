"""The expectation card: how well the method should do on images it has not seen, and how sure."""

import math

from PySide6.QtCore import QMetaObject, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from annotator.flows.live_flow import LiveFlow
from annotator.flows.support_report import SupportReport
from annotator.flows.workspace import Workspace
from annotator.look.colours import Colours, colours_of
from annotator.look.measures import GRID, PAD, SMALL, TITLE, figures_font, scaled
from annotator.look.pieces import row, title, words
from annotator.look.style import set_kind
from annotator.look.text_size import wear_font

CURVE_HEIGHT = 64
LEAST_IMAGES = 2  # leaving one out must leave one to learn from
_GROUND = 0.1  # the vertical axis begins and ends at multiples of this
Curve = tuple[tuple[int, float], ...]


class ExpectationCard(QFrame):
    """One big figure with its interval and the way it came about."""

    def __init__(self) -> None:
        super().__init__()
        set_kind(self, "card")
        self.setAccessibleName("Expected IoU on new images")
        self._live: LiveFlow | None = None
        self._link: QMetaObject.Connection | None = None
        self._shown: tuple[object, ...] = ()
        self.figure, self.interval = title("", TITLE), words("", pixels=12, wrap=False)
        self.curve = CurveView()
        self.sentence = words("", pixels=12)
        self._pages = QStackedWidget()
        self._lay_out()
        self._refresh()

    def show_live(self, workspace: Workspace | None, live: LiveFlow | None) -> None:
        """Show what is to be expected in a project, or what it would take to say so."""
        if self._link is not None:
            QObject.disconnect(self._link)
        self._live = live if workspace is not None else None
        self._link = None
        if self._live is not None:
            self._link = self._live.report_changed.connect(self._refresh)
        self._refresh()

    # -- inside ----------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        wear_font(self.figure, _big_figures(), TITLE)
        known = QWidget()
        line = row(self.figure, 1, self.interval)
        inner = QVBoxLayout(known)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(GRID)
        inner.addLayout(line)
        inner.addWidget(self.curve)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._pages.addWidget(self.sentence)
        self._pages.addWidget(known)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(PAD, PAD - 2, PAD, PAD - 2)
        layout.setSpacing(GRID)
        layout.addWidget(words("Expected IoU on new images", wrap=False))
        layout.addWidget(self._pages)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _refresh(self) -> None:
        report = SupportReport() if self._live is None else self._live.report
        teaching = sum(not line.muted for line in report.rows)
        shown = (report.expected, report.interval, report.curve, teaching)
        if shown == self._shown:
            return
        self._shown = shown
        self.setAccessibleDescription(spoken(report))
        if report.expected is None:
            self.sentence.setText(missing_text(teaching))
            self._pages.setCurrentIndex(0)
            return
        self.figure.setText(f"{report.expected:.2f}")
        self.interval.setText(interval_text(report.interval))
        self.interval.setToolTip(
            "Each marked image is answered by what the others teach and compared with its marks; "
            "the mean over these images, with its 95 % interval."
        )
        self.curve.show_curve(report.curve)
        self._pages.setCurrentIndex(1)


class CurveView(QWidget):
    """Mean IoU over the number of marked images; nothing but the line and its ends."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Expected IoU by number of marked images")
        self._curve: Curve = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(120, scaled(CURVE_HEIGHT))

    def show_curve(self, curve: Curve) -> None:
        """(number of marked images, mean IoU), any order."""
        self._curve = tuple(sorted(curve))
        told = ", ".join(f"{count}: {value:.2f}" for count, value in self._curve)
        self.setAccessibleDescription(told)
        self.setToolTip(f"Images marked: expected IoU\n{told}" if told else "")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        if not self._curve:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = colours_of(self.palette())
        face = figures_font(SMALL)
        painter.setFont(face)
        metrics = QFontMetrics(face)
        low, high = value_range(self._curve)
        left = metrics.horizontalAdvance("0.0") + 2 * GRID
        plot = QRectF(self.rect()).adjusted(
            left, metrics.height() / 2, -GRID, -metrics.height() - 2
        )
        _paint_axes(painter, plot, colours, low=low, high=high)
        self._paint_counts(painter, plot, metrics)
        spots = [placed(plot, self._curve, spot, low=low, high=high) for spot in self._curve]
        _paint_line(painter, spots, colours)
        painter.end()

    def _paint_counts(self, painter: QPainter, plot: QRectF, metrics: QFontMetrics) -> None:
        """The numbers of images at both ends, and in words between them where there is room."""
        first, last = self._curve[0][0], self._curve[-1][0]
        base = plot.bottom() + metrics.ascent() + 3
        end = f"{last} images"
        start = f"{first}" if last > first else ""
        painter.drawText(QPointF(plot.left(), base), start)
        painter.drawText(QPointF(plot.right() - metrics.horizontalAdvance(end), base), end)


def value_range(curve: Curve) -> tuple[float, float]:
    """The least range of whole tenths, 0.2 at the least, that holds all values."""
    values = [value for _, value in curve]
    low = math.floor(min(values) / _GROUND + 1e-9)
    high = math.ceil(max(values) / _GROUND - 1e-9)
    while high - low < 2:
        low, high = max(0, low - 1), min(10, high + 1)
    return low * _GROUND, high * _GROUND


def placed(
    plot: QRectF, curve: Curve, spot: tuple[int, float], *, low: float, high: float
) -> QPointF:
    """Where a point of the curve lies in the plot; one alone stands at the right."""
    first, last = curve[0][0], curve[-1][0]
    across = 1.0 if last == first else (spot[0] - first) / (last - first)
    up = (spot[1] - low) / (high - low)
    return QPointF(plot.left() + across * plot.width(), plot.bottom() - up * plot.height())


def interval_text(interval: float | None) -> str:
    """'± 0.04, leave-one-out'."""
    return "leave-one-out" if interval is None else f"± {interval:.2f}, leave-one-out"


def missing_text(teaching: int) -> str:
    """What is needed before anything can be expected."""
    if teaching >= LEAST_IMAGES:
        return "Being measured: each marked image is answered by what the others teach."
    more = "one more image" if teaching == 1 else "two images"
    return f"Mark {more}: each is then answered by what the others teach, and compared."


def spoken(report: SupportReport) -> str:
    """The card in words."""
    if report.expected is None:
        return missing_text(sum(not line.muted for line in report.rows))
    sure = "" if report.interval is None else f" plus or minus {report.interval:.2f}"
    return f"{report.expected:.2f}{sure}, by leaving one marked image out at a time"


def _big_figures() -> QFont:
    face = figures_font(TITLE)
    face.setWeight(QFont.Weight.DemiBold)
    return face


def _paint_axes(
    painter: QPainter, plot: QRectF, colours: Colours, *, low: float, high: float
) -> None:
    painter.setPen(QPen(QColor(colours.line), 1))
    for y in (plot.top(), plot.bottom()):
        painter.drawLine(
            QPointF(plot.left(), round(y) + 0.5), QPointF(plot.right(), round(y) + 0.5)
        )
    painter.setPen(QColor(colours.dim_text))
    flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for y, value in ((plot.top(), high), (plot.bottom(), low)):
        painter.drawText(QRectF(0, y - 10, plot.left() - GRID - 2, 20), flags, f"{value:.1f}")


def _paint_line(painter: QPainter, spots: list[QPointF], colours: Colours) -> None:
    ink = QColor(colours.accent_text)
    painter.setPen(QPen(ink, 1.8, j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(spots))
    painter.setPen(QPen(QColor(colours.raised), 1.5))
    painter.setBrush(ink)
    painter.drawEllipse(spots[-1], 3.5, 3.5)
