"""Tools without a screen: pointers in, one outcome out."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from annotator.canvas.accept_tools import AcceptBoxTool, AcceptRegionTool
from annotator.canvas.box_tool import BoxTool
from annotator.canvas.brush_tool import BrushTool, EraserTool
from annotator.canvas.fill_tool import FillTool
from annotator.canvas.pick_tool import PickTool
from annotator.canvas.polygon_tool import PolygonTool
from annotator.canvas.stroke_tool import StrokeTool
from annotator.canvas.tool import (
    AreaChosen,
    AreaDraft,
    BoxDrawn,
    Button,
    ClassPicked,
    HandlesDraft,
    PatchPainted,
    Pen,
    Pointer,
    PolygonDrawn,
    PolygonEdited,
    RegionChosen,
    RingDraft,
    StrokeDraft,
    StrokeDrawn,
    ToolKey,
)
from annotator.canvas.toolbox import all_tools
from annotator.document.annotations import ERASE, CueId, Polygon
from annotator.document.classes import BACKGROUND, ClassId

PEN = Pen(ClassId(4), 5.0)
TRIANGLE = ((10.0, 10.0), (40.0, 10.0), (25.0, 40.0))
SQUARE = ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0))


@dataclass
class ToySight:
    size: tuple[int, int] = (80, 100)
    proposal: np.ndarray | None = None
    cues: list = field(default_factory=list)

    def class_at(self, x: float, y: float) -> ClassId | None:
        return ClassId(7) if 0 <= x < self.size[1] and 0 <= y < self.size[0] else None


def step(x: float, y: float, **options) -> Pointer:
    return Pointer(x, y, pen=PEN, **options)


def press(x: float, y: float, **options) -> Pointer:
    return step(x, y, **{"button": Button.LEFT, **options})


def gesture(tool, points, **options):
    outcomes = [tool.press(press(*points[0], **options))]
    outcomes += [tool.move(press(*point, **options)) for point in points[1:]]
    outcomes.append(tool.release(press(*points[-1], **options)))
    done = [outcome for outcome in outcomes if outcome is not None]
    assert len(done) <= 1, "a gesture ends in one outcome"
    return done[0] if done else None


def test_a_scribble_is_the_way_of_the_pen() -> None:
    drawn = gesture(StrokeTool(), [(1, 2), (5, 2), (9, 4)])
    assert drawn == StrokeDrawn(ClassId(4), ((1, 2), (5, 2), (9, 4)), 5.0)


def test_a_click_leaves_one_point() -> None:
    assert gesture(StrokeTool(), [(3, 4)]) == StrokeDrawn(ClassId(4), ((3, 4),), 5.0)


@pytest.mark.parametrize("how", [{"button": Button.RIGHT}, {"alt": True}])
def test_the_right_button_or_alt_scribble_background(how) -> None:
    assert gesture(StrokeTool(), [(3, 4), (9, 9)], **how).target == BACKGROUND


def test_steps_finer_than_the_screen_are_left_out() -> None:
    points = [(x / 10, 0.0) for x in range(101)]
    drawn = gesture(StrokeTool(), points, reach=2.0)
    assert 5 <= len(drawn.points) <= 6


def test_each_draft_is_a_new_value() -> None:
    tool = StrokeTool()
    tool.press(press(1, 1))
    first = tool.draft
    tool.move(press(9, 9))
    assert first == StrokeDraft(ClassId(4), ((1, 1),), 5.0)
    assert tool.draft is not first


def test_a_cancelled_stroke_was_never_drawn() -> None:
    tool = StrokeTool()
    tool.press(press(1, 1))
    assert tool.wants(ToolKey.CANCEL)
    assert tool.key(ToolKey.CANCEL) is None
    assert tool.draft is None
    assert tool.release(press(9, 9)) is None
    assert not tool.wants(ToolKey.CANCEL)


def test_the_brush_paints_every_pixel_within_its_radius() -> None:
    painted = gesture(BrushTool(ToySight()), [(20, 30), (50, 30)])
    assert isinstance(painted, PatchPainted)
    assert painted.target == 4
    rows, columns = np.mgrid[:80, :100] + 0.5
    along = np.clip(columns, 20, 50)
    wanted = (columns - along) ** 2 + (rows - 30) ** 2 <= 25
    x0, y0, x1, y1 = painted.mask.box
    seen = np.zeros((80, 100), bool)
    seen[y0:y1, x0:x1] = painted.mask.array()
    assert np.array_equal(seen, wanted)


@pytest.mark.parametrize("how", [{"button": Button.RIGHT}, {"alt": True}])
def test_the_brush_erases_with_the_right_button_or_alt(how) -> None:
    assert gesture(BrushTool(ToySight()), [(20, 30)], **how).target == ERASE
    assert gesture(EraserTool(ToySight()), [(20, 30)]).target == ERASE


def test_a_brush_beside_the_image_paints_nothing() -> None:
    assert gesture(BrushTool(ToySight()), [(-50, -50), (-40, -60)]) is None


def test_a_box_has_ordered_corners_within_the_image() -> None:
    assert gesture(BoxTool(ToySight()), [(50, 40), (-9, 10)]) == BoxDrawn(
        ClassId(4), (0, 10, 50, 40)
    )


def test_shift_makes_a_square() -> None:
    drawn = gesture(BoxTool(ToySight()), [(10, 10), (30, 20)], shift=True)
    assert drawn.corners == (10, 10, 30, 30)


def test_a_slipped_click_is_no_box() -> None:
    assert gesture(BoxTool(ToySight()), [(10, 10), (13, 30)]) is None
    assert gesture(BoxTool(ToySight()), [(10, 10), (13, 30)], reach=0.1) is not None


def test_fill_is_the_connected_region_under_the_pointer() -> None:
    proposal = np.zeros((80, 100), np.uint8)
    proposal[10:20, 10:30] = 2
    proposal[40:50, 10:30] = 2
    tool = FillTool(ToySight(proposal=proposal))
    painted = tool.press(press(12.5, 19.5))
    assert painted.mask.box == (10, 10, 30, 20)
    assert painted.target == 4
    assert tool.press(press(12, 12, alt=True)).target == BACKGROUND
    assert tool.press(press(-1, 12)) is None
    assert FillTool(ToySight()).press(press(12, 12)) is None


def test_pick_tells_the_class_under_the_pointer() -> None:
    assert PickTool(ToySight()).press(press(5, 5)) == ClassPicked(ClassId(7))
    assert PickTool(ToySight()).press(press(-5, 5)) is None


def test_one_click_chooses_a_region_of_the_proposal() -> None:
    tool = AcceptRegionTool(ToySight(proposal=np.zeros((80, 100), np.uint8)))
    assert tool.press(press(12.9, 19.2)) == RegionChosen(12, 19)
    for outside in ((-0.5, 10), (100.0, 10), (10, 80.0)):
        assert tool.press(press(*outside)) is None
    assert tool.press(press(12, 19, button=Button.RIGHT)) is None
    assert AcceptRegionTool(ToySight()).press(press(12, 19)) is None


def test_a_dragged_box_chooses_every_pixel_it_touches() -> None:
    tool = AcceptBoxTool(ToySight(proposal=np.zeros((80, 100), np.uint8)))
    assert gesture(tool, [(30.5, 40.2), (10.7, 20.0)]) == AreaChosen((10, 20, 31, 41))
    assert gesture(tool, [(90, 70), (300, 300)]) == AreaChosen((90, 70, 100, 80))
    assert gesture(tool, [(30, 40), (31, 41)]) is None
    tool.press(press(10, 10))
    tool.move(press(30, 30))
    assert tool.draft == AreaDraft((10, 10, 30, 30))
    tool.key(ToolKey.CANCEL)
    assert tool.release(press(30, 30)) is None
    assert gesture(AcceptBoxTool(ToySight()), [(10, 10), (30, 30)]) is None


def draw_polygon(tool: PolygonTool, points) -> None:
    for point in points:
        assert gesture(tool, [point]) is None


@pytest.mark.parametrize("how", ["enter", "double", "first point"])
def test_a_polygon_closes_by_enter_double_click_or_its_first_point(how: str) -> None:
    tool = PolygonTool(ToySight())
    draw_polygon(tool, TRIANGLE)
    drawn = {
        "enter": lambda: tool.key(ToolKey.FINISH),
        "double": lambda: tool.double(press(*TRIANGLE[-1])),
        "first point": lambda: tool.press(press(11, 11)),
    }[how]()
    assert drawn == PolygonDrawn(ClassId(4), TRIANGLE)
    assert tool.draft is None


def test_two_points_do_not_close() -> None:
    tool = PolygonTool(ToySight())
    draw_polygon(tool, TRIANGLE[:2])
    assert tool.key(ToolKey.FINISH) is None
    assert isinstance(tool.draft, RingDraft)


def test_backspace_takes_the_last_point_back_and_the_last_of_all_ends_it() -> None:
    tool = PolygonTool(ToySight())
    draw_polygon(tool, TRIANGLE[:2])
    tool.key(ToolKey.BACK)
    assert tool.draft.ring == TRIANGLE[:1]
    tool.key(ToolKey.BACK)
    assert tool.draft is None


def test_esc_forgets_an_open_outline() -> None:
    tool = PolygonTool(ToySight())
    draw_polygon(tool, TRIANGLE)
    tool.key(ToolKey.CANCEL)
    assert tool.draft is None


def chosen() -> PolygonTool:
    tool = PolygonTool(ToySight(cues=[Polygon(CueId(9), ClassId(2), SQUARE)]))
    assert gesture(tool, [(35, 11)], reach=0.3) is None
    assert isinstance(tool.draft, HandlesDraft)
    return tool


def test_a_dragged_vertex_edits_the_polygon_once() -> None:
    edited = gesture(chosen(), [(60, 60), (65, 62), (70, 70)])
    assert edited == PolygonEdited(CueId(9), (*SQUARE[:2], (70, 70), SQUARE[3]), ())


def test_a_vertex_cannot_be_dragged_out_of_the_image() -> None:
    assert gesture(chosen(), [(60, 60), (300, 300)]).ring[2] == (100, 80)


def test_a_press_on_an_edge_puts_a_vertex_into_it() -> None:
    edited = gesture(chosen(), [(60, 35), (70, 35)])
    assert edited.ring == (*SQUARE[:2], (70, 35), *SQUARE[2:])


@pytest.mark.parametrize("how", ["ctrl", "delete"])
def test_a_vertex_is_deleted(how: str) -> None:
    tool = chosen()
    tool.move(step(60, 60))
    edited = tool.press(press(60, 60, ctrl=True)) if how == "ctrl" else tool.key(ToolKey.DELETE)
    assert edited.ring == (*SQUARE[:2], SQUARE[3])


def test_alt_inside_draws_a_hole() -> None:
    tool = chosen()
    for point in ((20, 20), (40, 20), (30, 40)):
        assert gesture(tool, [point], alt=True, reach=0.3) is None
    edited = tool.key(ToolKey.FINISH)
    assert edited == PolygonEdited(CueId(9), SQUARE, (((20, 20), (40, 20), (30, 40)),))


def test_esc_gives_a_half_drawn_hole_up_but_keeps_the_polygon() -> None:
    tool = chosen()
    gesture(tool, [(20, 20)], alt=True, reach=0.3)
    tool.key(ToolKey.CANCEL)
    assert tool.draft.opening == ()
    tool.key(ToolKey.CANCEL)
    assert tool.draft is None


def test_esc_in_mid_drag_gives_the_vertex_back() -> None:
    tool = chosen()
    tool.press(press(60, 60))
    tool.move(press(70, 70))
    tool.key(ToolKey.CANCEL)
    assert tool.draft.rings == (SQUARE,)
    assert tool.release(press(70, 70)) is None


def test_handles_follow_an_undo() -> None:
    tool = chosen()
    tool._sight.cues[:] = [Polygon(CueId(9), ClassId(2), TRIANGLE)]
    tool.refresh()
    assert tool.draft.rings == (TRIANGLE,)
    tool._sight.cues.clear()
    tool.refresh()
    assert tool.draft is None


def test_keys_that_mean_nothing_now_are_left_to_the_window() -> None:
    for tool in all_tools(ToySight()).values():
        assert not any(tool.wants(key) for key in ToolKey), tool.name
    tool = chosen()
    tool.move(step(30, 30))
    assert not tool.wants(ToolKey.FINISH)
    assert not tool.wants(ToolKey.DELETE)


def test_every_tool_has_a_name_of_its_own() -> None:
    assert list(all_tools(ToySight())) == [
        "scribble", "brush", "eraser", "box", "polygon", "fill", "pick",
        "accept_region", "accept_box", "pan",
    ]  # fmt: skip
