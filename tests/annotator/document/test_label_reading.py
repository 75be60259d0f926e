"""Labels read in passing: the same pixels and counts as the whole map, and nothing held up."""

from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from annotator.document.annotations import BitMask
from annotator.document.classes import ClassId
from annotator.document.edits import AddImages, accept_patch, add_class, label_patch
from annotator.document.errors import NotSaved, ProjectDamaged
from annotator.document.images import ImageEntry
from annotator.document.label_map import Provenance
from annotator.document.label_reading import label_counts, places, small_labels, small_shape
from annotator.document.project import Project, ProjectState
from annotator.document.project_folder import OpenProject, create_project


def labelled(folder: Path, height: int = 700, width: int = 1100) -> tuple[OpenProject, ImageEntry]:
    """An image of several tiles: waves accepted on the left, a box of class 2 drawn on them."""
    opened = create_project(folder / "project", folder)
    entry = ImageEntry(opened.project.next_image_id(), "a.png", width, height)
    opened.history.do("Add", [AddImages((entry,))])
    for name in ("sea", "sand"):
        opened.history.do("Class", [add_class(opened.project, name)])
    y, x = np.ogrid[:height, :width]
    waves = ((np.sin(x / 60) + np.cos(y / 40)) > 0).astype(np.uint8)
    where = np.broadcast_to(x < width * 2 // 3, waves.shape)
    patch = accept_patch(opened.project, entry.image_id, waves, where=where)
    assert patch is not None
    opened.history.do("Accept", [patch])
    box = BitMask.of(np.ones((150, 300), np.bool_), (500, 450))
    drawn = label_patch(opened.project, entry.image_id, box, 2, Provenance.DRAWN)
    opened.history.do("Paint", [drawn])
    return opened, entry


@pytest.mark.parametrize("side", [1, 37, 160, 5000])
def test_small_labels_are_the_nearest_pixels_of_the_whole_map(tmp_path: Path, side: int) -> None:
    opened, entry = labelled(tmp_path)
    small = small_labels(opened.project, entry, side)
    whole = opened.project.label_map(entry.image_id)
    height, width = small_shape(*entry.size, side)
    chosen = np.ix_(places(entry.height, height), places(entry.width, width))
    assert small.classes.shape == small.touched.shape == (height, width)
    assert np.array_equal(small.classes, whole.classes[chosen])
    assert np.array_equal(small.touched, whole.provenance[chosen] > 0)
    opened.close()


def test_counts_are_those_of_the_whole_map_without_untouched_pixels(tmp_path: Path) -> None:
    opened, entry = labelled(tmp_path)
    counts = label_counts(opened.project, entry)
    whole = opened.project.label_map(entry.image_id)
    expected = np.bincount(whole.classes[whole.provenance > 0], minlength=256)
    assert np.array_equal(counts, expected)
    assert counts[1] > 0
    assert counts[2] == 150 * 300
    assert counts.sum() < entry.height * entry.width
    opened.close()


def test_an_image_without_labels_is_untouched_and_counts_nothing(tmp_path: Path) -> None:
    opened, _ = labelled(tmp_path)
    bare = ImageEntry(opened.project.next_image_id(), "b.png", 50, 30)
    broken = ImageEntry(opened.project.next_image_id(), "c.png", 0, 0, problem="It is no image.")
    opened.history.do("Add", [AddImages((bare, broken))])
    for entry in (bare, broken):
        assert not small_labels(opened.project, entry, 20).touched.any()
        assert label_counts(opened.project, entry).sum() == 0
    opened.close()


def test_a_project_in_memory_alone_is_read_too() -> None:
    entry = ImageEntry(ClassId(1), "a.png", 40, 20)  # type: ignore[arg-type]
    project = Project(Path(), ProjectState(images={entry.image_id: entry}))
    assert small_labels(project, entry, 10).classes.shape == (5, 10)
    assert label_counts(project, entry).sum() == 0


def test_reading_in_passing_leaves_the_cache_of_label_maps_alone(tmp_path: Path) -> None:
    opened, entry = labelled(tmp_path)
    opened.close()
    with OpenProject(tmp_path / "project") as again:
        small_labels(again.project, entry, 100)
        label_counts(again.project, entry)
        assert again.project._label_maps.held_bytes == 0


def test_damaged_tiles_are_told_with_the_name_of_the_image(tmp_path: Path) -> None:
    opened, entry = labelled(tmp_path)
    opened.project.store.run(  # type: ignore[union-attr]
        "UPDATE tile SET payload = x'00' WHERE tile_row = 0"
    )
    for read in (lambda: small_labels(opened.project, entry, 50),
                 lambda: label_counts(opened.project, entry)):  # fmt: skip
        with pytest.raises(ProjectDamaged, match=r"'a\.png'"):
            read()
    opened.close()
    with pytest.raises(NotSaved):
        label_counts(opened.project, entry)


def test_threads_read_whole_gestures_while_others_are_committed(tmp_path: Path) -> None:
    opened, entry = labelled(tmp_path)
    seen: list[set[int]] = []

    def watch() -> None:
        for _ in range(60):
            classes = small_labels(opened.project, entry, 64).classes
            seen.append({int(k) for k in np.unique(classes[:10, :10])})

    everywhere = BitMask.of(np.ones((700, 1100), np.bool_), (0, 0))
    thread = Thread(target=watch)
    thread.start()
    for k in range(20):
        patch = label_patch(opened.project, entry.image_id, everywhere, 1 + k % 2, Provenance.DRAWN)
        opened.history.do("Paint", [patch])
    thread.join()
    assert all(classes in ({1}, {2}, {0, 1}) for classes in seen)
    opened.close()
