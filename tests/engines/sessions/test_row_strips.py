"""Promises of the short way to rows: it says what the long way through probabilities says."""

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, masks, scene, strokes, support

import engines.sessions.row_strips as row_strips
from engines.device import choose_device
from engines.errors import Cancelled
from engines.exchange import ArrayImage, Prediction, Query, Shot
from engines.fewshot.method import UNSEEN_LOGIT
from engines.reporting import CancelToken, SilentReporter
from engines.row_map import row_map
from engines.sessions.encoding import KEPT_IMAGES
from engines.sessions.fewshot_session import FewShotSession, SessionOptions
from engines.sessions.row_strips import standing_rows

CPU = choose_device("cpu", precision="float32")


def _session(**changes: object) -> FewShotSession:
    session = FewShotSession(**({"backbone": ToyBackbone(), "device": CPU} | changes))
    image, rows = scene(0)
    session.set_support(support(Shot(image, strokes(rows))))
    return session


def _margin(prediction: Prediction) -> np.ndarray:
    top = np.sort(prediction.probabilities, 0)
    return top[-1] - top[-2]


@pytest.mark.parametrize("method", ["probe", "panet"])
@pytest.mark.parametrize("size", [(128, 192), (208, 304), (90, 700), (560, 1040)])
@pytest.mark.parametrize("refine", [True, False])
def test_rows_and_doubt_are_those_of_the_probabilities(
    method: str, size: tuple[int, int], refine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_strips, "STRIP_VALUES", 20_000)
    session = _session(method=method, backbone="filters", options=SessionOptions(refine=refine))
    image, rows = scene(1, size=size)
    query = Query(image, strokes(rows))
    long, short = session.predict(query), session.answer(query)
    sure = _margin(long) > 1e-4
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(short.rows[sure], row_map(long)[sure])
    step = -(-max(size) // 512)
    doubt = 1 - _margin(long)[::step, ::step]
    assert short.uncertainty.shape == doubt.shape
    np.testing.assert_allclose(short.uncertainty / 255, doubt, atol=1.5 / 255)
    assert short.doubt == pytest.approx(doubt.mean(), abs=2e-3)
    assert short.support_version == long.support_version


def test_what_is_not_likely_enough_is_background() -> None:
    session = _session()
    query = Query(scene(1)[0])
    long = session.predict(query)
    likeliest = long.probabilities.max(0)
    threshold = float(np.median(likeliest[row_map(long) > 0]))
    short = session.answer(query, threshold=threshold)
    clear = np.abs(likeliest - threshold) > 1e-5
    wanted = row_map(long, threshold=threshold)
    assert (wanted != row_map(long)).any()
    np.testing.assert_array_equal(short.rows[clear], wanted[clear])


def test_a_row_said_to_be_absent_wins_nowhere() -> None:
    session = _session()
    image, rows = scene(0)
    before = session.answer(Query(image)).rows
    assert (before == 2).any()
    session.set_support(support(Shot(image, strokes(rows), absent=frozenset({2}))))
    assert not (session.answer(Query(image)).rows == 2).any()


def test_rows_without_a_chance_do_not_stand_unless_all_are_barred() -> None:
    logits = torch.zeros(1, 4, 2, 2)
    logits[:, 2] = UNSEEN_LOGIT
    assert standing_rows(logits, frozenset({0})) == [1, 3]
    assert standing_rows(logits, frozenset({0, 1, 3})) == [0, 1, 3]
    assert standing_rows(torch.full((1, 2, 2, 2), UNSEEN_LOGIT), frozenset()) == [0]


def test_the_person_is_certain_of_what_was_drawn() -> None:
    session = _session()
    image, rows = scene(1, size=(600, 900))
    marks = strokes(rows)
    answer = session.answer(Query(image, marks))
    for mark in marks:
        ys, xs = (
            at + off for at, off in zip(np.nonzero(mark.mask), mark.origin[::-1], strict=True)
        )
        assert (answer.rows[ys, xs] == mark.row).all()
        sampled = (ys % 2 == 0) & (xs % 2 == 0)
        assert sampled.any()
        assert not answer.uncertainty[ys[sampled] // 2, xs[sampled] // 2].any()


def test_the_same_bits_whether_an_image_was_kept_unpacked_or_not() -> None:
    session, other = _session(backbone="filters"), _session(backbone="filters")
    images = [scene(seed) for seed in range(KEPT_IMAGES + 2)]
    shots = tuple(Shot(image, masks(rows)) for image, rows in images)
    for one in (session, other):
        one.set_support(support(*shots))
    for image, _ in images[::-1]:
        session.answer(Query(image))
    for image, _ in images:
        first, second = session.answer(Query(image)), other.answer(Query(image))
        np.testing.assert_array_equal(first.rows, second.rows)
        np.testing.assert_array_equal(first.uncertainty, second.uncertainty)


def test_it_stops_when_asked() -> None:
    session, token = _session(), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        session.answer(Query(ArrayImage(scene(1)[0].array)), SilentReporter(token))
