"""Promises of edits: what is refused, what is never touched, and that records come back exact."""

import dataclasses
import math
import random

import numpy as np
import pytest
from document_gestures import TwinHistory, picture, random_mask, state_of
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.document.annotations import (
    ERASE,
    BitMask,
    Box,
    Cue,
    CueId,
    ImageTag,
    MaskPatch,
    Polygon,
    Stroke,
    TextPrompt,
)
from annotator.document.changes import Changes
from annotator.document.classes import IGNORE, ClassId, LabelClass
from annotator.document.edits import (
    AddClass,
    AddCue,
    AddImages,
    ChangeClass,
    ChangeImage,
    Edit,
    accept_patch,
    add_class,
    label_patch,
    merge_classes,
    recolour_class,
    remove_class,
    remove_cue,
    rename_class,
    reorder_classes,
    replace_cue,
    set_problem,
    set_setting,
)
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance

DOOR, GATE, GONE = ClassId(1), ClassId(2), ClassId(3)
IMAGE = ImageId(1)
H, W = 40, 60


@pytest.fixture
def toy() -> TwinHistory:
    """One image of 60 x 40; classes door and gate, and one that was removed."""
    toy = TwinHistory()
    toy.do("Add", [AddImages((ImageEntry(IMAGE, "1.png", W, H),))])
    for name in ("door", "gate", "gone"):
        toy.do("Class", [add_class(toy.project, name)])
    toy.do("Remove", [remove_class(toy.project, GONE)])
    return toy


def refused(toy: TwinHistory, edit: Edit, words: str) -> None:
    before = picture(toy.project)
    with pytest.raises(InvalidEdit, match=words) as caught:
        toy.do("Edit", [edit])
    assert str(caught.value).endswith(".")
    assert picture(toy.project) == before


def square(x: int, y: int, side: int = 10) -> BitMask:
    return BitMask.of(np.ones((side, side), bool), (x, y))


# -- cues ----------------------------------------------------------------------------------------

ONE = CueId(1)
TRIANGLE = ((0.0, 0.0), (5.0, 0.0), (0.0, 5.0))


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        (Stroke(ONE, DOOR, (), 1.0), "1 to"),
        (Stroke(ONE, DOOR, ((math.nan, 1.0),), 1.0), "nowhere near"),
        (Stroke(ONE, DOOR, ((1.0, math.inf),), 1.0), "nowhere near"),
        (Stroke(ONE, DOOR, ((1.0, 1.0),), 0.0), "radius"),
        (Stroke(ONE, DOOR, ((1.0, 1.0),), -1.0), "radius"),
        (Stroke(ONE, DOOR, ((1.0, 1.0),), math.nan), "radius"),
        (Stroke(ONE, DOOR, ((1.0, 1.0),), math.inf), "radius"),
        (Stroke(ONE, GONE, ((1.0, 1.0),), 1.0), "merged or removed"),
        (Stroke(ONE, ClassId(77), ((1.0, 1.0),), 1.0), "no class with id 77"),
        (Stroke(ONE, IGNORE, ((1.0, 1.0),), 1.0), "class id 255"),
        (Stroke(CueId(0), DOOR, ((1.0, 1.0),), 1.0), "positive"),
        (Box(ONE, DOOR, (5.0, 5.0, 5.0, 9.0)), "no inside"),
        (Box(ONE, DOOR, (5.0, 5.0, math.inf, 9.0)), "nowhere near"),
        (Box(ONE, ERASE, (1.0, 1.0, 5.0, 9.0)), "erase"),
        (Polygon(ONE, DOOR, TRIANGLE[:2]), "at least 3"),
        (Polygon(ONE, DOOR, TRIANGLE, (TRIANGLE[:2],)), "at least 3"),
        (Polygon(ONE, DOOR, (*TRIANGLE, (math.nan, 0.0))), "nowhere near"),
        (MaskPatch(ONE, DOOR, square(W - 5, 0)), "outside the image"),
        (MaskPatch(ONE, DOOR, square(-1, 0)), "outside the image"),
        (MaskPatch(ONE, DOOR, BitMask((0, 0), (0, 5), b"")), "at least one pixel"),
        (MaskPatch(ONE, DOOR, BitMask((0, 0), (9, 9), b"12")), "bytes of bits"),
        (TextPrompt(ONE, DOOR, "  "), "printable"),
        (TextPrompt(ONE, DOOR, "a\x00b"), "printable"),
        (ImageTag(ONE, GONE, True), "merged or removed"),
    ],
)
def test_unsound_cues_are_refused(toy: TwinHistory, cue: Cue, words: str) -> None:
    refused(toy, AddCue(IMAGE, cue), words)


