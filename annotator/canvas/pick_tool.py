"""The picker: the class under the pointer becomes the chosen one."""

from typing import ClassVar

from annotator.canvas.tool import (
    Button,
    ClassPicked,
    Outcome,
    Pointer,
    RestingTool,
    Sight,
    ToolCursor,
)


class PickTool(RestingTool):
    """One click; outside the image it does nothing."""

    name: ClassVar[str] = "pick"
    cursor: ClassVar[ToolCursor] = ToolCursor.CROSS

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight

    def press(self, pointer: Pointer) -> Outcome | None:
        """Tell the class."""
        if pointer.button is not Button.LEFT:
            return None
        found = self._sight.class_at(pointer.x, pointer.y)
        return None if found is None else ClassPicked(found)
