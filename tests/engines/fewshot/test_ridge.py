"""Promises of the closed form."""

import torch

from engines.fewshot.ledger import Ledger
from engines.fewshot.ridge import Moments, RowSum, empty_sum, moments, solve


def _marks(seed: int = 0) -> list[tuple[int, torch.Tensor, torch.Tensor]]:
    """(row, x (n, C), weights (n,)) of five marks of three rows, of very unequal length."""
    draw = torch.Generator().manual_seed(seed)
    sizes = ((0, 200), (0, 20), (1, 30), (1, 5), (2, 80))
    return [
        (row, torch.randn(n, 6, generator=draw) + row, torch.rand(n, generator=draw) + 0.1)
        for row, n in sizes
    ]


def _sums(marks: list[tuple[int, torch.Tensor, torch.Tensor]]) -> dict[int, RowSum]:
    rows: dict[int, RowSum] = {}
    for row, x, weights in marks:
        one = moments(x, weights, sample_size=4)
        rows[row] = rows.get(row, empty_sum(6, x.device)).plus(one)
    return rows


def test_sums_give_what_weighted_least_squares_on_all_cells_gives() -> None:
    marks = _marks()
    head = solve(_sums(marks), row_count=4, ridge=0.1)
    counts = {row: sum(float(w.sum()) for r, _, w in marks if r == row) for row in range(3)}
    per_row = {row: counts[row] ** 0.5 for row in counts}
    roots = {row: sum(float(w.sum()) ** 0.5 for r, _, w in marks if r == row) for row in range(3)}
    x = torch.cat([x for _, x, _ in marks]).double()
    share = torch.cat(
        [
            (
                w / w.sum() * float(w.sum()) ** 0.5 / roots[r] * per_row[r] / sum(per_row.values())
            ).double()
            for r, _, w in marks
        ]
    )
    y = torch.cat([torch.eye(4).double()[r].expand(len(x), 4) for r, x, _ in marks])
    mean_x, mean_y = share @ x, share @ y
    centred = x - mean_x
    covariance = centred.T @ (share[:, None] * centred)
    penalty = 0.1 * covariance.diagonal().mean() * torch.eye(6).double()
    weights = torch.linalg.solve(covariance + penalty, centred.T @ (share[:, None] * (y - mean_y)))
    torch.testing.assert_close(head.weights.double(), weights, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(head.bias.double(), mean_y - mean_x @ weights, atol=1e-4, rtol=1e-4)


def test_rows_without_marks_are_told() -> None:
    head = solve(_sums(_marks()), row_count=5, ridge=0.1)
    assert head.seen.tolist() == [True, True, True, False, False]
    assert not head.weights[:, 3:].any()


def test_a_long_stroke_does_not_speak_for_all() -> None:
    draw = torch.Generator().manual_seed(0)
    short = torch.randn(10, 6, generator=draw)
    far = torch.randn(10, 6, generator=draw) + 4

    def mean_of_row(copies: int) -> torch.Tensor:
        long = far.repeat(copies, 1)
        ones = (torch.ones(10), torch.ones(len(long)))
        total = empty_sum(6, short.device)
        for x, w in zip((short, long), ones, strict=True):
            total = total.plus(moments(x, w, sample_size=4))
        return total.mean / total.weight

    # A hundred times as long counts ten times as much: its share grows from 1/2 to 10/11 only.
    torch.testing.assert_close(
        mean_of_row(100), short.mean(0) / 11 + far.mean(0) * 10 / 11, atol=1e-5, rtol=1e-5
    )


def test_constant_features_do_not_break_it() -> None:
    x = torch.ones(8, 6)
    rows = {
        row: empty_sum(6, x.device).plus(moments(x, torch.ones(8), sample_size=2)) for row in (0, 1)
    }
    head = solve(rows, row_count=2, ridge=1.0)
    assert torch.isfinite(head.weights).all()
    torch.testing.assert_close(head.bias, torch.tensor([0.5, 0.5]))


def _added(ledger: Ledger, marks: list[tuple[str, Moments]]) -> RowSum:
    ledger.resume({(0, 0): [key for key, _ in marks]})
    for key, one in marks[ledger.added_count((0, 0)) :]:
        ledger.add((0, 0), key, one)
    return ledger.row_sum((0, 0))


def test_a_continued_sum_has_the_bits_of_a_fresh_one() -> None:
    marks = [(f"{n}", moments(x, w, sample_size=2)) for n, (_, x, w) in enumerate(_marks())]
    grown = Ledger()
    for count in range(1, 6):
        last = _added(grown, marks[:count])
    assert torch.equal(last.second, _added(Ledger(), marks).second)
    assert torch.equal(_added(grown, marks[1:]).mean, _added(Ledger(), marks[1:]).mean)


def test_only_a_sum_of_the_first_few_is_continued() -> None:
    ledger, one = Ledger(), moments(torch.randn(9, 6), torch.ones(9), sample_size=2)
    for key in "ab":
        ledger.add((0, 0), key, one)
        ledger.add((1, 0), key, one)
    ledger.resume({(0, 0): ["a", "b", "c"], (1, 0): ["a"]})
    assert [ledger.added_count((row, 0)) for row in (0, 1, 2)] == [2, 0, 0]


def test_the_ledger_stays_within_its_bytes() -> None:
    one = moments(torch.randn(9, 6), torch.ones(9), sample_size=2)
    ledger = Ledger(limit_bytes=3 * one.nbytes)
    for number in range(10):
        ledger.keep(str(number), one)
    assert [ledger.find(str(number)) is not None for number in range(10)] == [False] * 7 + [
        True
    ] * 3
    ledger.keep("9", one)
    assert ledger.held_bytes == 3 * one.nbytes


def test_a_stroke_keeps_far_less_than_a_mask_and_gives_the_same_sums() -> None:
    x = torch.randn(40, 300, generator=torch.Generator().manual_seed(0))
    stroke = moments(x, torch.ones(40), sample_size=4)
    assert stroke.nbytes < 300 * 300
    total = empty_sum(300, x.device).plus(stroke)
    torch.testing.assert_close(total.second, 40**0.5 * x.T @ x / 40)
    mask = moments(x.repeat(10, 1), torch.full((400,), 0.1), sample_size=4)
    torch.testing.assert_close(empty_sum(300, x.device).plus(mask).second, total.second)


def test_many_equal_channels_do_not_break_it() -> None:
    """Rounding of the moments grows with all channels together, not with their mean."""
    draw = torch.Generator().manual_seed(0)
    value = torch.rand(400, generator=draw)
    rows = {
        row: empty_sum(400, value.device).plus(
            moments(value.expand(3000, 400), torch.rand(3000, generator=draw), sample_size=2)
        )
        for row in (0, 1)
    }
    head = solve(rows, row_count=2, ridge=0.3)
    assert torch.isfinite(head.weights).all()
    torch.testing.assert_close(
        head.scores(value[None]), torch.tensor([[0.5, 0.5]]), atol=0.02, rtol=0
    )