def test_cues_stand_in_order_of_their_ids_and_keep_their_place_when_replaced(
    toy: TwinHistory,
) -> None:
    cues = [Stroke(CueId(n), DOOR, ((1.0, n),), 1.0) for n in (1, 2, 3)]
    toy.do("Draw", [AddCue(IMAGE, cue) for cue in cues])
    box = Box(CueId(2), GATE, (0.0, 0.0, 1.0, 1.0))
    toy.do("Replace", [replace_cue(toy.project, IMAGE, box)])
    assert toy.project.cues(IMAGE) == (cues[0], box, cues[2])
    toy.do("Remove", [remove_cue(toy.project, IMAGE, CueId(1))])
    toy.undo()
    assert toy.project.cues(IMAGE) == (cues[0], box, cues[2])


def test_a_cue_id_belongs_to_one_cue_of_the_whole_project(toy: TwinHistory) -> None:
    toy.do("Add", [AddImages((ImageEntry(ImageId(2), "2.png", W, H),))])
    toy.do("Draw", [AddCue(IMAGE, ImageTag(ONE, DOOR, True))])
    refused(toy, AddCue(ImageId(2), ImageTag(ONE, DOOR, True)), "another cue")


def test_only_text_can_hold_for_the_whole_project(toy: TwinHistory) -> None:
    refused(toy, AddCue(None, ImageTag(ONE, DOOR, True)), "Only a text prompt")
    assert toy.do("Say", [AddCue(None, TextPrompt(ONE, DOOR, "a door"))]) == Changes(prompts=True)


def test_a_cue_of_a_class_removed_since_can_still_be_moved_and_taken_away(
    toy: TwinHistory,
) -> None:
    stroke = Stroke(ONE, DOOR, ((1.0, 1.0),), 1.0)
    toy.do("Draw", [AddCue(IMAGE, stroke)])
    toy.do("Remove class", [remove_class(toy.project, DOOR)])
    moved = dataclasses.replace(stroke, radius=2.0)
    toy.do("Thicker", [replace_cue(toy.project, IMAGE, moved)])
    toy.do("Remove", [remove_cue(toy.project, IMAGE, ONE)])
    toy.undo()
    assert toy.project.cues(IMAGE) == (moved,)


def test_cues_and_labels_of_an_unknown_image_are_refused(toy: TwinHistory) -> None:
    refused(toy, AddCue(ImageId(9), ImageTag(ONE, DOOR, True)), "no image with id 9")
    patch = label_patch(toy.project, IMAGE, square(0, 0), DOOR, 1)
    refused(toy, dataclasses.replace(patch, image_id=ImageId(9)), "no image with id 9")


# -- classes -------------------------------------------------------------------------------------


def test_classes_are_renamed_recoloured_and_reordered(toy: TwinHistory) -> None:
    toy.do("Rename", [rename_class(toy.project, DOOR, " portal ")])
    toy.do("Recolour", [recolour_class(toy.project, DOOR, (1, 2, 3))])
    toy.do("Reorder", [reorder_classes(toy.project, (GATE, DOOR))])
    assert [row.name for row in toy.project.classes] == ["gate", "portal"]
    assert toy.project.classes[DOOR] == LabelClass(DOOR, "portal", (1, 2, 3))


def test_unfit_changes_of_classes_are_refused(toy: TwinHistory) -> None:
    project = toy.project
    door = project.classes[DOOR]
    refused(toy, rename_class(project, DOOR, "gate"), "'gate' already")
    refused(toy, AddClass(LabelClass(ClassId(9), "gate", (0, 0, 0))), "'gate' already")
    refused(toy, AddClass(LabelClass(DOOR, "new", (0, 0, 0))), "in use")
    refused(toy, AddClass(LabelClass(IGNORE, "new", (0, 0, 0))), "1 to 254")
    refused(toy, recolour_class(project, DOOR, (256, 0, 0)), "0 to 255")
    refused(toy, merge_classes(project, source=DOOR, target=DOOR), "itself")
    refused(toy, merge_classes(project, source=DOOR, target=GONE), "still there")
    refused(toy, add_class(project, "x").inverse(), "Remove the class")
    refused(toy, reorder_classes(project, (GATE, GATE)), "exactly once")
    refused(toy, ChangeClass(dataclasses.replace(door, name="was"), door), "has changed since")


def test_merges_cannot_run_in_a_circle(toy: TwinHistory) -> None:
    back = merge_classes(toy.project, source=GATE, target=DOOR)
    toy.do("Merge", [merge_classes(toy.project, source=DOOR, target=GATE)])
    refused(toy, back, "still there")


def test_a_name_freed_by_a_merge_can_be_used_and_the_merge_still_be_undone(
    toy: TwinHistory,
) -> None:
    before = state_of(toy.project)
    toy.do("Merge", [merge_classes(toy.project, source=DOOR, target=GATE)])
    toy.do("Rename", [rename_class(toy.project, GATE, "door")])
    toy.undo()
    toy.undo()
    assert state_of(toy.project) == before


