import numpy as np

from annotator.canvas.overlay import (
    CHANGE_COLOURS,
    INKED,
    Change,
    Look,
    Shade,
    change_table,
    doubt_table,
    ink_colour,
    luminance,
    outline,
)


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


def test_dark_classes_draw_lighter_lines_and_others_their_own() -> None:
    assert ink_colour((86, 180, 233)) == (86, 180, 233)
    for dark in ((51, 34, 136), (102, 17, 0), (0, 0, 0)):
        assert luminance(ink_colour(dark)) > 2 * luminance(dark) + 0.05


def test_everything_steps_back_under_a_preview_of_changes() -> None:
    look, dimmed = Look({1: (255, 0, 0)}), Look({1: (255, 0, 0)}, dimmed=True)
    for table in ("accepted_fill", "accepted_ink", "proposed_fill", "proposed_ink"):
        assert 0 < alpha(getattr(dimmed, table)()[1]) < alpha(getattr(look, table)()[1]) / 2


def test_each_side_shades_its_own_lines_alone() -> None:
    before = Look().shade(accepted=True, proposed=False)
    after = Look().shade(accepted=False, proposed=True)
    assert before[Shade.ACCEPTED_DARK]
    assert not before[Shade.PROPOSED_DARK]
    assert after[Shade.PROPOSED_DARK]
    assert not after[Shade.ACCEPTED_DARK]
    assert not any(Look(opacity=0.0).shade(accepted=True, proposed=True))


def test_changes_differ_in_lightness_and_their_marks_stand_out() -> None:
    light = sorted(luminance(colour) for colour in CHANGE_COLOURS.values())
    assert light[1] - light[0] > 0.05
    assert light[2] - light[1] > 0.3
    table = change_table()
    assert table[Change.SAME] == 0
    for kind in (Change.ADDED, Change.REMOVED, Change.CHANGED):
        assert alpha(table[kind]) > 100
        mark, ground = table[INKED + kind] & 0xFF, luminance(CHANGE_COLOURS[kind])
        assert (mark > 200) == (ground < 0.5)
