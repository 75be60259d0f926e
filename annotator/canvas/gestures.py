"""Gestures: mouse, wheel and keys of the canvas, turned into steps of a tool or of the view."""

from PySide6.QtCore import QObject, QPointF, Qt, QTimer
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QSinglePointEvent,
    QWheelEvent,
)

from annotator.canvas.pan_zoom import WHEEL_NOTCH
from annotator.canvas.surface import Surface
from annotator.canvas.tool import (
    Button,
    Outcome,
    Pointer,
    StrokeDraft,
    Tool,
    ToolCursor,
    ToolKey,
)

GROWING_EVERY_MS = 33  # a live answer is asked for at most thirty times a second
NOTCH = 120  # what Qt calls one click of a wheel
SCROLL_PER_NOTCH = 64.0  # logical pixels
RADIUS_NOTCH = 1.15
OPACITY_NOTCH = 0.05
PAN_STEP = 64.0  # logical pixels of an arrow key
DIVIDER_STEP = 32.0  # the same with Shift, while two sides are compared

BUTTONS = {Qt.MouseButton.LeftButton: Button.LEFT, Qt.MouseButton.RightButton: Button.RIGHT}
TOOL_KEYS = {
    Qt.Key.Key_Return: ToolKey.FINISH,
    Qt.Key.Key_Enter: ToolKey.FINISH,
    Qt.Key.Key_Backspace: ToolKey.BACK,
    Qt.Key.Key_Delete: ToolKey.DELETE,
    Qt.Key.Key_Escape: ToolKey.CANCEL,
}
ARROWS = {
    Qt.Key.Key_Left: (1.0, 0.0),
    Qt.Key.Key_Right: (-1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}


class Gestures(QObject):
    """Feeds one tool; pans and zooms beside it. Only the button that began a gesture ends it."""

    def __init__(self, surface: Surface, tool: Tool, parent: QObject) -> None:
        super().__init__(parent)
        self._surface = surface
        self._tool = tool
        self._held: Qt.MouseButton | None = None
        self._pans_from: QPointF | None = None
        self._slides = False  # the divider of a comparison
        self._over_divider = False
        self._space = False
        self._last: QPointF | None = None
        self._pending = False
        self._pause = QTimer(self, singleShot=True, interval=GROWING_EVERY_MS)
        self._pause.timeout.connect(self._tell_pending)
        self.peek_key: Qt.Key | None = Qt.Key.Key_H

    @property
    def tool(self) -> Tool:
        """The tool in the hand."""
        return self._tool

    @property
    def shows_ring(self) -> bool:
        """Whether the pen's size is shown around the pointer."""
        free = not (self._hand() or self._over_divider or self._slides)
        return free and self._tool.cursor is ToolCursor.RING

    def set_tool(self, tool: Tool) -> None:
        """Another tool; what the old one had half drawn is forgotten."""
        self.cancel()
        self._tool = tool
        self._step(None)

    def cancel(self) -> None:
        """Forget whatever is half done."""
        self._tool.cancel()
        self._held = self._pans_from = None
        self._slides = self._over_divider = False
        self._pause.stop()
        self._step(None)

    def refresh(self) -> None:
        """The cues have changed under the tool."""
        self._tool.refresh()
        self._step(None)

    def press(self, event: QMouseEvent, *, double: bool = False) -> None:
        """A button goes down; the middle one, Space and the hand pan; the divider slides."""
        button = event.button()
        if self._held == button:  # its release went to another window
            self._held, self._pans_from, self._slides = None, None, False
        if self._surface.viewport is None or self._held is not None:
            return
        left = button == Qt.MouseButton.LeftButton
        if left and self._is_divider(self._device(event)):
            self._held, self._slides = button, True
            return
        if button == Qt.MouseButton.MiddleButton or (self._hand() and left):
            self._held, self._pans_from = button, self._device(event)
            self._show_cursor()
            return
        if button not in BUTTONS:
            return
        self._held = button
        pointer = self._pointer(event)
        self._step(self._tool.double(pointer) if double else self._tool.press(pointer))
        self._tell_growing()

    def move(self, event: QMouseEvent) -> None:
        """The pointer moves."""
        viewport, place = self._surface.viewport, self._device(event)
        if viewport is None:
            return
        if self._pans_from is not None:
            shift = place - self._pans_from
            self._pans_from = self._last = place
            self._surface.set_viewport(viewport.panned(shift.x(), shift.y()))
            return
        if self._slides:
            self._surface.slide_divider(place.x())
            return
        self._over_divider = self._held is None and self._is_divider(place)
        pointer = self._pointer(event)
        self._step(self._tool.move(pointer))
        self._tell_growing()
        self._surface.tell_pointer(pointer.x, pointer.y)

    def release(self, event: QMouseEvent) -> None:
        """The button that began goes up."""
        if event.button() != self._held:
            return
        self._held = None
        if self._pans_from is not None:
            self._pans_from = None
            self._show_cursor()
            return
        if self._slides:
            self._slides = False
            return
        self._pause.stop()
        self._step(self._tool.release(self._pointer(event)))

    def leave(self) -> None:
        """The pointer has left the canvas."""
        self._last, self._over_divider = None, False
        self._surface.show_step(self._tool.draft, None)

    def wheel(self, event: QWheelEvent) -> None:
        """Ctrl zooms about the pointer, Shift sizes the pen, Alt fades; else it scrolls."""
        viewport, ratio = self._surface.viewport, self._surface.pixel_ratio()
        if viewport is None:
            return
        event.accept()
        # With Alt, and on some systems with Shift, the turn arrives as a sideways one.
        turn = event.angleDelta()
        notches = (turn.y() or turn.x()) / NOTCH
        held = event.modifiers()
        if held & Qt.KeyboardModifier.ControlModifier:
            about = event.position() * ratio
            zoomed = viewport.zoomed(viewport.zoom * WHEEL_NOTCH**notches, (about.x(), about.y()))
            self._surface.set_viewport(zoomed)
        elif held & Qt.KeyboardModifier.ShiftModifier:
            self._surface.set_radius(self._surface.pen.radius * RADIUS_NOTCH**notches)
        elif held & Qt.KeyboardModifier.AltModifier:
            self._surface.set_opacity(self._surface.opacity + OPACITY_NOTCH * notches)
        else:
            shift = QPointF(event.pixelDelta())
            if shift.isNull():
                shift = QPointF(turn) / NOTCH * SCROLL_PER_NOTCH
            self._scroll(shift.x() * ratio, shift.y() * ratio)

    def pinch(self, event: QNativeGestureEvent) -> bool:
        """Two fingers on a touchpad zoom."""
        viewport = self._surface.viewport
        if viewport is None or event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
            return False
        about = event.position() * self._surface.pixel_ratio()
        zoom = viewport.zoom * max(0.1, 1 + event.value())
        self._surface.set_viewport(viewport.zoomed(zoom, (about.x(), about.y())))
        return True

    def claims(self, event: QKeyEvent) -> bool:
        """Whether a key is ours even where the window has a shortcut on it."""
        key = Qt.Key(event.key())
        wanted = TOOL_KEYS.get(key)
        return key == Qt.Key.Key_Space or (wanted is not None and self._tool.wants(wanted))

    def key_down(self, event: QKeyEvent) -> bool:
        """Whether the key meant something here."""
        key, held = Qt.Key(event.key()), event.modifiers() & ~_ON_KEYPAD
        if key == Qt.Key.Key_Space or (key == self.peek_key and not held):
            if not event.isAutoRepeat():
                self._hold(key, True)
            return True
        wanted = TOOL_KEYS.get(key)
        if wanted is not None and self._tool.wants(wanted):
            self._step(self._tool.key(wanted))
            return True
        arrow = ARROWS.get(key)
        return arrow is not None and self._go(*arrow, held)

    def _go(self, across: float, down: float, held: Qt.KeyboardModifier) -> bool:
        """An arrow key moves the view, with Shift the divider."""
        ratio = self._surface.pixel_ratio()
        if held == Qt.KeyboardModifier.ShiftModifier and across:
            return self._surface.nudge_divider(-across * DIVIDER_STEP * ratio)
        if held or self._surface.viewport is None:
            return False
        self._scroll(across * PAN_STEP * ratio, down * PAN_STEP * ratio)
        return True

    def _scroll(self, dx: float, dy: float) -> None:
        """Wheel and arrows never push a picture away that is in view as a whole."""
        viewport = self._surface.viewport
        if viewport is not None:
            scrolled = viewport.scrolled(dx, dy)
            if scrolled != viewport:
                self._surface.set_viewport(scrolled)

    def key_up(self, event: QKeyEvent) -> bool:
        """Whether a held key is let go."""
        key = Qt.Key(event.key())
        if event.isAutoRepeat() or (key != Qt.Key.Key_Space and key != self.peek_key):
            return False
        self._hold(key, False)
        return True

    def let_go(self) -> None:
        """The keyboard went elsewhere: nothing is held any more."""
        self._space = False
        self._surface.set_peeking(False)
        self._show_cursor()

    def _hold(self, key: Qt.Key, down: bool) -> None:
        if key == Qt.Key.Key_Space:
            self._space = down
            self._step(None)
        else:
            self._surface.set_peeking(down)

    def _hand(self) -> bool:
        return self._space or self._tool.cursor is ToolCursor.HAND or self._pans_from is not None

    def _step(self, outcome: Outcome | None) -> None:
        """Show what is half drawn now, then tell what is done."""
        self._surface.show_step(self._tool.draft, self._last)
        self._show_cursor()
        if outcome is not None:
            self._surface.tell_outcome(outcome)

    def _is_divider(self, place: QPointF) -> bool:
        """The divider gives way to a held Space and to what is half drawn."""
        free = not self._space and self._pans_from is None and self._tool.draft is None
        return free and self._surface.is_divider(place)

    def _show_cursor(self) -> None:
        if self._pans_from is not None:
            self._surface.show_cursor(Qt.CursorShape.ClosedHandCursor)
        elif self._slides or self._over_divider:
            self._surface.show_cursor(Qt.CursorShape.SplitHCursor)
        elif self._hand():
            self._surface.show_cursor(Qt.CursorShape.OpenHandCursor)
        else:
            self._surface.show_cursor(Qt.CursorShape.CrossCursor)

    def _tell_growing(self) -> None:
        if not self._tool.live or not isinstance(self._tool.draft, StrokeDraft):
            return
        if self._pause.isActive():
            self._pending = True
            return
        self._pending = False
        self._pause.start()
        self._surface.tell_growing(self._tool.draft)

    def _tell_pending(self) -> None:
        if self._pending:
            self._tell_growing()

    def _device(self, event: QSinglePointEvent) -> QPointF:
        return event.position() * self._surface.pixel_ratio()

    def _pointer(self, event: QMouseEvent) -> Pointer:
        viewport = self._surface.viewport
        self._last = place = self._device(event)
        held = event.modifiers()
        if viewport is None:
            return Pointer(0.0, 0.0)
        x, y = viewport.to_image(place.x(), place.y())
        # The other end of a tablet's pen is an eraser: it does what Alt does.
        turned = event.pointerType() == QPointingDevice.PointerType.Eraser
        return Pointer(
            x,
            y,
            button=Button.NONE if self._held is None else BUTTONS.get(self._held, Button.NONE),
            shift=bool(held & Qt.KeyboardModifier.ShiftModifier),
            alt=turned or bool(held & Qt.KeyboardModifier.AltModifier),
            ctrl=bool(held & Qt.KeyboardModifier.ControlModifier),
            reach=self._surface.pixel_ratio() / viewport.zoom,
            pen=self._surface.pen,
        )


_ON_KEYPAD = Qt.KeyboardModifier.KeypadModifier
