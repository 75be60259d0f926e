"""The scribble: a weak cue, a few points of a class or of the background."""

import math
from typing import ClassVar

from annotator.canvas.tool import (
    Button,
    Outcome,
    Pointer,
    RestingTool,
    StrokeDraft,
    StrokeDrawn,
    ToolCursor,
)
from annotator.document.annotations import Point
from annotator.document.classes import BACKGROUND, ClassId

FINEST_STEP = 1.0  # screen pixels: a hand resolves no less, and strokes stay short


class StrokeTool(RestingTool):
    """Press, lead, release. A click leaves one point. The right button or Alt: background."""

    name: ClassVar[str] = "scribble"
    cursor: ClassVar[ToolCursor] = ToolCursor.RING
    live: ClassVar[bool] = True

    def press(self, pointer: Pointer) -> Outcome | None:
        """Begin."""
        if self._draft is None and pointer.button is not Button.NONE:
            target = self.target_of(pointer)
            self._draft = StrokeDraft(target, (pointer.point,), pointer.pen.radius)
        return None

    def move(self, pointer: Pointer) -> Outcome | None:
        """Lead the pen, if it is down."""
        if isinstance(self._draft, StrokeDraft):
            self._draft = grown(self._draft, pointer.point, FINEST_STEP * pointer.reach)
        return None

    def release(self, pointer: Pointer) -> Outcome | None:
        """Lift the pen: the stroke is drawn."""
        draft, self._draft = self._draft, None
        if not isinstance(draft, StrokeDraft):
            return None
        return self.outcome_of(grown(draft, pointer.point, FINEST_STEP * pointer.reach))

    def target_of(self, pointer: Pointer) -> ClassId:
        """What a stroke that begins so stands for."""
        if pointer.button is Button.RIGHT or pointer.alt:
            return BACKGROUND
        return pointer.pen.target

    def outcome_of(self, draft: StrokeDraft) -> Outcome | None:
        """What a stroke that ends so has drawn."""
        return StrokeDrawn(draft.target, draft.points, draft.radius)


def grown(draft: StrokeDraft, point: Point, step: float) -> StrokeDraft:
    """The stroke led on to ``point``, or as it was if that is no whole ``step`` away."""
    if math.dist(draft.points[-1], point) < step:
        return draft
    return StrokeDraft(draft.target, (*draft.points, point), draft.radius)
