"""Samples: a few small pictures side by side, as an import would label them."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from annotator.document.classes import Colour
from annotator.flows.import_plan import Pixels, Sample, painted
from annotator.look.colours import colours_of
from annotator.look.measures import GAP, GRID, RADIUS, SMALL, font

COLUMNS = 3
ASPECT = 0.72  # height of a place to its width


class SampleView(QWidget):
    """A grid of samples, each shown whole within its place."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: tuple[tuple[str, QImage], ...] = ()
        self.setAccessibleName("How the first images would be labelled")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_samples(self, samples: Sequence[Sample], colours: Mapping[int, Colour]) -> None:
        """These samples, values in these colours."""
        self._pictures = tuple(
            (sample.name, _picture(painted(sample, colours))) for sample in samples
        )
        self.setAccessibleDescription(", ".join(name for name, _ in self._pictures))
        self.setVisible(bool(samples))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(600, self._height_for(max(300, self.width())))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(300, self._height_for(max(300, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102 - Qt's name
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: D102 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(font(SMALL))
        for place, (name, picture) in enumerate(self._pictures):
            self._paint_sample(painter, self._box(place), name, picture)
        painter.end()

    def _paint_sample(self, painter: QPainter, box: QRectF, name: str, picture: QImage) -> None:
        colours = colours_of(self.palette())
        caption = painter.fontMetrics().height() + GRID
        inner = box.adjusted(0, 0, 0, -caption)
        rounded = QPainterPath()
        rounded.addRoundedRect(inner, RADIUS, RADIUS)
        painter.fillPath(rounded, QColor(colours.background))
        scale = min(inner.width() / picture.width(), inner.height() / picture.height())
        size = QRectF(0, 0, picture.width() * scale, picture.height() * scale)
        size.moveCenter(inner.center())
        painter.save()
        painter.setClipPath(rounded)
        painter.drawImage(size, picture)
        painter.restore()
        painter.setPen(QColor(colours.dim_text))
        shown = painter.fontMetrics().elidedText(
            name, Qt.TextElideMode.ElideMiddle, int(box.width())
        )
        line = QRectF(box.left(), inner.bottom(), box.width(), caption)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, shown)

    def _box(self, place: int) -> QRectF:
        width = (self.width() - GAP * (COLUMNS - 1)) / COLUMNS
        height = width * ASPECT
        across, down = place % COLUMNS, place // COLUMNS
        return QRectF(across * (width + GAP), down * (height + GAP), width, height)

    def _height_for(self, width: int) -> int:
        lines = -(-len(self._pictures) // COLUMNS)
        one = (width - GAP * (COLUMNS - 1)) / COLUMNS * ASPECT
        return round(lines * (one + GAP))


def _picture(pixels: Pixels) -> QImage:
    height, width = pixels.shape[:2]
    data = pixels.tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy that owns its pixels
