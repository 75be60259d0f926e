"""What is laid beside or over the labels: two sides, changes, patterns, marks, notices.

Run whole once more at other device pixel ratios by `test_pixel_ratios`.
"""

import numpy as np
import pytest
from canvas_toys import (
    BLUE,
    GREEN,
    GREY,
    HEIGHT,
    RED,
    WIDTH,
    at,
    click,
    colour_at,
    drag,
    grey_picture,
    is_near,
    mixed,
    turn_wheel,
)
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.canvas.overlay import CHANGE_COLOURS, PROPOSED_SHARE, Change, Layer
from annotator.canvas.toolbox import all_tools
from annotator.document.annotations import CueId, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.label_map import Provenance

OPACITY = 0.45
SIZE = (HEIGHT, WIDTH)
ACCEPTED, PROPOSED = mixed(RED, OPACITY), mixed(GREEN, OPACITY * PROPOSED_SHARE)
LEFT_SIDE, RIGHT_SIDE = (12.5, 40.5), (68.5, 40.5)


def compared(canvas) -> None:
    canvas.set_accepted(np.full(SIZE, 1, np.uint8), np.full(SIZE, Provenance.ACCEPTED, np.uint8))
    canvas.set_proposal(np.full(SIZE, 2, np.uint8))
    canvas.set_comparing(True)


def divider_at(canvas) -> float:
    """Image column of the divider."""
    x = canvas._divider.place(canvas.viewport) / canvas.pixel_ratio()
    return canvas.to_image(QPointF(x, 0)).x()


def spread(canvas, point=(40, 30)) -> float:
    picture = canvas.grab().toImage()
    middle = canvas.to_view(QPointF(*point)) * picture.devicePixelRatio()
    x, y = int(middle.x()), int(middle.y())
    values = [picture.pixelColor(x + k, y + j).red() for k in range(40) for j in range(40)]
    return float(np.std(values))


def test_what_is_accepted_stands_left_and_what_is_proposed_right(canvas) -> None:
    compared(canvas)
    assert is_near(colour_at(canvas, LEFT_SIDE), ACCEPTED)
    assert is_near(colour_at(canvas, RIGHT_SIDE), PROPOSED)
    canvas.set_comparing(False)
    assert is_near(colour_at(canvas, RIGHT_SIDE), ACCEPTED)


def test_a_dragged_divider_uncovers_the_other_side_and_draws_nothing(canvas) -> None:
    compared(canvas)
    strokes = []
    canvas.stroke_drawn.connect(strokes.append)
    canvas.set_tool(all_tools(canvas.sight)["scribble"])
    drag(canvas, [(40, 50), (50, 50), (75, 50)])
    assert divider_at(canvas) == pytest.approx(75, abs=0.5)
    assert is_near(colour_at(canvas, RIGHT_SIDE), ACCEPTED)
    drag(canvas, [(75, 50), (40, 50), (5, 50)])
    assert is_near(colour_at(canvas, LEFT_SIDE), PROPOSED)
    assert strokes == []
    click(canvas, (60, 20))
    assert len(strokes) == 1


def test_sliding_the_divider_makes_no_pixel_again(canvas) -> None:
    compared(canvas)
    canvas.grab()
    made = canvas.remade.label_pixels, canvas.remade.composed_pixels
    drag(canvas, [(40, 50), (20, 50), (60, 50)])
    canvas.grab()
    assert divider_at(canvas) == pytest.approx(60, abs=0.5)
    assert (canvas.remade.label_pixels, canvas.remade.composed_pixels) == made


def test_shift_and_arrows_move_the_divider_which_never_leaves_the_picture(canvas) -> None:
    compared(canvas)
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert divider_at(canvas) > 42
    for _ in range(40):
        QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert divider_at(canvas) == pytest.approx(0, abs=0.5)
    canvas.set_comparing(False)
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert divider_at(canvas) == pytest.approx(0, abs=0.5)


def test_the_pointer_tells_where_the_divider_is(canvas) -> None:
    compared(canvas)
    canvas.set_tool(all_tools(canvas.sight)["scribble"])
    QTest.mouseMove(canvas, at(canvas, (40, 50)))
    assert canvas.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mouseMove(canvas, at(canvas, (20, 50)))
    assert canvas.cursor().shape() == Qt.CursorShape.CrossCursor


def test_both_sides_are_named_on_the_picture(canvas) -> None:
    compared(canvas)
    for point in ((33.0, 3.0), (47.0, 3.0)):
        colour = colour_at(canvas, point)
        assert max(colour) < 90 or min(colour) > 150, "a dark plate with light words"


