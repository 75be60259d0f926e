"""All tools there are, in the order of the tool strip."""

from annotator.canvas.accept_tools import AcceptBoxTool, AcceptRegionTool
from annotator.canvas.box_tool import BoxTool
from annotator.canvas.brush_tool import BrushTool, EraserTool
from annotator.canvas.fill_tool import FillTool
from annotator.canvas.pan_tool import PanTool
from annotator.canvas.pick_tool import PickTool
from annotator.canvas.polygon_tool import PolygonTool
from annotator.canvas.stroke_tool import StrokeTool
from annotator.canvas.tool import Sight, Tool


def all_tools(sight: Sight) -> dict[str, Tool]:
    """One of each, by name; ``sight`` is what they may see of the picture."""
    tools: tuple[Tool, ...] = (
        StrokeTool(),
        BrushTool(sight),
        EraserTool(sight),
        BoxTool(sight),
        PolygonTool(sight),
        FillTool(sight),
        PickTool(sight),
        AcceptRegionTool(sight),
        AcceptBoxTool(sight),
        PanTool(),
    )
    return {tool.name: tool for tool in tools}
