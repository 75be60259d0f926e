"""Accepting by hand: a region of the proposal with one click, a part of it with one drag."""

import math
from typing import ClassVar

from annotator.canvas.box_tool import BoxTool, Corners
from annotator.canvas.tool import (
    AreaChosen,
    AreaDraft,
    Button,
    Draft,
    Outcome,
    Pointer,
    RegionChosen,
    RestingTool,
    Sight,
    ToolCursor,
)


class AcceptRegionTool(RestingTool):
    """One click on a region; nothing outside the image or where nothing is proposed."""

    name: ClassVar[str] = "accept_region"
    cursor: ClassVar[ToolCursor] = ToolCursor.CROSS

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight

    def press(self, pointer: Pointer) -> Outcome | None:
        """Tell the pixel."""
        height, width = self._sight.size
        inside = 0 <= pointer.x < width and 0 <= pointer.y < height
        if self._sight.proposal is None or not inside or pointer.button is not Button.LEFT:
            return None
        return RegionChosen(int(pointer.x), int(pointer.y))


class AcceptBoxTool(BoxTool):
    """Drag from corner to corner; every pixel that the box touches is meant."""

    name: ClassVar[str] = "accept_box"

    def press(self, pointer: Pointer) -> Outcome | None:
        """The first corner, where anything is proposed."""
        return None if self._sight.proposal is None else super().press(pointer)

    def draft_of(self, corners: Corners) -> Draft:
        """A box of no class."""
        return AreaDraft(corners)

    def outcome_of(self, corners: Corners) -> Outcome:
        """The touched pixels."""
        x0, y0, x1, y1 = corners
        return AreaChosen((math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)))
