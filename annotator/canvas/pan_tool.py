"""The hand: drag the picture. The same as holding Space or the middle button with any tool."""

from typing import ClassVar

from annotator.canvas.tool import RestingTool, ToolCursor


class PanTool(RestingTool):
    """Draws nothing; its cursor tells the canvas that a drag moves the picture."""

    name: ClassVar[str] = "pan"
    cursor: ClassVar[ToolCursor] = ToolCursor.HAND
