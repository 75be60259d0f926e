"""The canvas on an (unseen) screen: real events in, signals and pixels out.

Run whole once more at other device pixel ratios by `test_pixel_ratios`.
"""

import gc
import math
import os
import weakref

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
    new_canvas,
    turn_wheel,
)
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from annotator.canvas.overlay import PROPOSED_SHARE, Layer, ink_colour
from annotator.canvas.toolbox import all_tools
from annotator.document.annotations import BitMask, Box, CueId, MaskPatch, Polygon, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.label_map import Provenance

OPACITY = 0.45
EVERYWHERE = (HEIGHT, WIDTH)


def take(canvas, name: str):
    tool = all_tools(canvas.sight)[name]
    canvas.set_tool(tool)
    canvas.set_target(ClassId(2))
    return tool


def heard(signal) -> list:
    values = []
    signal.connect(lambda *value: values.append(value[0] if len(value) == 1 else value))
    return values


def accept_all(canvas, class_id: int, provenance: Provenance = Provenance.ACCEPTED) -> None:
    classes = np.full(EVERYWHERE, class_id, np.uint8)
    canvas.set_accepted(classes, np.full_like(classes, provenance))


def painted(canvas) -> None:
    canvas.grab()
    QApplication.processEvents()


@pytest.mark.parametrize("zoom", [None, 1.0, 3.7, 12.0])
def test_mouse_events_give_image_points_at_every_zoom(canvas, zoom) -> None:
    if zoom is not None:
        canvas.set_zoom(zoom)
    strokes = heard(canvas.stroke_drawn)
    take(canvas, "scribble")
    points = [(38.0, 29.0), (41.0, 30.0), (42.0, 33.0)]
    drag(canvas, points)
    unit = canvas.pixel_ratio() / canvas.viewport.zoom
    assert len(strokes) == 1
    assert np.allclose(strokes[0].points, points, atol=0.5 * unit + 1e-9)


def test_what_lies_under_the_pointer_is_what_it_points_at(canvas) -> None:
    picture = grey_picture()
    picture[20, 30] = BLUE
    canvas.show_image(picture)
    for zoom in (4.0, 9.3):
        canvas.set_zoom(zoom, canvas.to_view(QPointF(30, 20)))
        assert is_near(colour_at(canvas, (30.5, 20.5)), BLUE, 1)
        assert is_near(colour_at(canvas, (29.6, 20.5)), [GREY] * 3, 1)
        assert is_near(colour_at(canvas, (30.5, 21.4)), [GREY] * 3, 1)


def test_ctrl_wheel_zooms_about_the_pointer(canvas) -> None:
    place = QPointF(at(canvas, (20, 15)))
    before, zoom = canvas.to_image(place), canvas.viewport.zoom
    turn_wheel(canvas, 3, place, Qt.KeyboardModifier.ControlModifier)
    after = canvas.to_image(place)
    assert canvas.viewport.zoom > 1.5 * zoom
    assert (after - before).manhattanLength() < 2 / zoom


def test_the_wheel_scrolls_sizes_the_pen_and_fades(canvas) -> None:
    canvas.set_zoom(10.0 * canvas.pixel_ratio())
    place, top = QPointF(200, 150), canvas.viewport.top
    turn_wheel(canvas, -1, place)
    assert canvas.viewport.top < top
    turn_wheel(canvas, 2, place, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.pen.radius > 8
    turn_wheel(canvas, -1, place, Qt.KeyboardModifier.AltModifier)
    assert canvas.opacity == pytest.approx(OPACITY - 0.05)


def pan_by(canvas, how: str) -> None:
    start, end = at(canvas, (40, 30)), at(canvas, (45, 32))
    button = Qt.MouseButton.MiddleButton if how == "middle" else Qt.MouseButton.LeftButton
    if how == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    if how == "hand":
        take(canvas, "pan")
    QTest.mousePress(canvas, button, pos=start)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, button, pos=end)
    if how == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)


