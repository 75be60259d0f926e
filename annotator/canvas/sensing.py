"""Sensing: the events of a widget on their way to the gestures, and outcomes out as signals."""

from PySide6.QtCore import QEvent, Signal, SignalInstance
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from annotator.canvas.gestures import Gestures
from annotator.canvas.tool import (
    AreaChosen,
    BoxDrawn,
    ClassPicked,
    Outcome,
    PatchPainted,
    PolygonDrawn,
    PolygonEdited,
    RegionChosen,
    StrokeDraft,
    StrokeDrawn,
)


class SensingWidget(QWidget):
    """Feeds ``_gestures``, which whoever extends it makes, and tells what they end in."""

    stroke_drawn = Signal(object)  # StrokeDrawn
    stroke_growing = Signal(object)  # StrokeDraft, at most thirty times a second
    box_drawn = Signal(object)  # BoxDrawn
    polygon_drawn = Signal(object)  # PolygonDrawn
    polygon_edited = Signal(object)  # PolygonEdited
    patch_painted = Signal(object)  # PatchPainted
    class_picked = Signal(object)  # ClassPicked
    region_chosen = Signal(object)  # RegionChosen
    area_chosen = Signal(object)  # AreaChosen
    pointer_moved = Signal(float, float)  # image coordinates

    _gestures: Gestures

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
            RegionChosen: self.region_chosen,
            AreaChosen: self.area_chosen,
        }
        signals[type(outcome)].emit(outcome)

    def event(self, event: QEvent) -> bool:
        """Keys that the tool needs now come before shortcuts of the window."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if self._gestures.claims(event):
                event.accept()
                return True
        elif kind == QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            return self._gestures.pinch(event)
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
