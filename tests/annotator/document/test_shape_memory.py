"""Remembered bitmaps are those that drawing afresh gives, and they take bounded room."""

import numpy as np
import pytest

from annotator.document.annotations import CueId, Stroke
from annotator.document.classes import ClassId
from annotator.document.rasterise import composite, drawn
from annotator.document.shape_memory import ShapeMemory

SIZE = (80, 100)


def _stroke(number: int) -> Stroke:
    track = ((5.0 * number, 10.0), (5.0 * number + 30, 60.0))
    return Stroke(CueId(number), ClassId(number % 3 + 1), track, 4.0)


def test_marks_are_the_same_with_and_without_it() -> None:
    memory, cues = ShapeMemory(), [_stroke(number) for number in range(8)]
    for count in (4, 8, 6):
        plain = composite(cues[:count], SIZE, lambda asked: asked)
        quick = composite(cues[:count], SIZE, lambda asked: asked, draw=memory.drawn)
        assert [mark.origin for mark in quick] == [mark.origin for mark in plain]
        for one, other in zip(quick, plain, strict=True):
            np.testing.assert_array_equal(one.mask, other.mask)


def test_a_cue_is_drawn_once_for_each_size_and_nobody_writes_to_it() -> None:
    memory, cue = ShapeMemory(), _stroke(1)
    first = memory.drawn(cue, SIZE)
    assert memory.drawn(cue, SIZE) is first
    assert memory.drawn(cue, (20, 20))[1].shape != first[1].shape
    with pytest.raises(ValueError, match="read-only"):
        first[1][0, 0] = True


def test_the_longest_unused_make_room() -> None:
    cues = [_stroke(number) for number in range(3)]
    sizes = [drawn(cue, SIZE)[1].nbytes for cue in cues]
    memory = ShapeMemory(sum(sizes) - 1)
    kept = [memory.drawn(cue, SIZE) for cue in cues]
    assert memory.drawn(cues[2], SIZE) is kept[2]
    assert memory.drawn(cues[0], SIZE) is not kept[0]
