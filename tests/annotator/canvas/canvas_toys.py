"""A canvas to test with: a small picture, real mouse events, and looks at single pixels."""

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.canvas.view import CanvasView
from annotator.document.annotations import Point

HEIGHT, WIDTH = 60, 80
GREY = 100
RED, GREEN, BLUE = (220, 20, 20), (20, 200, 20), (30, 40, 230)
NO_KEY = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


def grey_picture(height: int = HEIGHT, width: int = WIDTH) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), GREY, np.uint8)


def new_canvas(side: tuple[int, int] = (400, 300)) -> CanvasView:
    canvas = CanvasView()
    canvas.resize(*side)
    canvas.frame_budget = math.inf  # on a busy machine, too, every grab shows the whole picture
    canvas.set_class_colours({1: RED, 2: GREEN, 3: BLUE})
    canvas.show_image(grey_picture())
    canvas.show()
    QApplication.processEvents()
    return canvas


def at(canvas: CanvasView, point: Point) -> QPoint:
    return canvas.to_view(QPointF(*point)).toPoint()


def drag(
    canvas: CanvasView,
    points: Iterable[Point],
    *,
    button: Qt.MouseButton = LEFT,
    keys: Qt.KeyboardModifier = NO_KEY,
    let_go: bool = True,
) -> None:
    places = [at(canvas, point) for point in points]
    QTest.mousePress(canvas, button, keys, places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place)
    if let_go:
        QTest.mouseRelease(canvas, button, keys, places[-1])


def click(canvas: CanvasView, point: Point, **options) -> None:
    drag(canvas, [point], **options)


def turn_wheel(
    canvas: CanvasView, notches: float, place: QPointF, keys: Qt.KeyboardModifier = NO_KEY
) -> None:
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def colour_at(canvas: CanvasView, point: Point) -> tuple[int, int, int]:
    """What the screen shows on an image point."""
    picture = canvas.grab().toImage()
    ratio = picture.devicePixelRatio()
    place = canvas.to_view(QPointF(*point)) * ratio
    colour = QColor(picture.pixel(int(place.x()), int(place.y())))
    return colour.red(), colour.green(), colour.blue()


def mixed(colour: tuple[int, int, int], opacity: float, ground: int = GREY) -> np.ndarray:
    return np.array(colour) * opacity + ground * (1 - opacity)


def is_near(seen: tuple[int, int, int], wanted: Iterable[float], tolerance: float = 6) -> bool:
    return bool(np.abs(np.array(seen) - np.array(list(wanted))).max() <= tolerance)
