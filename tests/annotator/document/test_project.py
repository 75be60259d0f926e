"""Promises of Project: values stay as handed out, ids never come twice, folders can move."""

import random
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from document_gestures import picture, random_edits

from annotator.document.annotations import BitMask, Stroke
from annotator.document.classes import ClassId
from annotator.document.edits import (
    AddCue,
    AddImages,
    add_class,
    label_patch,
    merge_classes,
    remove_class,
    remove_cue,
    remove_images,
    set_setting,
)
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_cache import LabelMapCache
from annotator.document.label_map import LabelMap, Provenance
from annotator.document.project_folder import OpenProject, create_project, open_project

DRAWN = int(Provenance.DRAWN)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenProject]:
    with create_project(tmp_path / "project", tmp_path / "images") as opened:
        yield opened


def add_image(opened: OpenProject, path: str, width: int = 60, height: int = 40) -> ImageId:
    image_id = opened.project.next_image_id()
    opened.history.do("Add", [AddImages((ImageEntry(image_id, path, width, height),))])
    return image_id


def paint(opened: OpenProject, image_id: ImageId, class_id: int) -> None:
    whole = BitMask.of(np.ones(opened.project.image(image_id).size, bool))
    opened.history.do("Paint", [label_patch(opened.project, image_id, whole, class_id, DRAWN)])


def test_a_new_project_is_empty(opened: OpenProject) -> None:
    project = opened.project
    assert not project.images
    assert not len(project.classes)
    assert project.prompts() == ()
    assert project.image_ids_with_cues() == project.image_ids_with_labels() == ()


def test_images_are_found_by_name_and_page(opened: OpenProject) -> None:
    first, second = add_image(opened, "a/1.png"), add_image(opened, "b/1.png")
    found = opened.project.image_named("b/1.png")
    assert found is not None
    assert found.image_id == second
    assert opened.project.image_named("1.png") is None
    assert opened.project.image_named("a/1.png", page=1) is None
    assert list(opened.project.images) == [first, second]


def test_an_unknown_image_is_an_invalid_edit(opened: OpenProject) -> None:
    for ask in (opened.project.image, opened.project.cues, opened.project.label_map):
        with pytest.raises(InvalidEdit, match="no image with id 99"):
            ask(ImageId(99))


