"""Promises of the few-shot desk."""

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, box_of, masks, scene, strokes, support

from engines.backbones.cache import FeatureCache
from engines.device import choose_device
from engines.errors import Cancelled, EngineError, OutOfMemory, UnknownName, UnusableSupport
from engines.exchange import ArrayImage, LazyImage, Mark, MarkKind, Query, Shot
from engines.reporting import CancelToken, SilentReporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

CPU = choose_device("cpu", precision="float32")


def _session(**changes: object) -> FewShotSession:
    return FewShotSession(**({"backbone": ToyBackbone(), "device": CPU} | changes))


def _right(session: FewShotSession, seed: int) -> float:
    image, rows = scene(seed)
    return float((row_map(session.predict(Query(image))) == rows).mean())


@pytest.mark.parametrize("method", ["probe", "panet"])
@pytest.mark.parametrize("backbone", ["filters", "toy"])
def test_marks_on_one_picture_segment_another(method: str, backbone: str) -> None:
    session = _session(method=method, backbone=ToyBackbone() if backbone == "toy" else backbone)
    image, rows = scene(0)
    session.set_support(support(Shot(image, masks(rows))))
    assert _right(session, 1) > (0.95 if method == "probe" else 0.7)


def test_an_answer_carries_what_it_was_made_from() -> None:
    session = _session()
    image, rows = scene(0, size=(90, 130))
    marks = strokes(rows)
    session.set_support(support(Shot(image, marks), version=7))
    answer = session.predict(Query(image, marks))
    assert answer.probabilities.shape == (3, 90, 130)
    assert answer.probabilities.dtype == np.float32
    np.testing.assert_allclose(answer.probabilities.sum(0), 1, atol=1e-5)
    assert (answer.class_ids, answer.support_version) == ((11, 12), 7)
    for mark in marks:
        x0, y0, x1, y1 = mark.box
        assert (answer.probabilities[mark.row, y0:y1, x0:x1][mark.mask] == 1).all()


def test_the_same_bits_in_any_order_cached_or_not() -> None:
    image, rows = scene(0)
    queries = [Query(scene(seed)[0]) for seed in (1, 2, 3)]
    one, other = _session(), _session()
    for session in (one, other):
        session.set_support(support(Shot(image, strokes(rows))))
    forward = [answer.probabilities for answer in one.predict_many(queries)]
    backward = [answer.probabilities for answer in other.predict_many(queries[::-1])][::-1]
    again = [answer.probabilities for answer in one.predict_many(queries)]
    for first, second, third in zip(forward, backward, again, strict=True):
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)


def test_growing_a_support_gives_the_bits_of_a_fresh_session() -> None:
    image, rows = scene(0)
    marks, query = strokes(rows, each=3), Query(scene(1)[0])
    grown, fresh = _session(), _session()
    for count in range(3, len(marks) + 1):
        grown.set_support(support(Shot(image, marks[:count])))
    fresh.set_support(support(Shot(image, marks)))
    np.testing.assert_array_equal(
        grown.predict(query).probabilities, fresh.predict(query).probabilities
    )


def test_another_method_and_another_backbone_answer_at_once() -> None:
    image, rows = scene(0)
    session = _session()
    session.set_support(support(Shot(image, masks(rows))))
    query = Query(scene(1)[0])
    answers = [session.predict(query).probabilities]
    session.set_method("panet")
    answers.append(session.predict(query).probabilities)
    session.set_backbone("filters")
    answers.append(session.predict(query).probabilities)
    assert session.method_card.name == "panet"
    assert session.backbone_card.name == "filters"
    assert not np.array_equal(answers[0], answers[1])
    assert not np.array_equal(answers[1], answers[2])
    session.set_method("probe")
    session.set_backbone(ToyBackbone())
    np.testing.assert_array_equal(session.predict(query).probabilities, answers[0])


def test_unknown_names_are_refused_and_change_nothing() -> None:
    session = _session()
    with pytest.raises(UnknownName):
        session.set_method("magic")
    with pytest.raises(EngineError):
        session.set_backbone("magic")
    assert (session.method_card.name, session.backbone_card.name) == ("probe", "toy")


