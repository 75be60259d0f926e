"""Promises of dealing the evidence."""

from engines.fewshot.dealing import Outline, dealt


def _outlines(count: int, *, rows: int = 2) -> list[Outline]:
    return [Outline(str(number), number % rows) for number in range(count)]


def test_the_pieces_of_a_row_go_to_its_folds_in_turn() -> None:
    deal = dealt(_outlines(6))
    assert deal.keys == {(0, 0): ["0", "4"], (1, 0): ["1", "5"], (0, 1): ["2"], (1, 1): ["3"]}


def test_all_pieces_lend_while_they_are_few() -> None:
    deal = dealt(_outlines(20), lender_limit=20)
    assert deal.lenders == deal.keys


def test_few_of_many_pieces_lend_and_every_place_has_one() -> None:
    for rows in (1, 2, 3, 7):
        deal = dealt(_outlines(1000, rows=rows), lender_limit=64)
        assert 32 - 2 * rows < len(deal.lending) <= 64
        assert deal.lenders.keys() == deal.keys.keys()
    crowded = dealt(_outlines(1000, rows=100), lender_limit=64)
    assert len(crowded.lending) == 200


def test_an_appended_piece_asks_no_old_one_for_a_sample() -> None:
    before = dealt(_outlines(1), lender_limit=16).lending
    for count in range(2, 200):
        now = dealt(_outlines(count), lender_limit=16).lending
        assert now - before <= {str(count - 1)}
        before = now
