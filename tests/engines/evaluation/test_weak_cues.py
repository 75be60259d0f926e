"""Promises of weak cues made from masks."""

import numpy as np
import pytest

from engines.evaluation.support_cues import CueMaker
from engines.evaluation.weak_cues import boxes, coverage, full_masks, scribbles
from engines.exchange import MarkKind


@pytest.fixture
def rows() -> np.ndarray:
    """A disc (1), a bar (2), one lonely pixel (3), unsaid corner, background."""
    y, x = np.mgrid[:120, :160]
    rows = np.zeros((120, 160), np.uint8)
    rows[(x - 40) ** 2 + (y - 60) ** 2 < 30**2] = 1
    rows[20:100, 100:112] = 2
    rows[10, 140] = 3
    rows[110:, 150:] = 255
    return rows


@pytest.mark.parametrize("style", ["robot", "strokes"])
def test_a_scribble_stays_within_its_region(rows: np.ndarray, style: str) -> None:
    marks = scribbles(rows, style=style, radius=2.0, seed=3)  # type: ignore[arg-type]
    assert {mark.row for mark in marks} == {0, 1, 2, 3}
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        assert (rows[y0:y1, x0:x1][mark.mask] == mark.row).all()
        assert mark.kind is MarkKind.STROKE


def test_the_robot_draws_along_a_bar(rows: np.ndarray) -> None:
    bar = next(m for m in scribbles(rows, style="robot", radius=1.0, seed=0) if m.row == 2)
    height = bar.box[3] - bar.box[1]
    width = bar.box[2] - bar.box[0]
    assert height > 45
    assert width <= 8


def test_the_same_seed_draws_the_same(rows: np.ndarray) -> None:
    one, two = (scribbles(rows, style="strokes", radius=2.0, seed=5) for _ in range(2))
    other = scribbles(rows, style="strokes", radius=2.0, seed=6)
    assert [m.key for m in one] == [m.key for m in two]
    assert [m.key for m in one] != [m.key for m in other]


def test_a_box_is_tight_and_background_has_none(rows: np.ndarray) -> None:
    found = {mark.row: mark.box for mark in boxes(rows)}
    assert set(found) == {1, 2, 3}
    assert found[2] == (100, 20, 112, 100)


def test_masks_leave_the_unsaid_unsaid(rows: np.ndarray) -> None:
    marks = full_masks(rows)
    assert sum(int(mark.mask.sum()) for mark in marks) == rows.size - int((rows == 255).sum())
    assert coverage(marks, rows.shape) == pytest.approx(1 - 100 / rows.size)


def test_words_and_tags_draw_nothing_but_say_what_is_there(rows: np.ndarray) -> None:
    made = CueMaker("none").make(rows, "a")
    assert made.marks == ()
    assert made.present == {1, 2, 3}
    assert CueMaker("scribble", "strokes").words == "scribble (strokes)"
