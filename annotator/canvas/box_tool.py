"""The box: one drag around one object."""

import math
from typing import ClassVar

from annotator.canvas.tool import (
    BoxDraft,
    BoxDrawn,
    Button,
    Draft,
    Outcome,
    Pen,
    Pointer,
    RestingTool,
    Sight,
    ToolCursor,
)
from annotator.document.annotations import Point

Corners = tuple[float, float, float, float]  # x0, y0, x1, y1 in image coordinates

SMALLEST_ON_SCREEN = 4.0  # screen pixels: less is a click that slipped
SMALLEST = 1.0  # image pixels


class BoxTool(RestingTool):
    """Drag from corner to corner; Shift keeps it square. It never leaves the image."""

    name: ClassVar[str] = "box"
    cursor: ClassVar[ToolCursor] = ToolCursor.CROSS

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight
        self._start: Point = (0.0, 0.0)
        self._pen = Pen()

    def press(self, pointer: Pointer) -> Outcome | None:
        """The first corner."""
        if self._draft is None and pointer.button is Button.LEFT:
            self._start, self._pen = pointer.point, pointer.pen
            self._draft = self.draft_of(self._corners(pointer))
        return None

    def move(self, pointer: Pointer) -> Outcome | None:
        """The other corner follows."""
        if self._draft is not None:
            self._draft = self.draft_of(self._corners(pointer))
        return None

    def release(self, pointer: Pointer) -> Outcome | None:
        """The box, unless it is too small to be meant."""
        draft, self._draft = self._draft, None
        if draft is None:
            return None
        x0, y0, x1, y1 = corners = self._corners(pointer)
        smallest = max(SMALLEST, SMALLEST_ON_SCREEN * pointer.reach)
        return None if min(x1 - x0, y1 - y0) < smallest else self.outcome_of(corners)

    def draft_of(self, corners: Corners) -> Draft:
        """The half-drawn box."""
        return BoxDraft(self._pen.target, corners)

    def outcome_of(self, corners: Corners) -> Outcome:
        """What the finished box means."""
        return BoxDrawn(self._pen.target, corners)

    def _corners(self, pointer: Pointer) -> Corners:
        height, width = self._sight.size
        x, y = squared(self._start, pointer.point) if pointer.shift else pointer.point
        xs = sorted(min(max(value, 0.0), float(width)) for value in (self._start[0], x))
        ys = sorted(min(max(value, 0.0), float(height)) for value in (self._start[1], y))
        return xs[0], ys[0], xs[1], ys[1]


def squared(start: Point, end: Point) -> Point:
    """``end`` moved so that both sides are as long as the longer one."""
    across, down = end[0] - start[0], end[1] - start[1]
    side = max(abs(across), abs(down))
    return start[0] + math.copysign(side, across), start[1] + math.copysign(side, down)