def test_encoding_ahead_saves_encoding_later() -> None:
    backbone = ToyBackbone()
    session = _session(backbone=backbone)
    pictures = [scene(seed)[0] for seed in range(3)]
    assert session.encode_ahead(pictures) == 3
    assert backbone.calls == 3
    session.set_support(support(Shot(pictures[0], masks(scene(0)[1]))))
    list(session.predict_many([Query(one) for one in pictures]))
    assert backbone.calls == 3


def test_cached_pictures_are_not_decoded_again() -> None:
    image, rows = scene(0)
    decoded = []

    def load() -> np.ndarray:
        decoded.append(1)
        return image.array

    lazy = LazyImage(image.digest, image.size, load)
    session = _session()
    session.set_support(support(Shot(lazy, masks(rows))))
    session.predict(Query(lazy))
    session.predict(Query(lazy))
    assert len(decoded) == 1


def test_a_class_tagged_absent_is_not_answered_in_that_picture_only() -> None:
    (image, rows), (tagged, _) = scene(0), scene(1)
    session = _session()
    session.set_support(support(Shot(image, masks(rows)), Shot(tagged, (), absent=frozenset({1}))))
    assert session.predict(Query(tagged)).probabilities[1].max() == 0
    assert session.predict(Query(image)).probabilities[1].max() > 0.5


def test_boxes_in_a_query_do_not_bind() -> None:
    image, rows = scene(0)
    session = _session()
    session.set_support(support(Shot(image, masks(rows))))
    box = Mark(2, (0, 0), np.ones((30, 30), bool), MarkKind.BOX)
    np.testing.assert_array_equal(
        session.predict(Query(image, (box,))).probabilities,
        session.predict(Query(image)).probabilities,
    )


def test_boxes_alone_are_a_support() -> None:
    image, rows = scene(2)
    session = _session()
    session.set_support(support(Shot(image, (box_of(rows, 1), box_of(rows, 2)))))
    assert _right(session, 2) > 0.93


def test_without_a_usable_support_it_says_what_to_mark() -> None:
    session = _session()
    image, rows = scene(0)
    with pytest.raises(UnusableSupport, match="Nothing is marked yet"):
        session.predict(Query(image))
    session.set_support(support(Shot(image, masks(rows))))
    with pytest.raises(UnusableSupport, match="Only 'disc' is marked"):
        session.set_support(support(Shot(image, masks(rows, only=(1,)))))
    with pytest.raises(UnusableSupport, match="Only 'disc' is marked"):
        session.predict(Query(image))


def test_it_stops_when_asked_and_goes_on_later() -> None:
    session = _session()
    image, rows = scene(0)
    token = CancelToken()
    stopped = SilentReporter(token)
    session.set_support(support(Shot(image, masks(rows))))
    answers = session.predict_many([Query(scene(seed)[0]) for seed in range(3)], stopped)
    next(answers)
    token.cancel()
    with pytest.raises(Cancelled):
        next(answers)
    with pytest.raises(Cancelled):
        session.set_support(support(Shot(scene(1)[0], masks(scene(1)[1]))), stopped)
    with pytest.raises(Cancelled):
        session.encode_ahead([image], stopped)
    assert session.predict(Query(image)).probabilities.shape[0] == 3