# -- images --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (ImageEntry(IMAGE, "2.png", 1, 1), "another image already"),
        (ImageEntry(ImageId(2), "1.png", 1, 1), "'1.png' already"),
        (ImageEntry(ImageId(2), "../2.png", 1, 1), "climbs out"),
        (ImageEntry(ImageId(2), "a/../../2.png", 1, 1), "climbs out"),
        (ImageEntry(ImageId(2), "", 1, 1), "cannot be the path"),
        (ImageEntry(ImageId(2), "a\0b", 1, 1), "cannot be the path"),
        (ImageEntry(ImageId(2), "\udcff.png", 1, 1), "no valid text"),
        (ImageEntry(ImageId(2), "2.png", 1, 1, problem="\udcff"), "readable text"),
        (ImageEntry(ImageId(0), "2.png", 1, 1), "positive"),
        (ImageEntry(ImageId(2), "2.png", 1 << 16, 1 << 16), "too large"),
        (ImageEntry(ImageId(2), "2.png", -1, 1), "negative size"),
        (ImageEntry(ImageId(2), "2.png", 1, 1, page=-1), "page"),
    ],
)
def test_unfit_images_are_refused(toy: TwinHistory, entry: ImageEntry, words: str) -> None:
    refused(toy, AddImages((entry,)), words)


def test_the_same_name_in_two_folders_and_pages_of_one_file_are_different_images(
    toy: TwinHistory,
) -> None:
    names = [("a/1.png", 0), ("b/1.png", 0), ("b/1.png", 1)]
    entries = [ImageEntry(ImageId(5 + n), p, 9, 9, page=g) for n, (p, g) in enumerate(names)]
    toy.do("Add", [AddImages(tuple(entries))])
    assert [toy.project.image_named(path, page) for path, page in names] == entries
    twice = dataclasses.replace(entries[0], image_id=ImageId(9), path="c.png")
    refused(toy, AddImages((twice, dataclasses.replace(twice, image_id=ImageId(10)))), "twice")


def test_a_problem_can_be_noted_and_taken_back(toy: TwinHistory) -> None:
    changes = toy.do("Note", [set_problem(toy.project, IMAGE, "It is cut off.")])
    assert changes == Changes(frozenset({IMAGE}), image_list=True)
    toy.undo()
    assert toy.project.image(IMAGE).problem is None


def test_a_labelled_image_cannot_change_its_size_an_untouched_one_can(toy: TwinHistory) -> None:
    before = toy.project.image(IMAGE)
    resized = ChangeImage(before, dataclasses.replace(before, width=99))
    toy.do("Resize", [resized])
    assert toy.project.label_map(IMAGE).size == (H, 99)
    toy.undo()
    toy.do("Paint", [label_patch(toy.project, IMAGE, square(0, 0), DOOR, 1)])
    refused(toy, resized, "has labels for its size")


# -- labels --------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10**9), uniform=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_label_patch_sets_the_pixels_of_its_mask_and_no_other(seed: int, uniform: bool) -> None:
    toy = TwinHistory()
    toy.do("Add", [AddImages((ImageEntry(IMAGE, "1.png", W, H),)), add_class(toy.project, "door")])
    rng = random.Random(seed)
    for _ in range(2):
        before = toy.project.label_map(IMAGE)
        mask = random_mask(rng, H, W)
        noise = np.random.default_rng(seed).integers(0, 2, mask.shape, np.uint8)
        wanted = 1 if uniform else noise
        toy.do("Paint", [label_patch(toy.project, IMAGE, mask, wanted, 3)])
        after = toy.project.label_map(IMAGE)
        x0, y0, x1, y1 = mask.box
        under = np.zeros((H, W), bool)
        under[y0:y1, x0:x1] = mask.array()
        assert np.array_equal(after.classes[~under], before.classes[~under])
        assert np.array_equal(after.provenance[~under], before.provenance[~under])
        expected = np.broadcast_to(np.uint8(wanted), mask.shape)[mask.array()]
        assert np.array_equal(after.classes[under], expected)
        assert (after.provenance[under] == Provenance.IMPORTED).all()
        toy.undo()
        assert np.array_equal(toy.project.label_map(IMAGE).classes, before.classes)
        assert np.array_equal(toy.project.label_map(IMAGE).provenance, before.provenance)
        toy.redo()