@pytest.mark.parametrize("how", ["middle", "space", "hand"])
def test_the_picture_follows_a_pan_and_nothing_is_drawn(canvas, how) -> None:
    canvas.set_zoom(6.0)
    take(canvas, "scribble")
    strokes = heard(canvas.stroke_drawn)
    place = QPointF(at(canvas, (45, 32)))
    pan_by(canvas, how)
    assert (canvas.to_image(place) - QPointF(40, 30)).manhattanLength() < 0.5
    assert strokes == []
    if how != "hand":
        click(canvas, (40, 30))
        assert len(strokes) == 1


def test_esc_cancels_whatever_is_half_drawn(canvas) -> None:
    told = [
        heard(signal) for signal in (canvas.stroke_drawn, canvas.box_drawn, canvas.patch_painted)
    ]
    for name in ("scribble", "brush", "eraser", "box"):
        tool = take(canvas, name)
        drag(canvas, [(10, 10), (30, 30)], let_go=False)
        assert tool.draft is not None
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
        assert tool.draft is None
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (30, 30)))
    assert told == [[], [], []]


def test_another_tool_or_picture_forgets_what_is_half_drawn(canvas) -> None:
    strokes = heard(canvas.stroke_drawn)
    for forget in (lambda: take(canvas, "box"), lambda: canvas.show_image(grey_picture())):
        take(canvas, "scribble")
        drag(canvas, [(10, 10), (30, 30)], let_go=False)
        forget()
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (30, 30)))
    assert strokes == []


def test_only_the_button_that_began_ends_a_stroke(canvas) -> None:
    strokes = heard(canvas.stroke_drawn)
    take(canvas, "scribble")
    drag(canvas, [(10, 10), (20, 20)], let_go=False)
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, pos=at(canvas, (20, 20)))
    assert strokes == []
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (30, 20)))
    assert [stroke.target for stroke in strokes] == [2]


def test_the_right_button_and_alt_scribble_background(canvas) -> None:
    strokes = heard(canvas.stroke_drawn)
    take(canvas, "scribble")
    click(canvas, (10, 10), button=Qt.MouseButton.RightButton)
    click(canvas, (12, 10), keys=Qt.KeyboardModifier.AltModifier)
    assert [stroke.target for stroke in strokes] == [BACKGROUND, BACKGROUND]


def test_every_gesture_ends_in_its_own_signal(canvas) -> None:
    canvas.set_proposal(np.ones(EVERYWHERE, np.uint8))
    signals = {
        "scribble": canvas.stroke_drawn,
        "brush": canvas.patch_painted,
        "eraser": canvas.patch_painted,
        "box": canvas.box_drawn,
        "fill": canvas.patch_painted,
        "pick": canvas.class_picked,
        "accept_region": canvas.region_chosen,
        "accept_box": canvas.area_chosen,
    }
    for name, signal in signals.items():
        values = heard(signal)
        take(canvas, name)
        drag(canvas, [(10, 10), (30, 30)])
        assert len(values) == 1, name
        signal.disconnect()


def test_a_growing_stroke_is_told_at_most_thirty_times_a_second(canvas, qtbot) -> None:
    growing = heard(canvas.stroke_growing)
    take(canvas, "scribble")
    drag(canvas, [(5 + k / 4, 20) for k in range(200)], let_go=False)
    assert 1 <= len(growing) < 100
    qtbot.waitUntil(lambda: growing[-1].points[-1][0] > 50, timeout=1000)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (54, 20)))
    count = len(growing)
    qtbot.wait(80)
    assert len(growing) == count


