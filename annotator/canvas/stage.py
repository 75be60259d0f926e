"""The stage: the widget under the canvas, which paints the scene and feeds the gestures.

A plain QWidget that lays ready tiles side by side, chosen by measuring against QGraphicsView on 24
megapixels (two cores, no graphics card, 1400 x 900): a changed label area there means a new pixmap
of the whole overlay, 79 ms and more per step, and its minified photograph flickers for want of a
pyramid; here the same step re-makes a rectangle of the screen in about a millisecond. No OpenGL is
needed, so it works alike over remote desktops and in tests.
"""

import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from annotator.canvas.cue_paint import CUE_MARGIN
from annotator.canvas.divider import Divider, paint_divider
from annotator.canvas.draft_paint import (
    GrowingStroke,
    draft_area,
    paint_draft,
    paint_ring,
    ring_area,
)
from annotator.canvas.gestures import Gestures
from annotator.canvas.notice import Notice, paint_notice
from annotator.canvas.overlay import Layer, Look
from annotator.canvas.pan_tool import PanTool
from annotator.canvas.pan_zoom import Viewport
from annotator.canvas.scene import Scene
from annotator.canvas.sensing import SensingWidget
from annotator.canvas.sight import CanvasSight
from annotator.canvas.tile import Side, edges, rectangles
from annotator.canvas.tool import Draft, HandlesDraft, Pen, StrokeDraft
from annotator.document.annotations import PixelBox
from annotator.look.colours import colours_of

SMALLEST_RADIUS = 0.5
LARGEST_RADIUS = 2000.0
FRAME_BUDGET = 0.008  # seconds in which a frame makes tiles; the rest follows in the next ones
SMALLEST_RING = 2.0  # screen pixels


