"""The census: counts that follow every gesture, merge and undo, and never hold up the window."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from annotator.document.annotations import BitMask
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import (
    AddImages,
    accept_patch,
    add_class,
    label_patch,
    merge_classes,
    remove_class,
    remove_images,
)
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.flows.pixel_census import PixelCensus
from annotator.flows.workspace import Workspace

SKY, SEA = ClassId(1), ClassId(2)
AREA = 30 * 40


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "project", tmp_path) as opened:
        project = opened.project
        entries = (ImageEntry(project.next_image_id(), f"{k}.png", 40, 30) for k in range(6))
        opened.do("Add", [AddImages(tuple(entries))])
        for name in ("sky", "sea"):
            opened.do("Class", [add_class(project, name)])
        yield opened


@pytest.fixture
def census(workspace: Workspace) -> Iterator[PixelCensus]:
    census = PixelCensus(workspace)
    yield census
    census.close()


def accept(workspace: Workspace, place: int, class_id: int) -> ImageId:
    image_id = list(workspace.project.images)[place]
    patch = accept_patch(workspace.project, image_id, np.full((30, 40), class_id, np.uint8))
    assert patch is not None
    workspace.do("Accept", [patch])
    return image_id


def settle(census: PixelCensus, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: census.waiting == 0 and not census._busy, timeout=5000)


def test_what_was_labelled_before_is_counted_on_opening(workspace: Workspace, qtbot: QtBot) -> None:
    accept(workspace, 0, SKY)
    accept(workspace, 1, SKY)
    accept(workspace, 2, BACKGROUND)
    census = PixelCensus(workspace)
    with qtbot.waitSignals([census.counted, census.finished], timeout=5000):
        pass
    assert dict(census.pixels) == {SKY: 2 * AREA, SEA: 0}
    assert dict(census.images) == {SKY: 2, SEA: 0}
    assert (census.labelled_images, census.background) == (3, AREA)
    census.close()


def test_counts_follow_gestures_undo_and_redo(
    workspace: Workspace, census: PixelCensus, qtbot: QtBot
) -> None:
    image_id = accept(workspace, 0, SKY)
    box = BitMask.of(np.ones((10, 10), np.bool_), (5, 5))
    workspace.do("Paint", [label_patch(workspace.project, image_id, box, SEA, Provenance.DRAWN)])
    settle(census, qtbot)
    assert dict(census.pixels) == {SKY: AREA - 100, SEA: 100}
    assert dict(census.images) == {SKY: 1, SEA: 1}
    assert census.stored_classes(image_id) == {SKY, SEA}
    workspace.undo()
    settle(census, qtbot)
    assert dict(census.pixels) == {SKY: AREA, SEA: 0}
    workspace.undo()
    assert dict(census.pixels) == {SKY: 0, SEA: 0}
    assert (census.labelled_images, census.counted_images()) == (0, ())
    workspace.redo()
    settle(census, qtbot)
    assert dict(census.pixels) == {SKY: AREA, SEA: 0}


def test_merged_and_removed_classes_are_counted_anew_without_a_look_at_pixels(
    workspace: Workspace, census: PixelCensus, qtbot: QtBot
) -> None:
    accept(workspace, 0, SKY)
    accept(workspace, 1, SEA)
    settle(census, qtbot)
    workspace.do("Merge", [merge_classes(workspace.project, source=SEA, target=SKY)])
    assert census.waiting == 0
    assert (dict(census.pixels), dict(census.images)) == ({SKY: 2 * AREA}, {SKY: 2})
    workspace.do("Remove", [remove_class(workspace.project, SKY)])
    assert (dict(census.pixels), census.background) == ({}, 2 * AREA)
    workspace.undo()
    workspace.undo()
    assert dict(census.images) == {SKY: 1, SEA: 1}


def test_removed_images_do_not_count_until_they_are_back(
    workspace: Workspace, census: PixelCensus, qtbot: QtBot
) -> None:
    image_id = accept(workspace, 0, SKY)
    settle(census, qtbot)
    with qtbot.waitSignal(census.counted, timeout=1000):
        workspace.do("Remove", [remove_images(workspace.project, (image_id,))])
    assert (census.pixels[SKY], census.labelled_images) == (0, 0)
    workspace.undo()
    settle(census, qtbot)
    assert census.pixels[SKY] == AREA


def test_an_image_that_changed_while_it_was_counted_is_counted_again(
    workspace: Workspace, census: PixelCensus, qtbot: QtBot
) -> None:
    for k in range(20):  # gestures in the middle of batches
        accept(workspace, k % 3, SKY if k % 2 else SEA)
        qtbot.wait(3)
    settle(census, qtbot)
    project = workspace.project
    expected = np.zeros(256, np.int64)
    for image_id in list(project.images)[:3]:
        expected += np.bincount(project.label_map(image_id).classes.reshape(-1), minlength=256)
    assert dict(census.pixels) == {SKY: expected[SKY], SEA: expected[SEA]}


def test_images_that_cannot_be_read_count_nothing(workspace: Workspace, qtbot: QtBot) -> None:
    accept(workspace, 0, SKY)
    accept(workspace, 1, SKY)
    first = next(iter(workspace.project.images))
    store = workspace.project.store
    store.run("UPDATE tile SET payload = x'00' WHERE image_id = ?", (first,))  # type: ignore[union-attr]
    census = PixelCensus(workspace)
    with qtbot.waitSignal(census.finished, timeout=5000):
        pass
    assert (census.pixels[SKY], census.labelled_images) == (AREA, 1)
    census.close()


def test_a_closed_census_follows_nothing_and_lets_the_project_go(
    workspace: Workspace, qtbot: QtBot
) -> None:
    for k in range(6):
        accept(workspace, k, SKY)
    census = PixelCensus(workspace)
    census._begin_batch()
    census.close()
    before = dict(census.pixels)
    accept(workspace, 0, SEA)
    qtbot.wait(60)
    assert dict(census.pixels) == before


def test_a_hundred_thousand_images_do_not_make_a_gesture_wait(
    workspace: Workspace, census: PixelCensus, qtbot: QtBot
) -> None:
    project = workspace.project
    entries = [ImageEntry(project.next_image_id(), f"x{k}.png", 40, 30) for k in range(100_000)]
    workspace.do("Add", [AddImages(tuple(entries))])
    heard = []
    workspace.subscribe(lambda changes, _initiator: heard.append(changes))
    accept(workspace, 0, SKY)
    settle(census, qtbot)
    start = time.perf_counter()
    census._on_changes(heard[0], None)
    assert time.perf_counter() - start < 0.02
    settle(census, qtbot)
