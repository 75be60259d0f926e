"""The order of a review is calm: what was seen stays, doubt sorts the rest, verdicts count."""

from hypothesis import given
from hypothesis import strategies as st

from annotator.document.images import ImageId
from annotator.window.review_order import ReviewOrder, Verdict

IDS = [ImageId(k) for k in range(1, 8)]


def test_the_most_doubtful_come_first_and_the_unanswered_last() -> None:
    order = ReviewOrder(IDS[:4])
    assert order.sort({IDS[0]: 0.1, IDS[2]: 0.9, IDS[3]: 0.5})
    assert list(order.rows) == [IDS[2], IDS[3], IDS[0], IDS[1]]


@given(st.lists(st.sampled_from(IDS), max_size=6), st.permutations(IDS))
def test_rows_that_were_seen_never_move(visits: list[ImageId], doubtful: list[ImageId]) -> None:
    order = ReviewOrder(IDS)
    for image_id in visits:
        order.visit(image_id)
    last = max((IDS.index(one) for one in visits), default=-1)
    order.sort({image_id: 1 / (k + 1) for k, image_id in enumerate(doubtful)})
    assert list(order.rows[: last + 1]) == IDS[: last + 1]
    assert sorted(order.rows) == IDS
    assert [order.rows[order.row_of(one) or 0] for one in IDS] == IDS


def test_the_next_one_is_open_and_the_walk_turns_at_the_end() -> None:
    order = ReviewOrder(IDS[:3])
    order.verdicts[IDS[1]] = Verdict.ACCEPTED
    assert order.next_open(IDS[0]) == IDS[2]
    assert order.next_open(IDS[2]) == IDS[0]
    assert order.next_open(IDS[0], {IDS[0]}) == IDS[0]
    assert order.next_open(IDS[0], set()) is None
    order.verdicts |= {IDS[0]: Verdict.REJECTED, IDS[2]: Verdict.ACCEPTED}
    assert order.next_open(None) is None


def test_steps_stop_at_the_ends() -> None:
    order = ReviewOrder(IDS[:2])
    assert order.step(None, 1) == IDS[0]
    assert order.step(IDS[0], -1) == IDS[0]
    assert order.step(IDS[1], 1) == IDS[1]
    assert ReviewOrder().step(None, 1) is None


def test_images_that_leave_take_their_verdict_along() -> None:
    order = ReviewOrder(IDS[:3])
    order.visit(IDS[1])
    order.verdicts[IDS[0]] = Verdict.ACCEPTED
    order.follow([IDS[1], IDS[2], IDS[5]], frozenset({IDS[1], IDS[2], IDS[5]}))
    assert list(order.rows) == [IDS[1], IDS[2], IDS[5]]
    assert order.verdicts == {}
    order.sort({IDS[5]: 0.9})
    assert list(order.rows) == [IDS[1], IDS[5], IDS[2]]
