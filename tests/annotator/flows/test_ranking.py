"""What is most useful to mark next, in constructed cases, and quickly for a hundred thousand."""

import time
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.images import ImageId
from annotator.flows.ranking import FIRST, Ranked, Sight, Sights, Standing, ranked

WHEEL, LIGHT = ClassId(1), ClassId(2)
NAMES = {WHEEL: "wheel", LIGHT: "light"}
EAST, NORTH, UP = (tuple(row) for row in np.eye(3))


def sight(
    doubt: float = 0.1,
    towards: Iterable[float] = EAST,
    classes: tuple[tuple[ClassId, float, int], ...] = ((BACKGROUND, 0.1, 500), (WHEEL, 0.1, 500)),
) -> Sight:
    descriptor = np.array(tuple(towards), np.float32)
    return Sight(doubt, classes, descriptor / np.linalg.norm(descriptor))


def order(
    seen: Mapping[int, Sight],
    *,
    images: Iterable[int] = (),
    marked: Iterable[int] = (),
    settled: Iterable[int] = (),
    broken: Iterable[int] = (),
    pixels: Mapping[ClassId, int] | None = None,
) -> tuple[Ranked, ...]:
    sights = Sights()
    for number, one in seen.items():
        sights.note(ImageId(number), one)
    return ranked(
        sights,
        standing(images or sorted(seen), marked, settled, broken, pixels),
        NAMES.__getitem__,
    )


def standing(
    images: Iterable[int],
    marked: Iterable[int] = (),
    settled: Iterable[int] = (),
    broken: Iterable[int] = (),
    pixels: Mapping[ClassId, int] | None = None,
) -> Standing:
    ids = [[ImageId(i) for i in some] for some in (images, marked, {*marked, *settled}, broken)]
    return Standing(*ids, pixels=pixels or {WHEEL: 100, LIGHT: 100})


def ids(ranking: Iterable[Ranked]) -> list[int]:
    return [one.image_id for one in ranking]


def test_the_doubtful_image_comes_first_and_its_class_is_named() -> None:
    unsure = sight(0.6, classes=((BACKGROUND, 0.9, 900), (WHEEL, 0.7, 80), (LIGHT, 0.3, 20)))
    found = order({1: sight(), 2: unsure, 3: sight(towards=NORTH)}, marked=[1])
    assert found[0].image_id == 2
    assert found[0].reason == "'wheel' is doubtful"
    speck = ((BACKGROUND, 0.2, 9999), (LIGHT, 0.9, 1))
    assert order({1: sight(0.6, classes=speck)})[0].reason == "the background is doubtful"


def test_the_image_unlike_the_marked_ones_says_so_and_how_many_they_are() -> None:
    seen = {i: sight(0.01, towards=(1, 0.01 * i, 0)) for i in (1, 2, 3, 4)} | {5: sight(0.01, UP)}
    found = order(seen, marked=[1, 2, 3])
    assert found[0].image_id == 5
    assert found[0].reason == "unlike your 3 images"
    assert order(seen, marked=[1])[0].reason == "unlike your marked image"


def test_a_class_with_few_marked_pixels_is_asked_for() -> None:
    rare = sight(0.001, classes=((BACKGROUND, 0.0, 900), (LIGHT, 0.0, 100)))
    seen = {1: sight(0.001), 2: sight(0.001), 3: rare}
    found = order(seen, marked=[1], pixels={WHEEL: 5000, LIGHT: 50})
    assert found[0].image_id == 3
    assert found[0].reason == "few pixels of 'light' so far"


def test_near_copies_of_the_best_do_not_stand_side_by_side() -> None:
    draw = np.random.default_rng(0)
    copies = {i: sight(0.9 - 0.001 * i, (1, 1e-4 * i, 0)) for i in range(1, 30)}
    others = {i: sight(0.5, draw.normal(size=3)) for i in range(30, 60)}
    found = ids(order(copies | others))
    assert found[0] == 1
    assert sum(number < 30 for number in found[:FIRST]) <= 3
    assert sorted(found) == sorted(copies | others)


def test_unanswered_then_settled_then_broken_images_come_last() -> None:
    seen = {1: sight(0.9), 2: sight(0.5), 3: sight(0.9)}
    found = order(seen, images=range(1, 8), marked=[1], settled=[4, 3], broken=[7])
    assert ids(found) == [2, 5, 6, 1, 3, 4, 7]
    assert [one.reason for one in found[1:]] == [
        "not answered yet", "not answered yet", *["marked or accepted"] * 3, "cannot be read"
    ]  # fmt: skip


def test_nothing_at_all_and_nothing_answered_are_ranked_too() -> None:
    assert order({}) == ()
    assert ids(order({}, images=[3, 1, 2])) == [3, 1, 2]


def test_what_is_learned_of_images_step_by_step_ranks_as_if_learned_at_once() -> None:
    draw = np.random.default_rng(1)
    seen = {i: sight(float(draw.random()), draw.normal(size=8)) for i in range(1, 80)}
    sights = Sights()
    for number, one in seen.items():
        sights.note(ImageId(number), sight(0.3, draw.normal(size=8)))
        ranked(sights, standing(range(1, 80), marked=range(1, 1 + number % 7)), str)
        sights.note(ImageId(number), one)
    whole = order(seen, marked=[2, 5, 60])
    assert ranked(sights, standing(seen, marked=[2, 5, 60]), NAMES.__getitem__) == whole
    nearest = {i: min(np.linalg.norm(seen[i].descriptor - seen[m].descriptor) for m in (2, 5, 60))
               for i in seen}  # fmt: skip
    found = [sights.nearest[i] for i in seen]
    assert found == pytest.approx([nearest[i] for i in seen], abs=2e-3)


def test_a_hundred_thousand_images_are_ranked_in_no_time() -> None:
    draw, count = np.random.default_rng(0), 100_000
    sights = Sights()
    descriptors = draw.normal(size=(count, 64)).astype(np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    classes = ((BACKGROUND, 0.1, 900), (WHEEL, 0.2, 100))
    started = time.process_time()
    for number in range(1, count):
        sights.note(ImageId(number), Sight(0.2, classes, descriptors[number]))
    noted = time.process_time() - started
    everything = standing(range(1, count), marked=range(1, 20))
    ranked(sights, everything, str)
    started = time.process_time()
    assert len(ranked(sights, everything, str)) == count - 1
    again = time.process_time() - started
    assert noted / count < 1e-3  # per answer, generously: busy machines measure too
    assert again < 2.0