def test_unfit_label_patches_are_refused(toy: TwinHistory) -> None:
    project, here = toy.project, square(0, 0)
    refused(toy, label_patch(project, IMAGE, here, GONE, 1), "Class id 3 is none")
    refused(toy, label_patch(project, IMAGE, here, 77, 1), "Class id 77 is none")
    refused(toy, label_patch(project, IMAGE, here, DOOR, 4), "four known")
    refused(toy, label_patch(project, IMAGE, here, DOOR, 0), "cannot be untouched")
    stale = label_patch(project, IMAGE, here, DOOR, 1)
    outside = dataclasses.replace(stale, mask=square(W - 3, 0))
    refused(toy, outside, "outside the image")
    refused(toy, dataclasses.replace(stale, mask=square(0, 0, 9)), "one value for each pixel")
    toy.do("Paint", [label_patch(project, IMAGE, here, GATE, 1)])
    refused(toy, stale, "have changed since")


@pytest.mark.parametrize(
    ("mask", "classes", "words"),
    [
        (square(W - 5, 0), 1, "outside"),
        (BitMask.of(np.zeros((3, 3), bool)), 1, "empty"),
        (square(0, 0), 256, "0 to 255"),
        (square(0, 0), np.zeros(7, np.uint8), "one value for each"),
        (square(0, 0), np.zeros((10, 10), np.int64), "uint8"),
    ],
)
def test_label_patches_are_not_even_made_of_what_does_not_fit(
    toy: TwinHistory, mask: BitMask, classes: int | np.ndarray, words: str
) -> None:
    with pytest.raises(InvalidEdit, match=words):
        label_patch(toy.project, IMAGE, mask, classes, 1)


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_accepting_never_touches_pixels_made_by_hand_or_protected(seed: int) -> None:
    toy, rng = TwinHistory(), np.random.default_rng(seed)
    toy.do("Add", [AddImages((ImageEntry(IMAGE, "1.png", W, H),))])
    for name in ("door", "gate"):
        toy.do("Class", [add_class(toy.project, name)])
    whole = BitMask.of(np.ones((H, W), bool))
    provenance = rng.integers(0, 4, (H, W), np.uint8)
    classes = np.where(provenance == 0, 0, rng.integers(0, 3, (H, W))).astype(np.uint8)
    toy.do("Start", [label_patch(toy.project, IMAGE, whole, classes, provenance)])
    proposal = rng.integers(0, 3, (H, W), np.uint8)
    where, protected = rng.random((H, W)) < 0.7, rng.random((H, W)) < 0.2
    patch = accept_patch(toy.project, IMAGE, proposal, where=where, protected=protected)
    assert patch is not None
    toy.do("Accept", [patch])
    after = toy.project.label_map(IMAGE)
    by_hand = (provenance == Provenance.DRAWN) | (provenance == Provenance.IMPORTED)
    kept = by_hand | protected | ~where
    assert np.array_equal(after.classes[kept], classes[kept])
    assert np.array_equal(after.provenance[kept], provenance[kept])
    assert np.array_equal(after.classes[~kept], proposal[~kept])
    assert (after.provenance[~kept] == Provenance.ACCEPTED).all()
    again = accept_patch(toy.project, IMAGE, proposal, where=where, protected=protected)
    assert again is None


def test_accepting_background_makes_it_looked_at(toy: TwinHistory) -> None:
    patch = accept_patch(toy.project, IMAGE, np.zeros((H, W), np.uint8))
    assert patch is not None
    toy.do("Accept", [patch])
    assert toy.project.label_map(IMAGE).touched
    assert toy.project.image_ids_with_labels() == (IMAGE,)


def test_a_proposal_of_another_size_or_class_is_refused(toy: TwinHistory) -> None:
    with pytest.raises(InvalidEdit, match="does not fit"):
        accept_patch(toy.project, IMAGE, np.zeros((H, W - 1), np.uint8))
    with pytest.raises(InvalidEdit, match="does not fit"):
        accept_patch(toy.project, IMAGE, np.zeros((H, W), np.uint8), where=np.ones((1, 1), bool))
    stale = accept_patch(toy.project, IMAGE, np.full((H, W), GONE, np.uint8))
    assert stale is not None
    refused(toy, stale, "none of the project's classes")


def test_settings_are_set_and_taken_away(toy: TwinHistory) -> None:
    assert toy.do("Set", [set_setting(toy.project, "method", "panet")]) == Changes(settings=True)
    stale = set_setting(toy.project, "method", "diffup")
    toy.do("Clear", [set_setting(toy.project, "method", None)])
    assert "method" not in toy.project.settings
    refused(toy, stale, "has changed since")
    refused(toy, set_setting(toy.project, "", "x"), "printable")


def test_changes_add_up() -> None:
    one, two = Changes(frozenset({ImageId(1)})), Changes(frozenset({ImageId(2)}), classes=True)
    assert one | two == Changes(frozenset({ImageId(1), ImageId(2)}), classes=True)
    assert not Changes()
    assert one


def test_the_document_needs_neither_torch_nor_qt() -> None:
    import subprocess
    import sys

    code = "import sys, annotator.document.project_folder as _; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"torch", "PySide6", "engines"} & set(loaded.stdout.split())
