"""The fill: the connected region of the proposal under the pointer becomes a bitmap."""

from typing import ClassVar

from annotator.canvas.region import region_at
from annotator.canvas.tool import (
    Button,
    Outcome,
    PatchPainted,
    Pointer,
    RestingTool,
    Sight,
    ToolCursor,
)
from annotator.document.classes import BACKGROUND


class FillTool(RestingTool):
    """One click gives the region the chosen class; the right button or Alt: background."""

    name: ClassVar[str] = "fill"
    cursor: ClassVar[ToolCursor] = ToolCursor.CROSS

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight

    def press(self, pointer: Pointer) -> Outcome | None:
        """The region, or nothing outside the image or where nothing is proposed."""
        proposal = self._sight.proposal
        height, width = self._sight.size
        inside = 0 <= pointer.x < width and 0 <= pointer.y < height
        if proposal is None or not inside or pointer.button is Button.NONE:
            return None
        clears = pointer.alt or pointer.button is Button.RIGHT
        mask = region_at(proposal, row=int(pointer.y), column=int(pointer.x))
        return PatchPainted(BACKGROUND if clears else pointer.pen.target, mask)
