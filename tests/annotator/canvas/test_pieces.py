import numpy as np

from annotator.canvas.overlay import INKED, Shade
from annotator.canvas.pieces import MARGIN, Cut, Grid, LabelPieces, put_accepted, put_changes
from annotator.canvas.pieces import put_proposed as put
from annotator.document.label_map import Provenance

SIDE = 40
GRID = Grid((0, 0), 1)
WHOLE = np.s_[:, :]


def with_margin(value: int, where=WHOLE) -> np.ndarray:
    plane = np.zeros((SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), np.uint8)
    plane[where] = value
    return plane


def accepted(provenance: Provenance, cut: Cut, class_id: int = 3) -> LabelPieces:
    pieces = LabelPieces.blank(SIDE, SIDE)
    put_accepted(pieces, with_margin(class_id), with_margin(provenance), grid=GRID, cut=cut)
    return pieces


def test_only_drawn_areas_are_hatched_each_line_with_a_darker_one() -> None:
    drawn = accepted(Provenance.DRAWN, Cut())
    assert 0.1 < (drawn.accepted_ink == 3).mean() < 0.2
    assert 0.1 < (drawn.shade == Shade.ACCEPTED_DARK).mean() < 0.2
    assert not ((drawn.accepted_ink > 0) & (drawn.shade > 0)).any()
    for other in (Provenance.ACCEPTED, Provenance.IMPORTED):
        assert not accepted(other, Cut()).accepted_ink.any()


def test_an_area_drawn_as_background_shows_that_somebody_was_there() -> None:
    drawn = accepted(Provenance.DRAWN, Cut(), class_id=0)
    assert not drawn.accepted_fill.any()
    assert set(np.unique(drawn.shade)) == {0, Shade.ACCEPTED_DARK, Shade.ACCEPTED_LIGHT}
    assert not accepted(Provenance.UNTOUCHED, Cut(), class_id=0).shade.any()


def test_accepted_and_drawn_areas_are_left_out_each_by_itself() -> None:
    for provenance, cut in (
        (Provenance.DRAWN, Cut(drawn=False)),
        (Provenance.ACCEPTED, Cut(accepted=False)),
        (Provenance.IMPORTED, Cut(accepted=False)),
        (Provenance.DRAWN, Cut(accepted=False, drawn=False)),
    ):
        assert not accepted(provenance, cut).accepted_fill.any()
    assert accepted(Provenance.DRAWN, Cut(accepted=False)).accepted_fill.all()
    assert accepted(Provenance.ACCEPTED, Cut(drawn=False)).accepted_fill.all()


def test_patterns_come_on_top_of_the_hatch() -> None:
    plain = accepted(Provenance.DRAWN, Cut()).accepted_ink > 0
    patterned = accepted(Provenance.DRAWN, Cut(patterned=True)).accepted_ink > 0
    assert (plain <= patterned).all()
    assert patterned.sum() > plain.sum()


def test_outlines_of_proposals_are_dashed_and_those_of_accepted_areas_whole() -> None:
    square = np.s_[10:30, 10:30]
    proposed = LabelPieces.blank(SIDE, SIDE)
    put(proposed, with_margin(2, square), grid=GRID, cut=Cut())
    whole = LabelPieces.blank(SIDE, SIDE)
    kinds = with_margin(Provenance.ACCEPTED, square)
    put_accepted(whole, with_margin(2, square), kinds, grid=GRID, cut=Cut())
    assert (whole.accepted_ink > 0).sum() == 4 * 19
    assert 20 < (proposed.proposed_ink > 0).sum() < 56
    assert np.array_equal(proposed.proposed_fill, whole.accepted_fill)


def test_without_a_fill_outlines_have_a_dark_line_within() -> None:
    square = np.s_[10:30, 10:30]
    pieces = LabelPieces.blank(SIDE, SIDE)
    kinds = with_margin(Provenance.ACCEPTED, square)
    put_accepted(pieces, with_margin(2, square), kinds, grid=GRID, cut=Cut(rimmed=True))
    assert (pieces.shade > 0).sum() == 4 * 17


def test_every_changed_pixel_is_marked_and_no_other() -> None:
    pieces = LabelPieces.blank(SIDE, SIDE)
    kinds = with_margin(0)
    kinds[5:20, 5:20], kinds[22:24, 7] = 1, 3
    put_changes(pieces, kinds, GRID)
    core = GRID.inner(kinds)
    assert np.array_equal(pieces.changes > 0, core > 0)
    assert np.array_equal(pieces.changes % INKED, core)
    assert (pieces.changes > INKED).any()