def test_a_large_answer_is_reduced_and_the_row_map_is_whole() -> None:
    image, rows = scene(0, size=(128, 192))
    marks = masks(rows)
    session = _session(options=SessionOptions(output_limit_px=128 * 192 // 4))
    session.set_support(support(Shot(image, marks)))
    answer = session.predict(Query(image, marks[:1]))
    assert answer.probabilities.shape == (3, 64, 96)
    full = row_map(answer)
    assert full.shape == (128, 192)
    assert (full[marks[0].mask] == 0).all()
    assert (full == rows).mean() > 0.9


def test_refining_follows_edges_better() -> None:
    image, rows = scene(0)
    wrong = []
    for refine in (False, True):
        session = _session(options=SessionOptions(refine=refine))
        session.set_support(support(Shot(image, masks(rows))))
        wrong.append(1 - _right(session, 0))
    assert wrong[1] < wrong[0]


class _Hungry(ToyBackbone):
    """Has no memory for images with a side beyond ``limit``."""

    limit = 10_000

    def encode(self, images: torch.Tensor) -> object:
        if max(images.shape[-2:]) > self.limit:
            raise torch.OutOfMemoryError("full")
        return super().encode(images)


class _Notes(SilentReporter):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def progress(self, fraction: float, message: str = "") -> None:
        self.messages.append(message)


def test_when_memory_runs_out_it_works_smaller_and_says_so() -> None:
    backbone, notes = _Hungry(), _Notes()
    image, rows = scene(0, size=(256, 400))
    session = _session(backbone=backbone, options=SessionOptions(size_px=400))
    session.set_support(support(Shot(image, masks(rows))))
    backbone.limit = 300
    answer = session.predict(Query(scene(1, size=(256, 400))[0]), notes)
    assert session.size_px == 200
    assert answer.probabilities.shape == (3, 256, 400)
    assert [note for note in notes.messages if "Memory" in note] == [
        "Memory ran out; caches were freed.",
        "Memory ran out; working at 200 px from now on.",
    ]
    backbone.limit = 10
    with pytest.raises(OutOfMemory, match="even at a small working size"):
        session.predict(Query(scene(2, size=(256, 400))[0]))


def test_a_shared_cache_serves_two_sessions() -> None:
    backbone, cache = ToyBackbone(), FeatureCache()
    image, _ = scene(0)
    for _ in range(2):
        _session(backbone=backbone, cache=cache).encode_ahead([image])
    assert backbone.calls == 1


def test_a_picture_that_is_not_what_was_said_is_refused() -> None:
    liar = LazyImage("00", (50, 60), lambda: np.zeros((40, 60, 3), np.uint8))
    with pytest.raises(EngineError, match="the file may have changed"):
        _session().encode_ahead([liar])


def test_odd_pictures_get_answers_of_their_own_size() -> None:
    session = _session()
    image, rows = scene(0)
    session.set_support(support(Shot(image, masks(rows))))
    for size in ((1, 1), (7, 300), (33, 1000)):
        picture = ArrayImage(np.full((*size, 3), 128, np.uint8))
        assert row_map(session.predict(Query(picture))).shape == size


def test_a_picture_too_large_for_memory_does_not_coarsen_the_next_one() -> None:
    backbone = _Hungry()
    session = _session(backbone=backbone, options=SessionOptions(size_px=400))
    backbone.limit = 10
    for _ in range(2):
        with pytest.raises(OutOfMemory):
            session.encode_ahead([scene(0)[0]])
        assert session.size_px == 200
    backbone.limit = 10_000
    assert session.encode_ahead([scene(0)[0]]) == 1


def test_a_mark_of_no_class_is_refused_in_words() -> None:
    image, rows = scene(0)
    foreign = Mark(7, (0, 0), np.ones((3, 3), bool))
    session = _session()
    with pytest.raises(EngineError, match="row 7"):
        session.set_support(support(Shot(image, (*masks(rows, only=(0,)), foreign))))
    session.set_support(support(Shot(image, masks(rows))))
    with pytest.raises(EngineError, match="row 7"):
        session.predict(Query(image, (foreign,)))


def test_a_flat_picture_is_answered_with_the_filters() -> None:
    """A blank page or a black frame: nothing to learn, but nothing to fall over either."""
    for value in (0, 128, 255):
        image = ArrayImage(np.full((60, 60, 3), value, np.uint8))
        marks = tuple(Mark(row, (row * 30, 0), np.ones((9, 9), bool)) for row in (0, 1))
        session = _session(backbone="filters")
        session.set_support(support(Shot(image, marks)))
        np.testing.assert_allclose(session.predict(Query(image)).probabilities.sum(0), 1, atol=1e-5)


class _StopsAt(SilentReporter):
    """Is cancelled at the n-th time it is asked."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left = number

    def raise_if_cancelled(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled("The work was stopped.")


@pytest.mark.parametrize("method", ["probe", "panet"])
def test_stopped_anywhere_it_answers_afterwards_as_if_never_stopped(method: str) -> None:
    (image, rows), query = scene(0), Query(scene(1)[0])
    marks = (*strokes(rows), box_of(rows, 1))
    untouched = _session(method=method)
    untouched.set_support(support(Shot(image, marks)))
    expected = untouched.predict(query).probabilities
    for number in range(1, 100):
        session, stopper = _session(method=method), _StopsAt(number)
        try:
            session.set_support(support(Shot(image, marks)), stopper)
            session.predict(query, stopper)
        except Cancelled:
            np.testing.assert_array_equal(session.predict(query).probabilities, expected)
        if stopper.left > 0:
            break
    assert 5 < number < 99