def test_half_an_outline_is_not_torn_by_the_divider(canvas) -> None:
    compared(canvas)
    polygons = []
    canvas.polygon_drawn.connect(polygons.append)
    canvas.set_tool(all_tools(canvas.sight)["polygon"])
    for point in ((20, 20), (40, 20), (40, 45)):
        click(canvas, point)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert len(polygons) == 1
    assert divider_at(canvas) == pytest.approx(40, abs=0.5)


def test_peeking_bares_both_sides(canvas) -> None:
    compared(canvas)
    QTest.keyPress(canvas, Qt.Key.Key_H)
    for point in (LEFT_SIDE, RIGHT_SIDE, (40.1, 50.0)):
        assert is_near(colour_at(canvas, point), [GREY] * 3, 1)


def test_a_new_label_shows_while_two_sides_are_compared(canvas) -> None:
    compared(canvas)
    canvas.grab()
    patch = np.full((10, 10), 3, np.uint8)
    canvas.patch_accepted((10, 36, 20, 46), patch, np.full_like(patch, Provenance.ACCEPTED))
    assert is_near(colour_at(canvas, LEFT_SIDE), mixed(BLUE, OPACITY))
    canvas.set_proposal(np.full(SIZE, 3, np.uint8))
    assert is_near(colour_at(canvas, RIGHT_SIDE), mixed(BLUE, OPACITY * PROPOSED_SHARE))


def test_changes_lie_over_everything_and_the_rest_steps_back(canvas) -> None:
    canvas.set_accepted(np.full(SIZE, 1, np.uint8), np.full(SIZE, Provenance.ACCEPTED, np.uint8))
    usual = colour_at(canvas, (60.5, 30.5))
    kinds = np.zeros(SIZE, np.uint8)
    kinds[10:50, 10:40] = Change.ADDED
    canvas.set_difference(kinds)
    places = [(20 + x, 25 + y) for x in np.linspace(0, 4, 8) for y in np.linspace(0, 4, 8)]
    seen = np.median([colour_at(canvas, place) for place in places], axis=0)
    blue = np.array(CHANGE_COLOURS[Change.ADDED])
    assert np.abs(seen - blue).sum() < np.abs(seen - np.array(usual)).sum()
    quiet = np.array(colour_at(canvas, (60.5, 30.5)))
    assert np.abs(quiet - GREY).sum() < 0.6 * np.abs(np.array(usual) - GREY).sum()
    canvas.set_difference(None)
    assert colour_at(canvas, (60.5, 30.5)) == colour_at(canvas, (24.9, 30.9)) == usual


def test_changes_that_do_not_fit_the_picture_are_refused(canvas) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        canvas.set_difference(np.zeros((3, 3), np.uint8))
    canvas.show_image(None)
    with pytest.raises(ValueError, match="no picture"):
        canvas.set_difference(None)


def test_patterns_part_classes_without_colour_and_outlive_the_picture(canvas) -> None:
    canvas.set_class_colours({1: RED, 2: RED})
    canvas.set_accepted(np.full(SIZE, 1, np.uint8), np.full(SIZE, Provenance.ACCEPTED, np.uint8))
    assert spread(canvas) == 0
    canvas.set_hatching(True)
    first = canvas.grab().toImage()
    canvas.set_accepted(np.full(SIZE, 2, np.uint8), np.full(SIZE, Provenance.ACCEPTED, np.uint8))
    assert spread(canvas) > 10
    assert canvas.grab().toImage() != first
    canvas.show_image(grey_picture())
    canvas.set_proposal(np.full(SIZE, 1, np.uint8))
    assert spread(canvas) > 10


def test_marks_and_drawn_areas_hide_each_by_themselves(canvas) -> None:
    canvas.set_accepted(np.full(SIZE, 1, np.uint8), np.full(SIZE, Provenance.DRAWN, np.uint8))
    canvas.set_proposal(np.full(SIZE, 2, np.uint8))
    canvas.set_cues([Stroke(CueId(1), ClassId(3), ((10, 10), (70, 10)), 3.0)])
    canvas.set_visible(Layer.DRAWN, False)
    assert is_near(colour_at(canvas, (40.5, 40.5)), PROPOSED)
    assert is_near(colour_at(canvas, (40, 10)), BLUE, 2)
    canvas.set_visible(Layer.CUES, False)
    assert is_near(colour_at(canvas, (40, 10)), PROPOSED)