def test_a_polygon_is_drawn_chosen_and_edited_with_the_mouse(canvas) -> None:
    drawn, edited = heard(canvas.polygon_drawn), heard(canvas.polygon_edited)
    take(canvas, "polygon")
    for point in ((20, 20), (50, 20), (50, 45)):
        click(canvas, point)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, (50, 45)))
    assert len(drawn) == 1
    assert np.allclose(drawn[0].ring, ((20, 20), (50, 20), (50, 45)), atol=0.3)
    canvas.set_cues([Polygon(CueId(5), ClassId(2), drawn[0].ring)])
    click(canvas, (35, 20))
    drag(canvas, [(50, 45), (52, 48), (55, 50)])
    assert len(edited) == 1
    assert edited[0].cue_id == 5
    assert np.allclose(edited[0].ring[2], (55, 50), atol=0.3)


def test_keys_the_tool_needs_come_before_shortcuts_of_the_window(qtbot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    canvas = new_canvas()
    window.setCentralWidget(canvas)
    accepted = []
    shortcut = QShortcut(QKeySequence(Qt.Key.Key_Return), window)
    shortcut.activated.connect(lambda: accepted.append(1))
    window.show()
    window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    drawn = heard(canvas.polygon_drawn)
    take(canvas, "polygon")
    for point in ((20, 20), (50, 20), (50, 45)):
        click(canvas, point)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (len(drawn), accepted) == (1, [])
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert (len(drawn), accepted) == (1, [1])


def test_accepted_areas_are_denser_than_proposed_ones(canvas) -> None:
    canvas.set_proposal(np.ones(EVERYWHERE, np.uint8))
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY * PROPOSED_SHARE))
    accept_all(canvas, 1)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY))


def test_outlines_are_one_screen_pixel_thick_at_every_zoom(canvas) -> None:
    classes = np.zeros(EVERYWHERE, np.uint8)
    classes[20:40, 30:50] = 1
    canvas.set_accepted(classes, np.full_like(classes, Provenance.ACCEPTED))
    for zoom in (2.0, 7.0, 11.0):
        canvas.set_zoom(zoom * canvas.pixel_ratio(), canvas.to_view(QPointF(30, 30)))
        line = 1 / zoom
        assert is_near(colour_at(canvas, (30 + line / 2, 30.5)), mixed(ink_colour(RED), 0.95), 12)
        assert is_near(colour_at(canvas, (30 + 2.5 * line, 30.5)), mixed(RED, OPACITY))
        assert is_near(colour_at(canvas, (30 - line / 2, 30.5)), [GREY] * 3)


def test_drawn_areas_carry_a_hatch_and_accepted_ones_do_not(canvas) -> None:
    def spread() -> float:
        picture = canvas.grab().toImage()
        middle = canvas.to_view(QPointF(40, 30)) * picture.devicePixelRatio()
        x, y = int(middle.x()), int(middle.y())
        return float(np.std([picture.pixelColor(x + k, y).red() for k in range(42)]))

    accept_all(canvas, 1, Provenance.ACCEPTED)
    assert spread() == 0
    accept_all(canvas, 1, Provenance.DRAWN)
    assert spread() > 10


def test_strokes_are_solid_in_their_class_colour(canvas) -> None:
    canvas.set_cues([Stroke(CueId(1), ClassId(3), ((20, 30), (60, 30)), 3.0)])
    assert is_near(colour_at(canvas, (40, 30)), BLUE, 2)
    assert is_near(colour_at(canvas, (40, 36)), [GREY] * 3, 2)
    canvas.set_visible(Layer.CUES, False)
    assert is_near(colour_at(canvas, (40, 30)), [GREY] * 3, 2)


def test_boxes_polygons_and_patches_are_shown(canvas) -> None:
    patch = MaskPatch(CueId(3), ClassId(1), BitMask.of(np.ones((4, 4), bool), (2, 50)))
    ring = ((5.0, 5.0), (25.0, 5.0), (25.0, 25.0), (5.0, 25.0))
    canvas.set_cues(
        [Box(CueId(1), ClassId(3), (40, 10, 70, 40)), Polygon(CueId(2), ClassId(2), ring), patch]
    )
    assert not is_near(colour_at(canvas, (55, 10)), [GREY] * 3, 20)
    assert is_near(colour_at(canvas, (55, 25)), [GREY] * 3, 2)
    assert not is_near(colour_at(canvas, (15, 15)), [GREY] * 3, 10)
    assert is_near(colour_at(canvas, (4, 52)), mixed(RED, 160 / 255))