class Stage(SensingWidget):
    """Shows what `sight` holds at a viewport, with the half-drawn thing and the pen on top."""

    stroke_ended = Signal()  # none grows any more: it was drawn, which is told next, or given up
    zoom_changed = Signal(float)  # device pixels per image pixel
    radius_changed = Signal(float)  # image pixels
    opacity_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sight = CanvasSight()
        self._look = Look()
        self._layers = frozenset(Layer)
        self._pen = Pen()
        self._viewport: Viewport | None = None
        self._fits = True  # the whole image stays in view when the canvas changes size
        self._peeking = False
        self._comparing = False
        self._hatching = False
        self._divider = Divider()
        self._notice: Notice | None = None  # what stands here while there is no picture
        self._draft: Draft | None = None
        self._pointer: QPointF | None = None  # device pixels
        self._draft_area = QRect()  # device pixels that were painted on, draft and ring
        self._ring_area = QRect()
        self._stroke = GrowingStroke()
        self.frame_budget = FRAME_BUDGET
        self._rest = QTimer(self, singleShot=True, interval=0)
        self._rest.timeout.connect(self.update)
        self._gestures = Gestures(self, PanTool(), self)
        self.setAccessibleName(self.tr("Picture"))
        self.setAccessibleDescription(self.tr("The image with its labels; draw on it with a tool."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def pen(self) -> Pen:
        """The chosen class and the pen's radius."""
        return self._pen

    @property
    def opacity(self) -> float:
        """Of accepted areas."""
        return self._look.opacity

    @property
    def viewport(self) -> Viewport | None:
        """What is in view; None without an image."""
        return self._viewport

    def to_image(self, point: QPointF) -> QPointF:
        """Widget position -> image coordinates. ValueError without an image."""
        ratio = self.pixel_ratio()
        return QPointF(*self._seen().to_image(point.x() * ratio, point.y() * ratio))

    def to_view(self, point: QPointF) -> QPointF:
        """Image coordinates -> widget position. ValueError without an image."""
        return QPointF(*self._seen().to_view(point.x(), point.y())) / self.pixel_ratio()

    def fit(self) -> None:
        """The whole image; it stays whole when the canvas changes size."""
        if self.sight.scene is not None:
            self._go(Viewport.fitted(self.sight.scene.pyramid.size, self._device_size()))
            self._fits = True

    def set_zoom(self, zoom: float, about: QPointF | None = None) -> None:
        """Device pixels per image pixel (1.0 is 100 %), about a widget position or the middle."""
        if self._viewport is not None:
            place = QPointF(self.rect().center()) if about is None else about
            place = place * self.pixel_ratio()
            self.set_viewport(self._viewport.zoomed(zoom, (place.x(), place.y())))

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another part."""
        self._fits = False
        self._go(viewport)

    def pixel_ratio(self) -> float:
        """Device pixels per logical pixel."""
        return self.devicePixelRatioF()

    def set_peeking(self, peeking: bool) -> None:
        """Only the bare image, for as long as a key is held."""
        if peeking != self._peeking:
            self._peeking = peeking
            self.update()

    def set_radius(self, radius: float) -> None:
        """The pen's radius in image pixels, within limits."""
        radius = min(max(radius, SMALLEST_RADIUS), LARGEST_RADIUS)
        if radius != self._pen.radius:
            self._pen = replace(self._pen, radius=radius)
            self._update_top()
            self.radius_changed.emit(radius)

    def set_opacity(self, opacity: float) -> None:
        """Of accepted areas, 0 to 1; proposals are lighter."""
        opacity = min(max(opacity, 0.0), 1.0)
        if opacity != self._look.opacity:
            self._set_look(replace(self._look, opacity=opacity))
            self.opacity_changed.emit(opacity)

    def show_step(self, draft: Draft | None, pointer: QPointF | None) -> None:
        """The draft, and the pointer in device pixels, as they are now."""
        ended = isinstance(self._draft, StrokeDraft) and not isinstance(draft, StrokeDraft)
        self._draft, self._pointer = draft, pointer
        if ended:
            self.stroke_ended.emit()
        scene = self.sight.scene
        if self._viewport is None or scene is None:
            return
        lifted = draft.cue_id if isinstance(draft, HandlesDraft) else None
        for box in scene.lift_cue(lifted):
            self._update_box(box)
        self._update_device(self._grow())
        self._update_top()

    def show_cursor(self, shape: Qt.CursorShape) -> None:
        """Another pointer."""
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    def is_divider(self, place: QPointF) -> bool:
        """Whether the divider of a comparison is there, in device pixels."""
        seen = self._viewport if self._comparing else None
        return seen is not None and self._divider.is_near(seen, place, self.pixel_ratio())

    def slide_divider(self, x: float) -> None:
        """The divider to another place, in device pixels."""
        if self._viewport is not None:
            self._divider.slide(self._viewport, x)
            self.update()

    def nudge_divider(self, step: float) -> bool:
        """The divider moved by device pixels; False where nothing is compared."""
        if self._viewport is None or not self._comparing:
            return False
        self.slide_divider(self._divider.place(self._viewport) + step)
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lay tiles where something changed, then what is half drawn."""
        painter = QPainter(self)
        for rect in rectangles(event.region()):
            painter.fillRect(rect, self.palette().color(QPalette.ColorRole.Shadow))
        viewport, scene, ratio = self._viewport, self.sight.scene, self.pixel_ratio()
        if viewport is None or scene is None:
            if self._notice is not None:
                paint_notice(painter, self.rect(), self._notice, colours_of(self.palette()))
            return
        until = time.perf_counter() + self.frame_budget
        complete = True
        painter.scale(1 / ratio, 1 / ratio)
        for rect in rectangles(event.region()):
            part = _scaled(rect, ratio)
            complete &= self._lay_scene(painter, scene, viewport, part=part, until=until)
            if not self._peeking:
                self._stroke.lay(painter, part)
        self._paint_top(painter, viewport, event.region())
        painter.end()
        scene.make_room(viewport.view)
        if complete and event.rect() == self.rect():
            scene.forget_before()
        elif not complete:
            self._rest.start()

    def _lay_scene(
        self, painter: QPainter, scene: Scene, viewport: Viewport, *, part: QRect, until: float
    ) -> bool:
        """The scene on a part of the view, in device pixels; whether it is as it should be."""
        image = QRect(*viewport.origin, *viewport.extent)
        complete = True
        for side, area in self._sides(viewport):
            seen = part & area & image
            if not seen.isEmpty():
                painter.translate(seen.topLeft())
                there = edges(seen.translated(-image.topLeft()))
                complete &= scene.paint(painter, there, bare=self._peeking, until=until, side=side)
                painter.translate(-seen.topLeft())
        return complete

    def _sides(self, viewport: Viewport) -> tuple[tuple[Side, QRect], ...]:
        """What is shown where, in device pixels of the view."""
        width, height = viewport.view
        if not self._comparing or self._peeking:
            return ((Side.WHOLE, QRect(0, 0, width, height)),)
        x = self._divider.place(viewport)
        return (
            (Side.BEFORE, QRect(0, 0, x, height)),
            (Side.AFTER, QRect(x, 0, width - x, height)),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The middle of the view keeps its place; a fitted image stays fitted."""
        super().resizeEvent(event)
        self._view_changed(1.0)

    def event(self, event: QEvent) -> bool:
        """Another screen may have other pixels."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._view_changed(1.0)
        return super().event(event)

    def _set_look(self, look: Look) -> None:
        self._look = look
        if self.sight.scene is not None:
            self.sight.scene.set_look(look)
        self._grow()
        self.update()

    def _go(self, viewport: Viewport) -> None:
        before, self._viewport = self._viewport, viewport
        if self.sight.scene is not None:
            self.sight.scene.set_scale(viewport.zoom, self._line())
        self._grow()
        self.update()
        if before is None or before.zoom != viewport.zoom:
            self.zoom_changed.emit(viewport.zoom)

    def _view_changed(self, ratio: float) -> None:
        if self._viewport is None:
            return
        if self._fits:
            self._go(Viewport.fitted(self._viewport.image, self._device_size()))
        else:
            self._go(self._viewport.resized(self._device_size(), ratio))

    def _grow(self) -> QRect:
        """Bring the picture of the growing stroke up to date; the device pixels that changed."""
        if self._viewport is None:
            return QRect()
        draft = self._draft if isinstance(self._draft, StrokeDraft) else None
        return self._stroke.show(draft, self._viewport, self._line(), self._look.colour)

    def _paint_top(self, painter: QPainter, viewport: Viewport, region: QRegion) -> None:
        line = self._line()
        if self._comparing and not self._peeking:
            strip = self._divider.strip(viewport, self.pixel_ratio())
            if region.intersects(_scaled(strip, 1 / self.pixel_ratio())):
                names = self.tr("Before: accepted"), self.tr("After: proposed")
                paint_divider(painter, self._divider, viewport, self.pixel_ratio(), names)
        paint_draft(painter, self._draft, viewport, line, self._look.colour)
        ring = self._ring()
        if ring is not None:
            paint_ring(painter, *ring, line)

    def _update_top(self) -> None:
        """Repaint where the draft and the ring were, and where they are now."""
        if self._viewport is None:
            return
        line, ring = self._line(), self._ring()
        area = draft_area(self._draft, self._viewport, line)
        rings = QRect() if ring is None else ring_area(*ring, line)
        for part in (self._draft_area, self._ring_area, area, rings):
            self._update_device(part)
        self._draft_area, self._ring_area = area, rings

    def _ring(self) -> tuple[tuple[float, float], float] | None:
        if self._pointer is None or self._viewport is None or not self._gestures.shows_ring:
            return None
        centre = self._pointer.x(), self._pointer.y()
        return centre, max(self._pen.radius * self._viewport.zoom, SMALLEST_RING * self._line())

    def _update_box(self, box: PixelBox) -> None:
        """Repaint a box of the image."""
        if self._viewport is not None:
            corners = [QPointF(*self._viewport.to_view(*corner)) for corner in (box[:2], box[2:])]
            margin = CUE_MARGIN * self._line() + 1
            area = QRectF(*corners).adjusted(-margin, -margin, margin, margin)
            self._update_device(area.toAlignedRect())

    def _update_device(self, area: QRect) -> None:
        if not area.isEmpty():
            self.update(_scaled(area, 1 / self.pixel_ratio()))

    def _device_size(self) -> tuple[int, int]:
        ratio = self.pixel_ratio()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _line(self) -> int:
        """Device pixels in a thin line."""
        return max(1, round(self.pixel_ratio()))

    def _seen(self) -> Viewport:
        if self._viewport is None:
            raise ValueError("There is no picture on the canvas; show one first.")
        return self._viewport


def _scaled(rect: QRect, factor: float) -> QRect:
    """The whole pixels that a rectangle covers once it is scaled."""
    corner, width, height = QPointF(rect.topLeft()) * factor, rect.width(), rect.height()
    return QRectF(corner.x(), corner.y(), width * factor, height * factor).toAlignedRect()
