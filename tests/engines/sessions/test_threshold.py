"""A class is proposed only where its probability reaches the threshold; what is drawn stands."""

import numpy as np
import pytest
from fewshot_toys import ToyBackbone, scene, strokes, support

from engines.exchange import BACKGROUND_ROW, Mark, Prediction, Query, Shot
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions


def prediction(*planes: list[float], fixed: tuple[Mark, ...] = ()) -> Prediction:
    values = np.array(planes, np.float32)[:, None]
    return Prediction((1, 2), values, (1, values.shape[2]), 0, fixed)


def test_pixels_below_it_are_background_and_those_that_reach_it_stay() -> None:
    sure = prediction([0.1, 0.3, 0.2, 0.6], [0.7, 0.4, 0.5, 0.2], [0.2, 0.3, 0.3, 0.2])
    assert row_map(sure).tolist() == [[1, 1, 1, 0]]
    assert row_map(sure, threshold=0.5).tolist() == [[1, 0, 1, 0]]
    assert row_map(sure, threshold=0.0).tolist() == row_map(sure).tolist()


def test_drawn_pixels_stand_whatever_the_threshold() -> None:
    drawn = Mark(2, (0, 0), np.ones((1, 2), np.bool_))
    unsure = prediction([0.3] * 3, [0.4] * 3, [0.3] * 3, fixed=(drawn,))
    assert row_map(unsure, threshold=0.9).tolist() == [[2, 2, 0]]


@pytest.mark.parametrize("refine", [False, True])
def test_the_live_answer_and_the_full_one_agree_on_it(refine: bool) -> None:
    image, rows = scene(0)
    session = FewShotSession(backbone=ToyBackbone(), options=SessionOptions(192, refine=refine))
    session.set_support(support(Shot(image, strokes(rows))))
    query = Query(scene(3)[0])
    full = session.predict(query)
    before = row_map(full)
    for threshold in (0.0, 0.5, 0.8, 0.95):
        quick = session.answer(query, threshold=threshold).rows
        wanted = row_map(full, threshold=threshold)
        assert (quick == wanted).mean() > 0.995
        unsure = full.probabilities.max(0) < threshold
        assert (wanted[unsure] == BACKGROUND_ROW).all()
        np.testing.assert_array_equal(wanted[~unsure], before[~unsure])
