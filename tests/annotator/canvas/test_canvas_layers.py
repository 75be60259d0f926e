import numpy as np
import pytest

from annotator.canvas.layers import LabelLayers
from annotator.canvas.pieces import Cut
from annotator.document.label_map import Provenance

SIZE = (8, 10)


def layers() -> LabelLayers:
    made = LabelLayers(SIZE)
    classes, provenance = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
    classes[2:6, 2:6] = 1
    provenance[2:6, 2:6] = Provenance.ACCEPTED
    made.set_accepted(classes, provenance)
    made.set_proposal(np.full(SIZE, 2, np.uint8))
    return made


def test_a_proposal_shows_only_where_nothing_was_accepted() -> None:
    pieces = layers().pieces((0, 0, 10, 8), 1.0, line=1, cut=Cut())
    assert not (pieces.proposed_fill[2:6, 2:6]).any()
    assert (pieces.proposed_fill[0] == 2).all()
    assert (
        layers().pieces((0, 0, 10, 8), 1.0, line=1, cut=Cut(apart=True)).proposed_fill == 2
    ).all()


def test_labels_enlarge_to_whole_squares_with_a_thin_outline() -> None:
    pieces = layers().pieces((0, 0, 80, 64), 8.0, line=1, cut=Cut())
    assert (pieces.accepted_fill[16:48, 16:48] == 1).all()
    assert pieces.accepted_fill.astype(bool).sum() == 32 * 32
    assert (pieces.accepted_ink > 0).sum() == 4 * 31


def test_a_patch_never_writes_into_the_arrays_that_were_handed_in() -> None:
    made = LabelLayers(SIZE)
    classes = np.zeros(SIZE, np.uint8)
    classes.setflags(write=False)
    made.set_accepted(classes, classes)
    ones = np.ones((2, 3), np.uint8)
    made.patch_accepted((1, 1, 4, 3), ones, ones)
    assert not classes.any()
    assert made.class_at(3.9, 2.9) == 1
    assert made.class_at(4.1, 2.9) == 0


def test_a_coarse_map_of_doubt_is_stretched_over_the_image() -> None:
    made = LabelLayers(SIZE)
    made.set_doubt(np.array([[0.0, 1.0]], np.float32))
    doubt = made.pieces((0, 0, 10, 8), 1.0, line=1, cut=Cut()).doubt
    assert (doubt[:, :5] == 0).all()
    assert (doubt[:, 5:] == 255).all()


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((0, 0, 3, 3), (2, 2)),
        ((-1, 0, 2, 2), (2, 3)),
        ((8, 0, 12, 1), (1, 4)),
        ((3, 3, 3, 4), (1, 0)),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(box, shape) -> None:
    patch = np.zeros(shape, np.uint8)
    with pytest.raises(ValueError, match="does not fit"):
        LabelLayers(SIZE).patch_accepted(box, patch, patch)


def test_labels_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        LabelLayers(SIZE).set_proposal(np.zeros((9, 9), np.uint8))


def test_nothing_is_outside_the_image() -> None:
    assert layers().class_at(-0.1, 2) is None
    assert layers().class_at(3, 8.0) is None
