"""The view of a project refuses what no format could hold, and numbers categories in order."""

import numpy as np
import pytest

from annotator.export.dataset import (
    Category,
    Dataset,
    ExportImage,
    category_lookup,
    pixel_counts,
    read_category_map,
)
from annotator.export.errors import InvalidDataset

CATEGORIES = (Category(9, "b", (1, 2, 3)), Category(4, "a", (4, 5, 6)))
LOOKUP = category_lookup(CATEGORIES)


def image_of(classes: np.ndarray, size: tuple[int, int] = (2, 2)) -> ExportImage:
    return ExportImage("x.png", size, lambda: np.zeros((2, 2, 3), np.uint8), lambda: classes)


def test_class_ids_become_numbers_of_the_display_order() -> None:
    classes = np.array([[0, 9], [4, 255]], np.uint8)
    assert read_category_map(image_of(classes), LOOKUP).tolist() == [[0, 1], [2, 255]]


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        (np.full((2, 2), 7, np.uint8), "class id 7"),
        (np.zeros((2, 2), np.int64), "int64"),
        (np.zeros((3, 2), np.uint8), r"\(3, 2\)"),
    ],
)
def test_labels_that_do_not_fit_are_named(classes: np.ndarray, text: str) -> None:
    with pytest.raises(InvalidDataset, match=text):
        read_category_map(image_of(classes), LOOKUP)


@pytest.mark.parametrize("ids", [(0,), (255,), (3, 3), (-1,)])
def test_impossible_class_ids_are_refused(ids: tuple[int, ...]) -> None:
    with pytest.raises(InvalidDataset):
        Dataset("t", tuple(Category(i, "x", (0, 0, 0)) for i in ids), ())


def test_a_nameless_class_is_refused() -> None:
    with pytest.raises(InvalidDataset, match="no name"):
        Dataset("t", (Category(1, "  ", (0, 0, 0)),), ())


def test_counting_pixels_agrees_with_numpy() -> None:
    labels = np.random.default_rng(0).integers(0, 256, (31, 17)).astype(np.uint8)
    assert np.array_equal(pixel_counts(labels), np.bincount(labels.ravel(), minlength=256))