def test_a_stroke_shows_while_it_is_drawn_and_goes_with_esc(canvas) -> None:
    take(canvas, "scribble")
    canvas.set_radius(4)
    drag(canvas, [(20, 30), (60, 30)], let_go=False)
    assert is_near(colour_at(canvas, (40, 30)), mixed(GREEN, 0.85))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert is_near(colour_at(canvas, (40, 30)), [GREY] * 3, 2)


def test_a_stroke_that_crosses_itself_is_not_denser_and_survives_a_zoom(canvas) -> None:
    take(canvas, "scribble")
    canvas.set_radius(4)
    drag(canvas, [(20, 30), (60, 30), (20, 30), (60, 31)], let_go=False)
    assert is_near(colour_at(canvas, (40, 30)), mixed(GREEN, 0.85))
    canvas.set_zoom(canvas.viewport.zoom * 2)
    assert is_near(colour_at(canvas, (40, 30)), mixed(GREEN, 0.85))


def test_peeking_bares_the_image_for_as_long_as_the_key_is_held(canvas) -> None:
    accept_all(canvas, 1)
    QTest.keyPress(canvas, Qt.Key.Key_H)
    assert is_near(colour_at(canvas, (40.5, 30.5)), [GREY] * 3, 1)
    QTest.keyRelease(canvas, Qt.Key.Key_H)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY))


def test_doubt_and_outline_and_hidden_classes_show(canvas) -> None:
    accept_all(canvas, 1)
    canvas.set_filled(False)
    assert is_near(colour_at(canvas, (40.5, 30.5)), [GREY] * 3, 1)
    canvas.set_filled(True)
    canvas.set_hidden_classes([1])
    assert is_near(colour_at(canvas, (40.5, 30.5)), [GREY] * 3, 1)
    canvas.set_uncertainty(np.ones((3, 4), np.float32))
    assert not is_near(colour_at(canvas, (40.5, 30.5)), [GREY] * 3, 30)
    canvas.set_visible(Layer.DOUBT, False)
    assert is_near(colour_at(canvas, (40.5, 30.5)), [GREY] * 3, 1)


def test_hiding_what_was_accepted_uncovers_the_proposal(canvas) -> None:
    canvas.set_proposal(np.full(EVERYWHERE, 2, np.uint8))
    accept_all(canvas, 1)
    painted(canvas)
    canvas.set_visible(Layer.ACCEPTED, False)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(GREEN, OPACITY * PROPOSED_SHARE))
    canvas.set_visible(Layer.ACCEPTED, True)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY))


def test_another_colour_or_opacity_makes_no_tile_again(canvas) -> None:
    accept_all(canvas, 1)
    painted(canvas)
    photos, labels = canvas.remade.photos, canvas.remade.label_pixels
    canvas.set_class_colours({1: BLUE})
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(BLUE, OPACITY))
    canvas.set_opacity(0.8)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(BLUE, 0.8))
    assert (canvas.remade.photos, canvas.remade.label_pixels) == (photos, labels)


def test_a_patch_makes_only_its_own_pixels_again(canvas) -> None:
    accept_all(canvas, 1)
    painted(canvas)
    photos, labels = canvas.remade.photos, canvas.remade.label_pixels
    composed = canvas.remade.composed_pixels
    patch = np.full((6, 8), 2, np.uint8)
    canvas.patch_accepted((30, 20, 38, 26), patch, patch)
    assert is_near(colour_at(canvas, (34.5, 23.5)), mixed(GREEN, OPACITY))
    assert is_near(colour_at(canvas, (44.5, 23.5)), mixed(RED, OPACITY))
    zoom = canvas.viewport.zoom
    largest = (8 * zoom + 8) * (6 * zoom + 8)
    assert canvas.remade.photos == photos
    assert 0 < canvas.remade.label_pixels - labels <= largest
    assert 0 < canvas.remade.composed_pixels - composed <= largest


