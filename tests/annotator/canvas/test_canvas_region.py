import numpy as np
import pytest
from scipy import ndimage

from annotator.canvas.region import region_at


@pytest.mark.parametrize("seed", range(8))
def test_a_region_is_the_component_over_shared_sides(seed: int) -> None:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2 + seed % 3, (37, 53)).astype(np.uint8)
    row, column = int(generator.integers(37)), int(generator.integers(53))
    components, _ = ndimage.label(labels == labels[row, column])
    wanted = components == components[row, column]
    mask = region_at(labels, row=row, column=column)
    x0, y0, x1, y1 = mask.box
    seen = np.zeros_like(wanted)
    seen[y0:y1, x0:x1] = mask.array()
    assert np.array_equal(seen, wanted)
    rows, columns = np.nonzero(wanted)
    assert mask.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_a_spiral_is_followed_to_its_end() -> None:
    labels = np.zeros((41, 41), np.uint8)
    for ring in range(0, 20, 2):
        labels[ring, ring : 41 - ring] = labels[40 - ring, ring : 41 - ring] = 1
        labels[ring : 41 - ring, ring] = labels[ring : 41 - ring, 40 - ring] = 1
        labels[ring + 1, ring] = 0
        labels[ring + 2, ring + 1] = 1
    components, _ = ndimage.label(labels)
    mask = region_at(labels, row=0, column=5)
    assert mask.array().sum() == (components == components[0, 5]).sum()


def test_a_whole_image_of_one_class_is_one_region() -> None:
    mask = region_at(np.full((5, 7), 3, np.uint8), row=4, column=6)
    assert mask.box == (0, 0, 7, 5)
    assert mask.array().all()