def test_project_and_images_can_move_together(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "far" / "new"
    (old / "images" / "street").mkdir(parents=True)
    (old / "images" / "street" / "1.png").write_bytes(b"picture")
    with create_project(old / "project", old / "images") as opened:
        image_id = add_image(opened, "street/1.png")
        assert opened.project.image_path(image_id) == old / "images" / "street" / "1.png"
    new.parent.mkdir()
    shutil.move(old, new)
    with open_project(new / "project") as opened:
        assert opened.project.image_path(image_id).read_bytes() == b"picture"


def test_images_elsewhere_keep_their_absolute_path(opened: OpenProject, tmp_path: Path) -> None:
    image_id = add_image(opened, (tmp_path / "x.png").as_posix())
    assert opened.project.image_path(image_id) == tmp_path / "x.png"


def test_the_image_root_can_be_pointed_elsewhere_and_back(opened: OpenProject) -> None:
    image_id = add_image(opened, "1.png")
    before = opened.project.image_path(image_id)
    elsewhere = opened.folder.parent / "elsewhere"
    edit = set_setting(opened.project, "image_root", elsewhere.as_posix())
    opened.history.do("Relink", [edit])
    assert opened.project.image_path(image_id) == elsewhere / "1.png"
    opened.history.undo()
    assert opened.project.image_path(image_id) == before


def test_ids_never_come_twice_even_after_undo_and_restart(tmp_path: Path) -> None:
    folder, seen_cues, seen_images = tmp_path / "project", set(), set()
    create_project(folder, tmp_path).close()
    for _ in range(3):
        with open_project(folder) as opened:
            image_id = add_image(opened, f"{len(seen_images)}.png")
            cue_id = opened.project.next_cue_id()
            stroke = Stroke(cue_id, ClassId(0), ((1.0, 1.0),), 1.0)
            opened.history.do("Stroke", [AddCue(image_id, stroke)])
            opened.history.undo()
            opened.history.undo()
            assert cue_id not in seen_cues
            assert image_id not in seen_images
            seen_cues.add(cue_id)
            seen_images.add(image_id)
            assert opened.project.next_cue_id() != opened.project.next_cue_id()


def test_a_removed_image_comes_back_with_everything_on_it(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    with create_project(folder, tmp_path) as opened:
        ids = [add_image(opened, f"{n}.png") for n in range(3)]
        opened.history.do("Class", [add_class(opened.project, "door")])
        stroke = Stroke(opened.project.next_cue_id(), ClassId(1), ((1.0, 1.0),), 1.0)
        opened.history.do("Stroke", [AddCue(ids[1], stroke)])
        paint(opened, ids[1], 1)
        before = picture(opened.project)
        opened.history.do("Remove", [remove_images(opened.project, (ids[1],))])
        assert ids[1] not in opened.project.images
        assert opened.project.image_ids_with_cues() == ()
        assert opened.project.image_ids_with_labels() == ()
        assert opened.project.image_named("1.png") is None
    with open_project(folder) as opened:
        opened.history.undo()
        assert list(opened.project.images) == ids
        assert picture(opened.project) == before


def test_a_mark_and_the_removal_of_its_image_in_one_gesture_can_be_undone(
    opened: OpenProject,
) -> None:
    image_id = add_image(opened, "1.png")
    stroke = Stroke(opened.project.next_cue_id(), ClassId(0), ((1.0, 1.0),), 1.0)
    edits = [AddCue(image_id, stroke), remove_images(opened.project, (image_id,))]
    opened.history.do("Both", edits)
    opened.history.undo()
    assert opened.project.cues(image_id) == ()
    opened.history.redo()
    assert not opened.project.images


def test_handed_out_label_maps_stay_as_they_are(opened: OpenProject) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    image_id = add_image(opened, "1.png")
    before = opened.project.label_map(image_id)
    paint(opened, image_id, 1)
    assert not before.touched
    assert opened.project.label_map(image_id).touched
    with pytest.raises(ValueError, match="read-only"):
        opened.project.label_map(image_id).classes[0, 0] = 5


def test_visible_classes_follow_merges_and_removals_and_their_undoing(opened: OpenProject) -> None:
    for name in ("door", "gate"):
        opened.history.do("Class", [add_class(opened.project, name)])
    door, gate = opened.project.classes.ids()
    image_id = add_image(opened, "1.png")
    paint(opened, image_id, door)
    merge = merge_classes(opened.project, source=door, target=gate)
    opened.history.do("Merge", [merge])
    assert (opened.project.visible_classes(image_id) == gate).all()
    opened.history.do("Remove", [remove_class(opened.project, gate)])
    assert (opened.project.visible_classes(image_id) == 0).all()
    opened.history.undo()
    opened.history.undo()
    assert (opened.project.visible_classes(image_id) == door).all()
    assert opened.project.visible_classes(image_id, (50, 30, 99, 99)).shape == (10, 10)


def test_label_maps_beyond_the_limit_are_read_again_from_disk(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    with open_project(folder, label_cache_bytes=12_000) as opened:
        opened.history.do("Class", [add_class(opened.project, "door")])
        ids = [add_image(opened, f"{n}.png") for n in range(10)]
        for image_id in ids:
            paint(opened, image_id, 1)
        assert all(opened.project.label_map(image_id).classes.all() for image_id in ids)


def test_the_cache_lets_the_longest_unused_go_and_keeps_within_its_limit() -> None:
    cache = LabelMapCache(limit_bytes=500)
    for number in range(1, 4):
        cache.put(ImageId(number), LabelMap.empty(10, 10))
        cache.get(ImageId(1))
    assert cache.get(ImageId(2)) is None
    assert cache.get(ImageId(1)) is not None
    assert cache.held_bytes == 400
    cache.put(ImageId(9), LabelMap.empty(100, 100))
    assert cache.held_bytes == 20_000  # what is on screen is kept, however large


def test_ids_of_images_with_marks_and_labels_follow_edits(opened: OpenProject) -> None:
    opened.history.do("Class", [add_class(opened.project, "door")])
    first, second = add_image(opened, "1.png"), add_image(opened, "2.png")
    stroke = Stroke(opened.project.next_cue_id(), ClassId(1), ((1.0, 1.0),), 1.0)
    opened.history.do("Stroke", [AddCue(second, stroke)])
    paint(opened, first, 1)
    assert opened.project.image_ids_with_cues() == (second,)
    assert opened.project.image_ids_with_labels() == (first,)
    opened.history.do("Remove", [remove_cue(opened.project, second, stroke.cue_id)])
    whole = BitMask.of(np.ones((40, 60), bool))
    opened.history.do("Clear", [label_patch(opened.project, first, whole, 0, 0)])
    assert opened.project.image_ids_with_cues() == ()
    assert opened.project.image_ids_with_labels() == ()


def test_another_thread_never_sees_half_a_gesture(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    with open_project(folder, label_cache_bytes=1) as opened:
        for name in ("door", "gate"):
            opened.history.do("Class", [add_class(opened.project, name)])
        first, second = add_image(opened, "1.png"), add_image(opened, "2.png")
        paint(opened, first, 1)
        paint(opened, second, 1)
        mixed, done = [], threading.Event()

        def look() -> None:
            while not done.is_set():
                seen = {int(v) for v in np.unique(opened.project.label_map(first).classes)}
                if len(seen) != 1:
                    mixed.append(seen)

        watcher = threading.Thread(target=look)
        watcher.start()
        for number in range(60):
            paint(opened, first, 1 + number % 2)
            paint(opened, second, 1 + number % 2)
        done.set()
        watcher.join()
        assert not mixed


def test_reopening_shows_what_was_there(tmp_path: Path) -> None:
    folder, rng = tmp_path / "project", random.Random(21)
    with create_project(folder, tmp_path) as opened:
        for number in range(150):
            opened.history.do(f"Gesture {number}", random_edits(rng, opened.project))
            if number % 30 == 0:
                before = picture(opened.project)
                opened.close()
                opened = open_project(folder)
                assert picture(opened.project) == before
        opened.close()


def test_provenance_kinds_are_known_without_reading_pixels(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    entry = ImageEntry(ImageId(1), "wide.png", width=1100, height=40)
    with create_project(tmp_path / "p", tmp_path / "images") as opened:
        opened.history.do("Add", [AddImages((entry,)), add_class(opened.project, "leaf")])
        project = opened.project
        assert project.provenance_kinds(ImageId(1)) == {Provenance.UNTOUCHED}
        left = BitMask.of(np.ones((40, 512), bool))
        patch = label_patch(project, ImageId(1), left, 1, Provenance.DRAWN)
        opened.history.do("Draw", [patch])
        assert project.provenance_kinds(ImageId(1)) == {Provenance.DRAWN, Provenance.UNTOUCHED}
        rest = BitMask.of(np.ones((40, 588), bool), (512, 0))
        patch = label_patch(project, ImageId(1), rest, 0, Provenance.ACCEPTED)
        opened.history.do("Accept", [patch])
        assert project.provenance_kinds(ImageId(1)) == {Provenance.DRAWN, Provenance.ACCEPTED}
    with open_project(tmp_path / "p") as opened:
        assert opened.project.provenance_kinds(ImageId(1)) == {
            Provenance.DRAWN,
            Provenance.ACCEPTED,
        }
        opened.history.undo()
        assert opened.project.provenance_kinds(ImageId(1)) == {
            Provenance.DRAWN,
            Provenance.UNTOUCHED,
        }