def test_a_new_cue_makes_no_labels_again_and_a_pan_only_what_comes_into_view(canvas) -> None:
    canvas.set_zoom(10.0 * canvas.pixel_ratio())
    accept_all(canvas, 1)
    painted(canvas)
    labels = canvas.remade.label_pixels
    canvas.set_cues([Stroke(CueId(1), ClassId(3), ((20, 30), (60, 30)), 3.0)])
    painted(canvas)
    assert canvas.remade.label_pixels == labels
    canvas.set_viewport(canvas.viewport.panned(3, 3))
    painted(canvas)
    canvas.set_viewport(canvas.viewport.panned(-3, -3))
    painted(canvas)
    seen = canvas.remade.label_pixels
    canvas.set_viewport(canvas.viewport.panned(2, 2))
    painted(canvas)
    assert canvas.remade.label_pixels == seen


def test_undoing_a_cue_leaves_no_trace(canvas) -> None:
    cue = Stroke(CueId(1), ClassId(3), ((20, 30), (60, 30)), 3.0)
    before = canvas.grab().toImage()
    canvas.set_cues([cue])
    painted(canvas)
    canvas.set_cues([])
    assert canvas.grab().toImage() == before


def test_without_a_picture_gestures_do_nothing_and_layers_are_refused(canvas) -> None:
    canvas.show_image(None)
    strokes = heard(canvas.stroke_drawn)
    take(canvas, "scribble")
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=canvas.rect().center())
    turn_wheel(canvas, 1, QPointF(50, 50), Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    painted(canvas)
    assert strokes == []
    with pytest.raises(ValueError, match="no picture"):
        canvas.set_proposal(None)


def test_a_fitted_picture_stays_fitted_and_a_zoomed_one_keeps_its_middle(canvas) -> None:
    canvas.resize(600, 500)
    (left, top), (width, height) = canvas.viewport.origin, canvas.viewport.extent
    assert left > 0
    assert abs(2 * left + width - canvas.viewport.view[0]) <= 1
    canvas.set_zoom(20.0)
    middle = canvas.to_image(QPointF(300, 250))
    canvas.resize(500, 400)
    assert (canvas.to_image(QPointF(250, 200)) - middle).manhattanLength() < 0.2
    assert top >= 0 or height > 0


def test_a_picture_of_the_same_size_can_keep_the_view(canvas) -> None:
    canvas.set_zoom(20.0)
    before = canvas.viewport
    canvas.show_image(grey_picture(), keep_view=True)
    assert canvas.viewport == before
    canvas.show_image(grey_picture(33, 44), keep_view=True)
    assert canvas.viewport.zoom != 20.0


def test_the_canvas_is_named_and_takes_the_keyboard(canvas) -> None:
    assert canvas.accessibleName()
    assert canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus
    left = canvas.viewport.left
    canvas.set_zoom(20.0)
    left = canvas.viewport.left
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport.left < left


def test_a_closed_canvas_is_freed_with_its_picture(qtbot) -> None:
    view = new_canvas()
    take(view, "polygon")
    accept_all(view, 1)
    painted(view)
    scene, seen = weakref.ref(view.sight), weakref.ref(view)
    count = len(QApplication.topLevelWidgets())
    view.close()
    view.deleteLater()
    del view
    QApplication.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
    QApplication.processEvents()
    gc.collect()
    assert seen() is None
    assert scene() is None
    assert len(QApplication.topLevelWidgets()) < count


def test_memory_of_tiles_is_bounded_while_wandering(canvas) -> None:
    canvas.show_image(grey_picture(3000, 4000))
    canvas.set_zoom(1.0)
    for k in range(60):
        canvas.set_viewport(canvas.viewport.centred((60 * k, 45 * k)))
        painted(canvas)
    assert len(canvas.sight.scene._tiles) <= 64 + 3 * 16 * 9


def test_without_time_a_zoom_shows_the_last_picture_stretched_and_then_the_true_one(
    canvas, qtbot
) -> None:
    accept_all(canvas, 1)
    painted(canvas)
    canvas.frame_budget = -1.0
    labels = canvas.remade.label_pixels
    canvas.set_zoom(canvas.viewport.zoom * 2)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY))
    assert canvas.remade.label_pixels == labels
    canvas.frame_budget = math.inf
    qtbot.waitUntil(lambda: canvas.remade.label_pixels > labels, timeout=2000)
    assert is_near(colour_at(canvas, (40.5, 30.5)), mixed(RED, OPACITY))


