"""The stage: the widget under the canvas, which paints the scene and feeds the gestures.

A plain QWidget that lays ready tiles side by side, chosen by measuring against QGraphicsView on 24
megapixels (two cores, no graphics card, 1400 x 900): a changed label area there means a new pixmap
of the whole overlay, 79 ms and more per step, and its minified photograph flickers for want of a
pyramid; here the same step re-makes a rectangle of the screen in about a millisecond. No OpenGL is
needed, so it works alike over remote desktops and in tests.
"""

import time
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from annotator.canvas.cue_paint import CUE_MARGIN
from annotator.canvas.draft_paint import (
    GrowingStroke,
    draft_area,
    paint_draft,
    paint_ring,
    ring_area,
)
from annotator.canvas.gestures import Gestures
from annotator.canvas.overlay import Layer, Look
from annotator.canvas.pan_tool import PanTool
from annotator.canvas.pan_zoom import Viewport
from annotator.canvas.scene import edges, rectangles
from annotator.canvas.sight import CanvasSight
from annotator.canvas.tool import (
    BoxDrawn,
    ClassPicked,
    Draft,
    HandlesDraft,
    Outcome,
    PatchPainted,
    Pen,
    PolygonDrawn,
    PolygonEdited,
    StrokeDraft,
    StrokeDrawn,
)
from annotator.document.annotations import PixelBox

SMALLEST_RADIUS = 0.5
LARGEST_RADIUS = 2000.0
FRAME_BUDGET = 0.010  # seconds in which a frame makes tiles; the rest follows in the next ones
SMALLEST_RING = 2.0  # screen pixels


class Stage(QWidget):
    """Shows what `sight` holds at a viewport, with the half-drawn thing and the pen on top."""

    stroke_drawn = Signal(object)  # StrokeDrawn
    stroke_growing = Signal(object)  # StrokeDraft, at most thirty times a second
    box_drawn = Signal(object)  # BoxDrawn
    polygon_drawn = Signal(object)  # PolygonDrawn
    polygon_edited = Signal(object)  # PolygonEdited
    patch_painted = Signal(object)  # PatchPainted
    class_picked = Signal(object)  # ClassPicked
    pointer_moved = Signal(float, float)  # image coordinates
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
        self._draft, self._pointer = draft, pointer
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

    def tell_growing(self, draft: StrokeDraft) -> None:
        """A stroke grows."""
        self.stroke_growing.emit(draft)

    def tell_pointer(self, x: float, y: float) -> None:
        """The pointer is over that point of the image."""
        self.pointer_moved.emit(x, y)

    def tell_outcome(self, outcome: Outcome) -> None:
        """A gesture has ended in this: one signal."""
        signals: dict[type[Outcome], SignalInstance] = {
            StrokeDrawn: self.stroke_drawn,
            PatchPainted: self.patch_painted,
            BoxDrawn: self.box_drawn,
            PolygonDrawn: self.polygon_drawn,
            PolygonEdited: self.polygon_edited,
            ClassPicked: self.class_picked,
        }
        signals[type(outcome)].emit(outcome)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Lay tiles where something changed, then what is half drawn."""
        painter = QPainter(self)
        for rect in rectangles(event.region()):
            painter.fillRect(rect, self.palette().color(QPalette.ColorRole.Shadow))
        viewport, scene, ratio = self._viewport, self.sight.scene, self.pixel_ratio()
        if viewport is None or scene is None:
            return
        until = time.perf_counter() + self.frame_budget
        complete = True
        painter.scale(1 / ratio, 1 / ratio)
        image = QRect(*viewport.origin, *viewport.extent)
        for rect in rectangles(event.region()):
            part = _scaled(rect, ratio)
            seen = part & image
            if not seen.isEmpty():
                painter.translate(seen.topLeft())
                there = edges(seen.translated(-image.topLeft()))
                complete &= scene.paint(painter, there, bare=self._peeking, until=until)
                painter.translate(-seen.topLeft())
            if not self._peeking:
                self._stroke.lay(painter, part)
        self._paint_top(painter, viewport)
        painter.end()
        scene.make_room(viewport.view)
        if complete and event.rect() == self.rect():
            scene.forget_before()
        elif not complete:
            self._rest.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The middle of the view keeps its place; a fitted image stays fitted."""
        super().resizeEvent(event)
        self._view_changed(1.0)

    def event(self, event: QEvent) -> bool:
        """Keys that the tool needs now come before shortcuts of the window."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._gestures.claims(event):
                event.accept()
                return True
        elif kind == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            return self._gestures.pinch(event)
        elif kind == QEvent.Type.DevicePixelRatioChange:
            self._view_changed(1.0)
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """To the gestures."""
        self._gestures.press(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """To the gestures."""
        self._gestures.press(event, double=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """To the gestures."""
        self._gestures.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """To the gestures."""
        self._gestures.release(event)

    def leaveEvent(self, event: QEvent) -> None:
        """To the gestures."""
        self._gestures.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """To the gestures."""
        self._gestures.wheel(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """To the gestures; what they leave goes on to the window."""
        if not self._gestures.key_down(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """To the gestures; what they leave goes on to the window."""
        if not self._gestures.key_up(event):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing is held any more."""
        self._gestures.let_go()
        super().focusOutEvent(event)

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

    def _paint_top(self, painter: QPainter, viewport: Viewport) -> None:
        line = self._line()
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
