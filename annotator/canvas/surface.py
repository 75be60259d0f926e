"""The surface: what gestures may ask of the canvas and do to it."""

from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from annotator.canvas.pan_zoom import Viewport
from annotator.canvas.tool import Draft, Outcome, Pen, StrokeDraft


class Surface(Protocol):
    """What gestures act on: the canvas, in device pixels and image coordinates."""

    @property
    def viewport(self) -> Viewport | None:
        """None without an image."""

    @property
    def pen(self) -> Pen:
        """What is drawn with."""

    @property
    def opacity(self) -> float:
        """Of accepted areas."""

    def pixel_ratio(self) -> float:
        """Device pixels per logical pixel."""

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another part."""

    def set_radius(self, radius: float) -> None:
        """Another pen size, in image pixels."""

    def set_opacity(self, opacity: float) -> None:
        """More or less overlay."""

    def set_peeking(self, peeking: bool) -> None:
        """Only the bare image, or all."""

    def is_divider(self, place: QPointF) -> bool:
        """Whether the divider of a comparison is there, in device pixels."""

    def slide_divider(self, x: float) -> None:
        """The divider to another place, in device pixels."""

    def nudge_divider(self, step: float) -> bool:
        """The divider moved by device pixels; False where nothing is compared."""

    def show_step(self, draft: Draft | None, pointer: QPointF | None) -> None:
        """The draft, and the pointer in device pixels, as they are now."""

    def show_cursor(self, shape: Qt.CursorShape) -> None:
        """Another pointer."""

    def tell_growing(self, draft: StrokeDraft) -> None:
        """A stroke grows."""

    def tell_outcome(self, outcome: Outcome) -> None:
        """A gesture has ended in this."""

    def tell_pointer(self, x: float, y: float) -> None:
        """The pointer is over that point of the image."""
