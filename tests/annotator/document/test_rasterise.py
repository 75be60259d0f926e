"""Promises of turning cues into pixels, checked pixel by pixel against naive loops."""

import math
import time
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from annotator.document.annotations import (
    ERASE,
    BitMask,
    Box,
    Cue,
    CueId,
    ImageTag,
    MaskPatch,
    Polygon,
    Stroke,
    TextPrompt,
)
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.errors import InvalidEdit
from annotator.document.rasterise import (
    DrawnMark,
    Placed,
    box_mask,
    composite,
    polygon_mask,
    stroke_mask,
)

CAT, DOG = ClassId(1), ClassId(2)
THINNEST = 0.5
ROUNDING = 1e-5  # how near a rim a centre may lie before either answer is right

sizes = st.tuples(st.integers(1, 17), st.integers(1, 17))
coordinates = st.one_of(
    st.integers(-24, 80).map(lambda quarter: quarter / 4),
    st.floats(-6, 20, allow_nan=False, width=32),
)
points = st.tuples(coordinates, coordinates)
tracks = st.lists(points, min_size=1, max_size=6)
radii = st.one_of(st.just(0.0), st.floats(0, 7, width=32), st.sampled_from((0.5, 1.0, 2.5)))


def whole(placed: Placed, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Lay a bitmap on an empty image; fails if any of it lies outside."""
    (x, y), mask = placed
    image = np.zeros(size, np.bool_)
    assert x >= 0
    assert y >= 0
    image[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
    assert image.sum() == mask.sum()
    return image


def distance_to_segment(p: tuple[float, float], a: tuple[float, float], b: tuple[float, float]):
    along = (b[0] - a[0], b[1] - a[1])
    square = along[0] ** 2 + along[1] ** 2
    share = 0.0
    if square > 0:
        share = ((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / square
    share = min(1.0, max(0.0, share))
    return math.hypot(p[0] - a[0] - share * along[0], p[1] - a[1] - share * along[1])


def inside_evenodd(p: tuple[float, float], ring: list[tuple[float, float]]) -> bool | None:
    """Even-odd by counting crossings to the left; None where the centre lies on an edge."""
    inside = False
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        if (a[1] <= p[1]) == (b[1] <= p[1]):
            continue
        x = a[0] + (p[1] - a[1]) * (b[0] - a[0]) / (b[1] - a[1])
        if abs(x - p[0]) < ROUNDING:
            return None
        inside ^= x < p[0]
    return inside


def centres(size: tuple[int, int]):
    return [(r, c, (c + 0.5, r + 0.5)) for r in range(size[0]) for c in range(size[1])]


@settings(max_examples=150, deadline=None)
@given(tracks, radii, sizes)
def test_a_stroke_holds_exactly_the_centres_within_its_radius(track, radius, size) -> None:
    drawn = whole(stroke_mask(track, radius, size), size)
    under = {(math.floor(y), math.floor(x)) for x, y in track}
    segments = list(pairwise(track)) or [(track[0], track[0])]
    reach = max(radius, THINNEST)
    for r, c, centre in centres(size):
        distance = min(distance_to_segment(centre, a, b) for a, b in segments)
        if abs(distance - reach) > ROUNDING:
            assert drawn[r, c] == (distance < reach or (r, c) in under), (r, c)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 15), st.floats(1, 15)), min_size=2, max_size=6))
def test_the_thinnest_stroke_is_one_connected_line(track) -> None:
    from scipy.ndimage import label

    drawn = whole(stroke_mask(track, 0.0, (16, 16)), (16, 16))
    assert label(drawn, np.ones((3, 3)))[1] == 1


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True), radii, sizes)
def test_a_click_inside_the_image_marks_the_pixel_under_it(right, down, radius, size) -> None:
    point = right * size[1], down * size[0]
    column, row = math.floor(point[0]), math.floor(point[1])
    assume(column < size[1] and row < size[0])  # rounding may reach the border
    assert whole(stroke_mask([point], radius, size), size)[row, column]


def test_centres_exactly_on_the_rim_of_the_pen_are_within() -> None:
    drawn = whole(stroke_mask([(4.5, 4.5)], 3.0, (9, 9)), (9, 9))
    assert drawn[4, 1]
    assert drawn[1, 4]
    assert drawn[7, 4]
    assert drawn[4, 7]
    assert not drawn[1, 2]
    assert drawn.sum() == 29


@pytest.mark.parametrize("track", [[(-9.0, 4.0)], [(30.0, 2.0), (40.0, 9.0)], [(-5, -5), (20, -5)]])
def test_a_stroke_wholly_outside_is_empty(track) -> None:
    origin, mask = stroke_mask(track, 2.0, (10, 10))
    assert mask.size == 0
    assert origin == (0, 0)


def test_a_stroke_without_points_is_empty() -> None:
    assert stroke_mask([], 3.0, (10, 10))[1].size == 0


def test_a_stroke_is_cropped_to_its_pixels() -> None:
    (x, y), mask = stroke_mask([(50.5, 20.5), (60.5, 20.5)], 1.0, (100, 100))
    assert (x, y) == (49, 19)
    assert mask.shape == (3, 13)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_absurd_points_are_refused_in_words(bad: float) -> None:
    with pytest.raises(InvalidEdit, match="nowhere near the image"):
        stroke_mask([(bad, 1.0)], 1.0, (5, 5))
    with pytest.raises(InvalidEdit, match="nowhere near the image"):
        polygon_mask([(0, 0), (bad, 1), (2, 2)], [], (5, 5))
    with pytest.raises(InvalidEdit, match="nowhere near the image"):
        box_mask((0, 0, bad, 1), (5, 5))


@pytest.mark.parametrize("radius", [-1.0, math.nan, math.inf])
def test_absurd_radii_are_refused_in_words(radius: float) -> None:
    with pytest.raises(InvalidEdit, match="radius"):
        stroke_mask([(1.0, 1.0)], radius, (5, 5))


def test_a_long_stroke_on_a_large_photograph_is_fast() -> None:
    angles = np.linspace(0, 40, 1000)
    track = [(3000 + 70 * a * math.cos(a), 2000 + 45 * a * math.sin(a)) for a in angles.tolist()]
    began = time.perf_counter()
    stroke_mask(track, 12.0, (4000, 6000))
    assert time.perf_counter() - began < 2.0  # some 60 ms on one core; room for busy machines


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=3, max_size=8), st.lists(tracks, max_size=2), sizes)
def test_a_polygon_holds_the_centres_inside_its_ring_and_no_hole(ring, holes, size) -> None:
    drawn = whole(polygon_mask(ring, holes, size), size)
    for r, c, centre in centres(size):
        answers = [inside_evenodd(centre, shape) for shape in [ring, *holes]]
        if None not in answers:
            in_hole = any(
                answer and len(hole) >= 3 for answer, hole in zip(answers[1:], holes, strict=True)
            )
            assert drawn[r, c] == (answers[0] and not in_hole), (r, c)


@settings(max_examples=100, deadline=None)
@given(points, points, points, points)
def test_polygons_along_a_common_edge_share_no_pixel_and_leave_none_out(a, b, left, right) -> None:
    size = (16, 16)
    side = [(p[0] - a[0]) * (b[1] - a[1]) - (p[1] - a[1]) * (b[0] - a[0]) for p in (left, right)]
    assume(side[0] * side[1] < 0)
    first = whole(polygon_mask([a, b, left], [], size), size)
    second = whole(polygon_mask([b, a, right], [], size), size)
    both = whole(polygon_mask([a, left, b, right], [], size), size)
    assert not (first & second).any()
    on_rims = (first | second) ^ both
    for r, c in zip(*on_rims.nonzero(), strict=True):
        assert inside_evenodd((c + 0.5, r + 0.5), [a, left, b, right]) is None


@pytest.mark.parametrize("ring", [[], [(1, 1)], [(1, 1), (9, 9)], [(1, 1), (5, 5), (9, 9)]])
def test_a_ring_that_encloses_nothing_is_empty(ring) -> None:
    assert not polygon_mask(ring, [], (12, 12))[1].any()


def test_a_hole_as_large_as_its_ring_leaves_nothing() -> None:
    ring = [(1, 1), (9, 1), (9, 9), (1, 9)]
    assert polygon_mask(ring, [ring], (12, 12))[1].size == 0


def test_a_hole_reaching_out_of_its_ring_adds_nothing() -> None:
    ring = [(2, 2), (6, 2), (6, 6), (2, 6)]
    hole = [(4, 0), (12, 0), (12, 12), (4, 12)]
    drawn = whole(polygon_mask(ring, [hole], (12, 12)), (12, 12))
    assert np.array_equal(np.argwhere(drawn), [(r, c) for r in range(2, 6) for c in (2, 3)])


@settings(max_examples=150, deadline=None)
@given(st.tuples(coordinates, coordinates, coordinates, coordinates), sizes)
def test_a_box_holds_the_centres_inside_and_never_vanishes_within_the_image(corners, size) -> None:
    drawn = whole(box_mask(corners, size), size)
    x0, x1 = sorted(corners[::2])
    y0, y1 = sorted(corners[1::2])
    columns = [c for c in range(size[1]) if x0 <= c + 0.5 < x1]
    rows = [r for r in range(size[0]) if y0 <= r + 0.5 < y1]
    if rows and columns:
        assert drawn.sum() == len(rows) * len(columns)
        assert drawn[np.ix_(rows, columns)].all()
    elif 0 <= x0 < size[1] and 0 <= y0 < size[0]:
        assert drawn.any()
    elif x1 < 0 or y1 < 0 or x0 >= size[1] or y0 >= size[0]:
        assert not drawn.any()


def same(class_id: ClassId) -> ClassId:
    return class_id


def square(cue_id: int, target: ClassId, x0: float, y0: float, x1: float, y1: float) -> Polygon:
    return Polygon(CueId(cue_id), target, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def pixels(mark: DrawnMark) -> set[tuple[int, int]]:
    return {(int(r) + mark.origin[1], int(c) + mark.origin[0]) for r, c in np.argwhere(mark.mask)}


@st.composite
def some_cues(draw: st.DrawFn) -> list[Cue]:
    cues: list[Cue] = []
    for number in range(draw(st.integers(0, 7))):
        cue_id = CueId(number)
        target = draw(st.sampled_from((CAT, DOG, BACKGROUND, ClassId(3), ClassId(4))))
        kind = draw(st.sampled_from(("stroke", "erase", "polygon", "patch", "box", "words")))
        if kind in ("stroke", "erase"):
            chosen = ERASE if kind == "erase" else target
            cues.append(Stroke(cue_id, chosen, tuple(draw(tracks)), draw(radii)))
        elif kind == "polygon":
            cues.append(Polygon(cue_id, target, tuple(draw(st.lists(points, max_size=5)))))
        elif kind == "patch":
            bits = draw(st.lists(st.booleans(), min_size=12, max_size=12))
            place = draw(st.tuples(st.integers(-4, 16), st.integers(-4, 16)))
            cues.append(MaskPatch(cue_id, target, BitMask.of(np.reshape(bits, (3, 4)), place)))
        elif kind == "box":
            cues.append(Box(cue_id, target, (*draw(points), *draw(points))))
        else:
            cues.append(TextPrompt(cue_id, target, "a cat"))
    return cues


def merged(class_id: ClassId) -> ClassId | None:
    """Class 3 went into DOG, class 4 was removed."""
    return {ClassId(3): DOG, ClassId(4): None}.get(class_id, class_id)


def shape_of(cue: Cue, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    if isinstance(cue, Stroke):
        return whole(stroke_mask(cue.points, cue.radius, size), size)
    if isinstance(cue, Polygon):
        return whole(polygon_mask(cue.ring, cue.holes, size), size)
    drawn = np.zeros(size, np.bool_)
    assert isinstance(cue, MaskPatch)
    for r, c in np.argwhere(cue.mask.array()):
        y, x = r + cue.mask.origin[1], c + cue.mask.origin[0]
        if 0 <= y < size[0] and 0 <= x < size[1]:
            drawn[y, x] = True
    return drawn


@settings(max_examples=200, deadline=None)
@given(some_cues(), sizes)
def test_marks_are_what_painting_over_and_over_leaves(cues, size) -> None:
    owner = np.full(size, -1)
    for number, cue in enumerate(cues):
        if isinstance(cue, Box | TextPrompt) or merged(cue.target) is None:
            continue
        owner[shape_of(cue, size)] = -1 if cue.target == ERASE else number
    marks = composite(cues, size, merged)
    hard = {mark.cue_id: mark for mark in marks if not mark.weak}
    for number, cue in enumerate(cues):
        expected = {(int(r), int(c)) for r, c in np.argwhere(owner == number)}
        mark = hard.get(cue.cue_id)
        assert (pixels(mark) if mark else set()) == expected
        if mark:
            assert mark.target == merged(cue.target)
            assert mark.mask.any(axis=0)[[0, -1]].all()
            assert mark.mask.any(axis=1)[[0, -1]].all()
    weak = [mark.cue_id for mark in marks if mark.weak]
    boxes = [cue for cue in cues if isinstance(cue, Box) and merged(cue.target) is not None]
    assert weak == [cue.cue_id for cue in boxes if box_mask(cue.corners, size)[1].any()]
    assert [mark.cue_id for mark in marks] == sorted(mark.cue_id for mark in marks)


def test_a_later_cue_takes_pixels_from_an_earlier_one() -> None:
    below, above = composite(
        [square(1, CAT, 0, 0, 6, 6), square(2, DOG, 3, 0, 9, 6)], (10, 10), same
    )
    assert below.mask.shape == (6, 3)
    assert above.mask.sum() == 36


def test_a_cue_painted_over_altogether_vanishes() -> None:
    marks = composite([square(1, CAT, 2, 2, 4, 4), square(2, DOG, 0, 0, 9, 9)], (10, 10), same)
    assert [mark.cue_id for mark in marks] == [2]


def test_erasing_takes_from_all_that_was_drawn_before_and_nothing_after() -> None:
    erase = Stroke(CueId(3), ERASE, ((5.0, 5.0),), 20.0)
    cues = [square(1, CAT, 0, 0, 4, 4), square(2, DOG, 5, 5, 9, 9), erase]
    assert composite(cues, (10, 10), same) == ()
    assert len(composite([*cues, square(4, CAT, 0, 0, 4, 4)], (10, 10), same)) == 1


def test_boxes_are_weak_and_neither_take_nor_lose_pixels() -> None:
    box = Box(CueId(1), CAT, (0, 0, 5, 5))
    erase = Stroke(CueId(3), ERASE, ((0.0, 0.0),), 2.0)
    kept, drawn = composite([box, erase, square(2, DOG, 0, 0, 9, 9)], (10, 10), same)
    assert kept.weak
    assert kept.mask.sum() == 25
    assert not drawn.weak
    assert drawn.mask.sum() == 81


def test_what_lay_under_a_removed_class_shows_again() -> None:
    cues = [square(1, CAT, 0, 0, 5, 5), square(2, DOG, 0, 0, 9, 9)]
    (mark,) = composite(cues, (10, 10), lambda asked: None if asked == DOG else asked)
    assert mark.cue_id == 1
    assert mark.mask.sum() == 25


def test_words_and_tags_draw_nothing() -> None:
    cues = [TextPrompt(CueId(1), CAT, "cat"), ImageTag(CueId(2), DOG, True)]
    assert composite(cues, (10, 10), same) == ()


def test_background_is_a_target_like_any_other() -> None:
    (mark,) = composite([square(1, BACKGROUND, 0, 0, 3, 3)], (10, 10), same)
    assert mark.target == BACKGROUND


def test_marks_cannot_be_written_to() -> None:
    marks = composite([square(1, CAT, 0, 0, 3, 3), Box(CueId(2), CAT, (0, 0, 2, 2))], (9, 9), same)
    for mark in marks:
        with pytest.raises(ValueError, match="read-only"):
            mark.mask[0, 0] = False
