"""Run-length encoding agrees with pycocotools on every mask, in both directions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco_mask

from annotator.export import rle
from annotator.export.dataset import IGNORE
from annotator.export.rle import decode_counts, encode_regions, object_map

LABELS = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=24), elements=st.integers(0, 3)
)


def plain(mask: np.ndarray) -> dict:
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))


@given(LABELS)
@settings(max_examples=300, deadline=None)
def test_every_region_equals_the_plain_encoding(labels: np.ndarray) -> None:
    regions = encode_regions(labels)
    assert [region.value for region in regions] == [v for v in np.unique(labels) if v]
    for region in regions:
        expected = plain(labels == region.value)
        assert region.counts == expected["counts"].decode()
        assert region.area == np.count_nonzero(labels == region.value)
        assert list(region.bbox) == coco_mask.toBbox(expected).tolist()
        assert labels[region.seed] == region.value


@given(LABELS)
@settings(max_examples=200, deadline=None)
def test_packed_strings_unpack_to_the_same_runs(labels: np.ndarray) -> None:
    for region in encode_regions(labels):
        runs = decode_counts(region.counts, labels.size)
        values = np.arange(runs.size) % 2
        unpacked = np.repeat(values, runs).reshape(labels.shape[::-1]).T
        assert np.array_equal(unpacked, labels == region.value)


def test_long_runs_survive_packing() -> None:
    labels = np.zeros((3000, 2000), np.uint8)
    labels[2999, 1999] = 1
    (region,) = encode_regions(labels)
    assert region.counts == plain(labels)["counts"].decode()
    assert decode_counts(region.counts, labels.size).tolist() == [labels.size - 1, 1]


def test_blocks_of_the_transposition_join_without_a_seam() -> None:
    labels = (
        np.random.default_rng(0).integers(0, 3, (rle.TILE + 7, rle.TILE * 2 + 3)).astype(np.uint8)
    )
    for region in encode_regions(labels):
        assert region.counts == plain(labels == region.value)["counts"].decode()


@pytest.mark.parametrize(
    "text", ["", "p", "o", "é", "\x00", "0o", "99999999999999", "ooooooooooooo0", "1"]
)
def test_strings_that_are_no_mask_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode_counts(text, 16)


@given(st.text(alphabet=[chr(c) for c in range(48, 112)], max_size=40), st.integers(1, 10_000))
@settings(max_examples=300, deadline=None)
def test_any_accepted_string_fills_the_image(text: str, pixels: int) -> None:
    try:
        runs = decode_counts(text, pixels)
    except ValueError:
        return
    assert runs.min() >= 0
    assert runs.sum() == pixels


def test_objects_are_8_connected_and_of_one_category() -> None:
    labels = np.array([[1, 0, 2], [0, 1, 2], [0, 0, IGNORE]], np.uint8)
    objects = object_map(labels)
    assert objects[0, 0] == objects[1, 1] != 0
    assert objects[0, 2] == objects[1, 2] not in (0, objects[0, 0])
    assert objects[2, 2] == 0