@pytest.mark.parametrize("ground", [4, 100, 252])
def test_marks_stand_out_from_every_picture_and_background_looks_like_no_class(
    canvas, ground: int
) -> None:
    canvas.show_image(np.full((*SIZE, 3), ground, np.uint8))
    canvas.set_class_colours({1: (ground,) * 3})
    strokes = [
        Stroke(CueId(1), ClassId(1), ((10, 15), (70, 15)), 3.0),
        Stroke(CueId(2), BACKGROUND, ((10, 45), (70, 45)), 3.0),
    ]
    canvas.set_cues(strokes)
    picture = canvas.grab().toImage()
    ratio = picture.devicePixelRatio()

    def column(x: float, y: float) -> list[int]:
        middle = canvas.to_view(QPointF(x, y)) * ratio
        reach = int(5 * canvas.viewport.zoom)
        return [picture.pixelColor(int(middle.x()), int(middle.y()) + k).red()
                for k in range(-reach, reach)]  # fmt: skip

    around = column(40, 15)
    assert max(around) - min(around) > 70, "a rim parts a mark of the picture's own colour"
    along = [min(column(x, 45)) for x in np.linspace(20, 60, 60)]
    core = [picture.pixelColor(*(int(v) for v in
            (canvas.to_view(QPointF(x, 45)) * ratio).toTuple())).red()
            for x in np.linspace(20, 60, 120)]  # fmt: skip
    assert max(along) < 80, "a dark core"
    assert max(core) > 150 > 80 > min(core), "with light dashes along its middle"


def test_a_growing_background_stroke_is_dashed_like_a_finished_one(canvas) -> None:
    canvas.set_tool(all_tools(canvas.sight)["scribble"])
    canvas.set_radius(4)
    way = [(x, 30) for x in range(10, 71, 5)]
    drag(canvas, way, button=Qt.MouseButton.RightButton, let_go=False)
    picture = canvas.grab().toImage()
    ratio = picture.devicePixelRatio()
    places = [canvas.to_view(QPointF(x, 30)) * ratio for x in np.linspace(14, 66, 200)]
    values = [picture.pixelColor(int(p.x()), int(p.y())).red() for p in places]
    assert max(values) > 150
    assert min(values) < 80


def test_the_other_end_of_a_tablet_pen_erases(canvas) -> None:
    patches = []
    canvas.patch_painted.connect(patches.append)
    canvas.set_tool(all_tools(canvas.sight)["brush"])
    canvas.set_target(ClassId(2))
    pen = QPointingDevice(
        "pen", 7, QPointingDevice.DeviceType.Stylus, QPointingDevice.PointerType.Eraser,
        QPointingDevice.Capability.Position, 1, 1,
    )  # fmt: skip
    place = QPointF(at(canvas, (40, 30)))
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        event = QMouseEvent(
            kind, place, canvas.mapToGlobal(place), Qt.MouseButton.LeftButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pen,
        )  # fmt: skip
        QApplication.sendEvent(canvas, event)
    assert [patch.target for patch in patches] == [-1]


def test_a_whole_picture_in_view_is_not_scrolled_away(canvas) -> None:
    before = canvas.viewport
    turn_wheel(canvas, -5, QPointF(200, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport == before
    canvas.resize(300, 200)
    assert canvas.viewport.zoom != before.zoom, "and it stays fitted"


def shows_words(canvas) -> bool:
    """Whether anything but the ground is on the screen."""
    picture = canvas.grab().toImage()
    ground = picture.pixelColor(0, 0)
    places = [(x, y) for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 2)]
    return any(picture.pixelColor(x, y) != ground for x, y in places)


def test_without_a_picture_a_line_says_what_to_do(canvas) -> None:
    canvas.show_image(None)
    assert "gallery" in canvas.accessibleDescription()
    assert shows_words(canvas)
    canvas.show_notice("'a.png' cannot be read: it ends too early.", "problem")
    assert "ends too early" in canvas.accessibleDescription()
    canvas.show_image(grey_picture())
    assert "draw" in canvas.accessibleDescription()
    assert is_near(colour_at(canvas, (40, 30)), [GREY] * 3, 1)


def test_while_a_picture_is_read_the_old_one_is_gone_and_its_name_waits_a_moment(
    canvas, qtbot
) -> None:
    canvas.set_cues([Stroke(CueId(1), ClassId(3), ((20, 30), (60, 30)), 3.0)])
    canvas.show_loading("next.png")
    assert not shows_words(canvas)
    qtbot.waitUntil(lambda: shows_words(canvas), timeout=3000)
    assert "next.png" in canvas.accessibleDescription()
    click_place = canvas.rect().center()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=click_place)
    canvas.show_image(grey_picture())
    assert is_near(colour_at(canvas, (40, 30)), [GREY] * 3, 1)


def test_a_picture_that_comes_quickly_is_never_announced(canvas, qtbot) -> None:
    canvas.show_loading("next.png")
    canvas.show_image(grey_picture())
    qtbot.wait(260)
    assert "next.png" not in canvas.accessibleDescription()
    assert canvas._notice is None


def test_the_view_is_kept_over_the_time_of_reading(canvas) -> None:
    canvas.set_zoom(20.0)
    before = canvas.viewport
    canvas.show_loading("next.png")
    canvas.show_image(grey_picture(), keep_view=True)
    assert canvas.viewport == before
