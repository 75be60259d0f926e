"""The brush and the eraser: pixels as a bitmap, exactly those within the pen's way."""

from typing import ClassVar

from annotator.canvas.stroke_tool import StrokeTool
from annotator.canvas.tool import Button, Outcome, PatchPainted, Pointer, Sight, StrokeDraft
from annotator.document.annotations import ERASE, BitMask
from annotator.document.classes import ClassId
from annotator.document.rasterise import stroke_mask


class BrushTool(StrokeTool):
    """Paints the chosen class. The right button or Alt erases, as the eraser does at once.

    The bitmap is made once, on release, as the exact union of all discs along the way: no stamp is
    repeated, so the work grows with the outline of the stroke and hardly with the radius.
    """

    name: ClassVar[str] = "brush"
    live: ClassVar[bool] = False
    always_erases: ClassVar[bool] = False

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight

    def target_of(self, pointer: Pointer) -> ClassId:
        """The chosen class, or ERASE."""
        if self.always_erases or pointer.alt or pointer.button is Button.RIGHT:
            return ERASE
        return pointer.pen.target

    def outcome_of(self, draft: StrokeDraft) -> Outcome | None:
        """The painted pixels; nothing where the stroke missed the image."""
        origin, mask = stroke_mask(draft.points, draft.radius, self._sight.size)
        return PatchPainted(draft.target, BitMask.of(mask, origin)) if mask.size else None


class EraserTool(BrushTool):
    """A brush that takes away."""

    name: ClassVar[str] = "eraser"
    always_erases: ClassVar[bool] = True
