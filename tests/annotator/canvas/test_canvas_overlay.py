import numpy as np

from annotator.canvas.overlay import Look, doubt_table, hatch, outline


def alpha(value: int) -> int:
    return value >> 24


def test_proposals_are_lighter_than_accepted_areas_and_ink_is_denser() -> None:
    look = Look({1: (255, 0, 0)})
    assert 0 < alpha(look.proposed_fill()[1]) < alpha(look.accepted_fill()[1])
    assert alpha(look.accepted_fill()[1]) < alpha(look.proposed_ink()[1])
    assert alpha(look.proposed_ink()[1]) < alpha(look.accepted_ink()[1])


def test_background_and_hidden_classes_are_clear() -> None:
    table = Look({1: (255, 0, 0), 2: (0, 255, 0)}, hidden=frozenset({2})).accepted_fill()
    assert table[0] == table[2] == 0
    assert table[1] & 0xFFFFFF == 0xFF0000


def test_outlines_alone_leave_no_fill() -> None:
    look = Look({1: (255, 0, 0)}, filled=False)
    assert alpha(look.accepted_fill()[1]) == alpha(look.proposed_fill()[1]) == 0
    assert alpha(look.accepted_ink()[1]) > 0


def test_doubt_grows_from_clear_to_strong() -> None:
    alphas = [alpha(value) for value in doubt_table()]
    assert alphas[0] == 0
    assert alphas == sorted(alphas)
    assert alphas[-1] > 150


def test_an_outline_is_the_inner_rim_of_an_area() -> None:
    ids = np.zeros((9, 9), np.uint8)
    ids[3:7, 3:7] = 5
    rim = outline(ids, 1) * ids[1:-1, 1:-1].astype(bool)
    assert rim.sum() == 12
    assert not rim[3:5, 3:5].any()


def test_hatches_of_neighbouring_windows_are_in_step() -> None:
    whole = hatch((20, 40), (100, 60), 2)
    part = hatch((9, 15), (113, 66), 2)
    assert np.array_equal(whole[6:15, 13:28], part)
    assert 0.1 < whole.mean() < 0.2