def test_without_time_the_first_picture_is_the_bare_image(canvas, qtbot) -> None:
    canvas.frame_budget = -1.0
    picture = grey_picture()
    picture[:] = BLUE
    canvas.show_image(picture)
    accept_all(canvas, 1)
    assert is_near(colour_at(canvas, (40.5, 30.5)), BLUE, 1)
    canvas.frame_budget = math.inf
    qtbot.waitUntil(lambda: canvas.remade.label_pixels > 0, timeout=2000)


def test_the_scale_of_the_screen_is_the_one_asked_for(canvas) -> None:
    assert canvas.pixel_ratio() == float(os.environ.get("QT_SCALE_FACTOR", "1"))


@pytest.mark.parametrize("seed", range(4))
def test_no_order_of_actions_breaks_the_canvas(canvas, seed) -> None:
    """Five hundred random actions; pytest-qt fails on an exception in any event."""
    generator = np.random.default_rng(seed)
    tools = list(all_tools(canvas.sight).values())
    buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton)
    held = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier)
    held += (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)
    keys = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
    keys += (Qt.Key.Key_Space, Qt.Key.Key_H, Qt.Key.Key_Left)
    cues: list[Polygon] = []
    canvas.polygon_drawn.connect(
        lambda p: canvas.set_cues([*cues, Polygon(CueId(1), p.target, p.ring, p.holes)])
    )

    def any_place() -> QPoint:
        return QPoint(int(generator.integers(-50, 450)), int(generator.integers(-50, 350)))

    def one_of(choices):
        return choices[int(generator.integers(len(choices)))]

    size = (HEIGHT, WIDTH)
    actions = (
        lambda: QTest.mousePress(canvas, one_of(buttons), one_of(held), any_place()),
        lambda: QTest.mouseMove(canvas, any_place()),
        lambda: QTest.mouseMove(canvas, any_place()),
        lambda: QTest.mouseRelease(canvas, one_of(buttons), one_of(held), any_place()),
        lambda: QTest.mouseDClick(canvas, one_of(buttons), one_of(held), any_place()),
        lambda: QTest.keyPress(canvas, one_of(keys)),
        lambda: QTest.keyRelease(canvas, one_of(keys)),
        lambda: turn_wheel(canvas, generator.normal(), QPointF(any_place()), one_of(held)),
        lambda: canvas.set_tool(one_of(tools)),
        lambda: canvas.set_radius(float(generator.exponential(30))),
        lambda: canvas.set_proposal(generator.integers(0, 4, size).astype(np.uint8)),
        lambda: canvas.patch_accepted((1, 2, 4, 4), *np.ones((2, 2, 3), np.uint8)),
        lambda: canvas.resize(int(generator.integers(1, 500)), int(generator.integers(1, 400))),
        lambda: canvas.set_cues([]),
        lambda: painted(canvas),
    )
    for _ in range(500):
        one_of(actions)()
    assert canvas.viewport is not None
    assert canvas.viewport == canvas.viewport.kept_visible()
