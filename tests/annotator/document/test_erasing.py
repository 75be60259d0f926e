"""Promises of erasing marks."""

import numpy as np
import pytest

from annotator.document.annotations import BitMask, Box, CueId, MaskPatch, Polygon, Stroke
from annotator.document.classes import ClassId
from annotator.document.edits import AddCue, RemoveCue, ReplaceCue
from annotator.document.erasing import erase_cues
from annotator.document.images import ImageId

ONE = ClassId(1)
IMAGE = ImageId(1)


class _Page:
    """As much of a project as erasing looks at."""

    def __init__(self, *cues: object) -> None:
        self._cues = cues
        self.images = {IMAGE: type("Entry", (), {"size": (100, 120)})()}

    def cues(self, _image_id: ImageId) -> tuple[object, ...]:
        return self._cues

    def next_cue_id(self) -> CueId:
        return CueId(50)


def square(x: int, y: int, side: int) -> BitMask:
    return BitMask.of(np.ones((side, side), np.bool_), (x, y))


def erase(mask: BitMask, *cues: object) -> list[AddCue | RemoveCue | ReplaceCue]:
    return erase_cues(_Page(*cues), IMAGE, mask)  # type: ignore[arg-type]


LINE = Stroke(CueId(1), ONE, ((10.0, 50.0), (100.0, 50.0)), 3.0)


def test_a_stroke_erased_in_its_middle_falls_into_two() -> None:
    first, second = erase(square(50, 45, 10), LINE)
    assert isinstance(first, ReplaceCue)
    assert isinstance(second, AddCue)
    left, right = first.after, second.cue
    assert isinstance(left, Stroke)
    assert isinstance(right, Stroke)
    assert left.points[0] == (10.0, 50.0)
    assert right.points[-1] == (100.0, 50.0)
    assert left.points[-1][0] == pytest.approx(46.5, abs=1.1)  # ink ends where erasing began
    assert right.points[0][0] == pytest.approx(63.5, abs=1.1)
    assert right.cue_id == CueId(50)
    assert len(left.points) == 2  # straight parts stay two points


def test_a_stroke_wholly_erased_goes() -> None:
    assert erase(square(0, 30, 110), LINE) == [RemoveCue(IMAGE, LINE)]
    dot = Stroke(CueId(2), ONE, ((20.0, 20.0),), 2.0)
    assert erase(square(18, 18, 4), dot) == [RemoveCue(IMAGE, dot)]


def test_what_is_not_touched_stays_as_it_is() -> None:
    box = Box(CueId(3), ONE, (5, 5, 90, 90))
    ring = Polygon(CueId(4), ONE, ((60, 60), (80, 60), (80, 80), (60, 80)))
    assert erase(square(30, 20, 6), LINE, box, ring) == []


def test_a_box_goes_only_when_its_outline_is_touched() -> None:
    box = Box(CueId(3), ONE, (5, 5, 90, 90))
    assert erase(square(2, 40, 6), box) == [RemoveCue(IMAGE, box)]


def test_a_polygon_keeps_the_pixels_that_were_not_touched() -> None:
    ring = Polygon(CueId(4), ONE, ((60, 60), (80, 60), (80, 80), (60, 80)))
    (edit,) = erase(square(60, 60, 10), ring)
    assert isinstance(edit, ReplaceCue)
    assert isinstance(edit.after, MaskPatch)
    assert edit.after.mask.array().sum() == 300
    assert edit.after.cue_id == ring.cue_id


def test_two_strokes_cut_by_one_gesture_get_different_new_ids() -> None:
    other = Stroke(CueId(9), ONE, ((10.0, 52.0), (100.0, 52.0)), 3.0)
    edits = erase(square(50, 45, 12), LINE, other)
    ids = [edit.cue.cue_id for edit in edits if isinstance(edit, AddCue)]
    assert len(set(ids)) == 2
