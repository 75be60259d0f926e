"""Icons: drawn once in one ink, shown in the colour of the palette, sharp at every scale."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from annotator.look.colours import Colours, colours_of
from annotator.look.resources import resource

_INK = b"currentColor"
_PICTURES = 1024  # remembered; each is a few kilobytes


class UnknownIcon(LookupError):
    """There is no icon of that name."""


@lru_cache(maxsize=256)
def icon_names() -> frozenset[str]:
    """Every icon there is."""
    names = (entry.name for entry in resource("icons").iterdir())
    return frozenset(name.removesuffix(".svg") for name in names if name.endswith(".svg"))


@lru_cache(maxsize=256)
def icon(name: str) -> QIcon:
    """The icon of a name, following the palette; raises `UnknownIcon`."""
    _source(name)
    return QIcon(_InkEngine(name))


@lru_cache(maxsize=_PICTURES)
def icon_pixmap(name: str, colour: str, side: int, scale: float = 1.0) -> QPixmap:
    """The icon in one '#rrggbb' colour, ``side`` logical pixels square, at a device scale."""
    pixels = max(1, round(side * scale))
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace(_INK, colour.encode())))
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def draw_icon(painter: QPainter, box: QRect, name: str, colour: str) -> None:
    """Draw the icon into the middle of a box of logical pixels."""
    side = min(box.width(), box.height())
    device = painter.device()
    scale = device.devicePixelRatioF() if device is not None else 1.0
    where = QPoint(box.center().x() - (side - 1) // 2, box.center().y() - (side - 1) // 2)
    painter.drawPixmap(where, icon_pixmap(name, colour, side, scale))


def ink(colours: Colours, mode: QIcon.Mode, state: QIcon.State) -> str:
    """The colour of an icon: dim when it waits, full under the hand, strong when switched on."""
    if mode == QIcon.Mode.Disabled:
        return colours.strong_line
    if state == QIcon.State.On:
        return colours.on_accent
    return colours.text if mode == QIcon.Mode.Active else colours.dim_text


class _InkEngine(QIconEngine):
    """Paints when asked, so a change of palette or scale needs nobody to tell it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        draw_icon(painter, rect, self._name, self._ink(mode, state))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(  # noqa: N802 - Qt's name
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        side = min(size.width(), size.height())  # logical: Qt multiplies nothing by itself
        return icon_pixmap(self._name, self._ink(mode, state), side, scale)

    def clone(self) -> QIconEngine:
        return _InkEngine(self._name)

    def _ink(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        return ink(colours_of(QGuiApplication.palette()), mode, state)


@lru_cache(maxsize=256)
def _source(name: str) -> bytes:
    if name not in icon_names():
        raise UnknownIcon(f"There is no icon '{name}'.")
    return resource("icons", f"{name}.svg").read_bytes()
