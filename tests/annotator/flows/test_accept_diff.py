"""What accepting would change, counted pixel by pixel, and the parts one may accept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.document.edits import accept_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.flows.accept_diff import box_where, difference, region_at
from annotator.flows.workspace import Workspace

IMAGE = ImageId(1)
UNTOUCHED, DRAWN, ACCEPTED, IMPORTED = (int(kind) for kind in Provenance)


def test_added_removed_and_changed_pixels_are_told_apart() -> None:
    before = np.array([[0, 0, 1, 1, 1, 2]], np.uint8)
    proposed = np.array([[0, 1, 1, 0, 2, 0]], np.uint8)
    provenance = np.array([[UNTOUCHED] * 2 + [ACCEPTED] * 3 + [DRAWN]], np.uint8)
    found = difference(IMAGE, before=before, provenance=provenance, proposed=proposed)
    assert found.kinds.tolist() == [[0, 1, 0, 2, 3, 0]]
    assert (found.added, found.removed, found.changed) == (1, 1, 1)
    assert found.touches_accepted
    where = np.array([[True] * 3 + [False] * 3])
    part = difference(IMAGE, before=before, provenance=provenance, proposed=proposed, where=where)
    assert part.kinds.tolist() == [[0, 1, 0, 0, 0, 0]]
    assert not part.touches_accepted


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_every_pixel_it_names_is_one_that_accepting_changes(seed: int, limited: bool) -> None:
    draw = np.random.default_rng(seed)
    before, proposed = draw.integers(0, 3, (2, 6, 7)).astype(np.uint8)
    provenance = draw.integers(0, 4, (6, 7)).astype(np.uint8)
    where = draw.random((6, 7)) < 0.5 if limited else None
    found = difference(IMAGE, before=before, provenance=provenance, proposed=proposed, where=where)
    after = before.copy()
    free = np.isin(provenance, (UNTOUCHED, ACCEPTED)) & (True if where is None else where)
    after[free] = proposed[free]
    np.testing.assert_array_equal(found.kinds > 0, after != before)
    assert found.added == ((before == 0) & (after > 0)).sum()
    assert found.removed == ((before > 0) & (after == 0)).sum()
    assert found.changed == ((before != after) & (before > 0) & (after > 0)).sum()


def test_it_agrees_with_the_edit(discs: Workspace) -> None:
    project, image = discs.project, next(iter(discs.project.images))
    proposed = np.zeros((96, 128), np.uint8)
    proposed[10:30, 20:60] = 1
    found = difference(
        image,
        before=project.visible_classes(image),
        provenance=project.label_map(image).provenance,
        proposed=proposed,
    )
    assert (found.added, found.removed, found.changed) == (20 * 40, 0, 0)
    patch = accept_patch(project, image, proposed)
    assert patch is not None
    discs.do("Accept", [patch])
    assert (project.visible_classes(image)[found.kinds > 0] == 1).all()


def test_a_region_reaches_over_corners_and_stops_at_another_class() -> None:
    classes = np.array([[1, 0, 0], [0, 1, 2], [1, 0, 1]], np.uint8)
    assert region_at(classes, 0, 0).tolist() == (classes == 1).tolist()
    assert region_at(classes, 2, 1).sum() == 1
    apart = np.array([[1, 0, 1]], np.uint8)
    assert region_at(apart, 2, 0).tolist() == [[False, False, True]]
    assert region_at(apart, 1, 0).tolist() == [[False, True, False]]


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (3, 0), (0, -1), (0, 1)])
def test_outside_of_the_image_there_is_no_region(x: int, y: int) -> None:
    assert not region_at(np.ones((1, 3), np.uint8), x, y).any()


def test_a_box_is_cut_at_the_border_of_the_image() -> None:
    where = box_where((4, 5), (-2, 1, 3, 9))
    assert where.shape == (4, 5)
    assert where[1:, :3].all()
    assert where.sum() == 9
    assert not box_where((4, 5), (3, 3, 1, 1)).any()
