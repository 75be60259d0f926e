"""Splits are repeatable, whole, stratified, and keep groups together."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.export.errors import InvalidOption
from annotator.export.splits import SplitShares, assign_splits, parse_split

EIGHTY = SplitShares(80, 10, 10)
PRESENCE = st.lists(st.frozensets(st.integers(1, 4), max_size=4), max_size=40)


@given(PRESENCE, st.integers(0, 5))
@settings(max_examples=150, deadline=None)
def test_every_image_is_in_exactly_one_split_and_repeatably(
    presence: list[frozenset[int]], seed: int
) -> None:
    keys = list(range(len(presence)))
    first = assign_splits(presence, keys, EIGHTY, seed=seed)
    assert len(first) == len(presence)
    assert set(first) <= {"train", "val", "test"}
    assert first == assign_splits(presence, keys, EIGHTY, seed=seed)


def test_another_seed_deals_otherwise() -> None:
    presence = [frozenset({1})] * 50
    dealt = {assign_splits(presence, range(50), EIGHTY, seed=seed) for seed in range(4)}
    assert len(dealt) == 4


def test_shares_are_met() -> None:
    assert Counter(assign_splits([frozenset({1})] * 100, range(100), EIGHTY, seed=1)) == {
        "train": 80,
        "val": 10,
        "test": 10,
    }


def test_a_rare_class_reaches_every_split_that_can_have_it() -> None:
    presence = [frozenset({1})] * 90 + [frozenset({1, 2})] * 10
    split_of = assign_splits(presence, range(100), EIGHTY, seed=3)
    assert Counter(split_of[90:]) == {"train": 8, "val": 1, "test": 1}


def test_pages_of_one_file_stay_together() -> None:
    keys = [index // 5 for index in range(60)]
    split_of = assign_splits([frozenset({1})] * 60, keys, SplitShares(1, 1, 1), seed=0)
    assert all(len({split_of[i] for i in range(60) if keys[i] == key}) == 1 for key in set(keys))
    assert set(Counter(split_of).values()) == {20}


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (1, ["train"]), (2, ["train", "train"]), (3, ["test", "train", "val"])],
)
def test_fewer_images_than_splits_serve_the_larger_first(count: int, expected: list[str]) -> None:
    assert sorted(assign_splits([frozenset({1})] * count, range(count), EIGHTY, seed=0)) == expected


def test_images_without_classes_are_spread_too() -> None:
    assert Counter(assign_splits([frozenset()] * 20, range(20), EIGHTY, seed=0))["train"] == 16


@pytest.mark.parametrize(("text", "shares"), [("80/10/10", (80, 10, 10)), (" 3 / 1", (3, 1, 0))])
def test_shares_are_read_from_text(text: str, shares: tuple[int, int, int]) -> None:
    found = parse_split(text)
    assert (found.train, found.val, found.test) == shares


@pytest.mark.parametrize(
    "text", ["", "80", "80/-10/10", "a/b", "0/0/0", "1/2/3/4", "99999999/1", "٣/a"]
)
def test_nonsense_shares_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption):
        parse_split(text)


def test_a_share_of_zero_leaves_its_split_out() -> None:
    split_of = assign_splits([frozenset({1})] * 10, range(10), parse_split("0/1/1"), seed=0)
    assert Counter(split_of) == {"val": 5, "test": 5}
