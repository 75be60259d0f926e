"""Random gestures on a toy project, the same for the same seed, and exact pictures of its state."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

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
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.draft import Draft
from annotator.document.edits import (
    AddClass,
    AddCue,
    AddImages,
    Edit,
    ReplaceCue,
    accept_patch,
    add_class,
    label_patch,
    merge_classes,
    recolour_class,
    remove_class,
    remove_cue,
    remove_images,
    rename_class,
    reorder_classes,
    set_problem,
    set_setting,
)
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project

MOST_CLASSES, MOST_IMAGES = 40, 6


class Doer(Protocol):
    """A History, or its twin in memory."""

    @property
    def undo_name(self) -> str | None: ...
    @property
    def redo_name(self) -> str | None: ...
    def do(self, name: str, edits: list[Edit]) -> Changes: ...
    def undo(self) -> Changes: ...
    def redo(self) -> Changes: ...


class TwinHistory:
    """The same verbs on a project that lives in memory alone: what the file must agree with."""

    def __init__(self) -> None:
        self.project = Project(Path("nowhere"))
        self._done: list[tuple[str, list[Edit]]] = []
        self._undone: list[tuple[str, list[Edit]]] = []

    @property
    def undo_name(self) -> str | None:
        return self._done[-1][0] if self._done else None

    @property
    def redo_name(self) -> str | None:
        return self._undone[-1][0] if self._undone else None

    def do(self, name: str, edits: list[Edit]) -> Changes:
        draft = Draft(self.project)
        changes = Changes()
        for edit in edits:
            edit.check(draft)
            changes |= edit.apply(draft)
        self._adopt(draft)
        self._done.append((name, edits))
        self._undone.clear()
        return changes

    def undo(self) -> Changes:
        if not self._done:
            return Changes()
        name, edits = self._done.pop()
        self._undone.append((name, edits))
        return self._apply([edit.inverse() for edit in reversed(edits)])

    def redo(self) -> Changes:
        if not self._undone:
            return Changes()
        name, edits = self._undone.pop()
        self._done.append((name, edits))
        return self._apply(edits)

    def _apply(self, edits: list[Edit]) -> Changes:
        draft, changes = Draft(self.project), Changes()
        for edit in edits:
            changes |= edit.apply(draft)
        self._adopt(draft)
        return changes

    def _adopt(self, draft: Draft) -> None:
        draft.note_labelled()
        self.project.adopt(draft)


def picture(project: Project) -> dict[str, Any]:
    """Everything a project holds, to the bit, for comparing."""
    maps = {image_id: project.label_map(image_id) for image_id in project.images}
    return {
        "classes": project.classes,
        "images": list(project.images.items()),
        "settings": {k: v for k, v in project.settings.items() if k != "image_root"},
        "prompts": project.prompts(),
        "cues": {image_id: project.cues(image_id) for image_id in project.images},
        "with cues": project.image_ids_with_cues(),
        "with labels": project.image_ids_with_labels(),
        "labels": {i: (m.classes.tobytes(), m.provenance.tobytes()) for i, m in maps.items()},
        "next ids": project.saved_next_ids,
    }


def state_of(project: Project) -> dict[str, Any]:
    """The picture without the counters, which no undo ever turns back."""
    return {key: part for key, part in picture(project).items() if key != "next ids"}


def step(project: Project, history: Doer, number: int, seed: str = "") -> None:
    """One thing a person might do: mostly a gesture, sometimes undo or redo."""
    rng = random.Random(f"{seed}:{number}")
    draw = rng.random()
    if draw < 0.12 and history.undo_name is not None:
        history.undo()
    elif draw < 0.20 and history.redo_name is not None:
        history.redo()
    else:
        history.do(f"Gesture {number}", random_edits(rng, project))


def random_edits(rng: random.Random, project: Project) -> list[Edit]:
    """At least one edit that fits the project as it is."""
    while True:
        make = rng.choice(_KINDS)
        edits = make(rng, project)
        if edits:
            return edits


def _some_image(rng: random.Random, project: Project) -> ImageId | None:
    return rng.choice(list(project.images)) if project.images else None


def _some_class(rng: random.Random, project: Project) -> ClassId:
    return rng.choice([BACKGROUND, *project.classes.ids()])


def _add_images(rng: random.Random, project: Project) -> list[Edit]:
    if len(project.images) >= MOST_IMAGES:
        return []
    first = project.saved_next_ids[1]
    sizes = [rng.choice([(40, 30), (64, 48), (600, 530), (0, 0)]) for _ in range(rng.randint(1, 2))]
    return [
        AddImages(
            tuple(
                ImageEntry(ImageId(first + i), f"folder {i}/Ümlaut {first}.png", w, h, page=i)
                for i, (w, h) in enumerate(sizes)
            )
        )
    ]


def _change_image(rng: random.Random, project: Project) -> list[Edit]:
    image_id = _some_image(rng, project)
    if image_id is None:
        return []
    if rng.random() < 0.3:
        return [remove_images(project, (image_id,))]
    return [set_problem(project, image_id, rng.choice([None, "It is cut off.", "Not an image."]))]


def _change_classes(rng: random.Random, project: Project) -> list[Edit]:
    ids = list(project.classes.ids())
    colour = (rng.randrange(256), 0, rng.randrange(256))
    if len(ids) < 2:
        return []
    one, other = rng.sample(ids, 2)
    match rng.randrange(6):
        case 0:
            return [merge_classes(project, source=one, target=other)] if len(ids) > 4 else []
        case 1:
            return [remove_class(project, one)] if len(ids) > 4 else []
        case 2:
            return [recolour_class(project, one, colour)]
        case 3:
            rng.shuffle(ids)
            return [reorder_classes(project, tuple(ids))]
        case _:
            return [rename_class(project, one, f"class {one} {rng.random()}")]


def _add_class_with_cue(rng: random.Random, project: Project) -> list[Edit]:
    if len(project.classes.rows) >= MOST_CLASSES:
        return []
    add: AddClass = add_class(project, f"thing {len(project.classes.rows)} {rng.random()}")
    image_id = _some_image(rng, project)
    if image_id is None:
        return [add]
    cue_id = CueId(project.saved_next_ids[0])
    return [add, AddCue(image_id, Stroke(cue_id, add.row.class_id, ((0.5, 0.5),), 1.5))]


def random_cue(rng: random.Random, cue_id: CueId, target: ClassId) -> Cue:
    """Any cue that fits an image of 30 x 30 pixels or more."""
    points = tuple((rng.uniform(-5, 40), rng.uniform(-5, 40)) for _ in range(rng.randint(3, 20)))
    x, y = rng.uniform(0, 20), rng.uniform(0, 20)
    match rng.randrange(6):
        case 0:
            return Box(cue_id, target, (x, y, x + 3.25, y + 1e-3))
        case 1:
            return Polygon(cue_id, target, points, (points[:3],) if x < 10 else ())
        case 2:
            return MaskPatch(cue_id, target, random_mask(rng, 30, 30))
        case 3:
            return TextPrompt(cue_id, target, f"a wörd {x}")
        case 4:
            return ImageTag(cue_id, target, x < 10)
        case _:
            return Stroke(cue_id, ERASE if x < 3 else target, points, rng.uniform(0.1, 30))


def random_mask(rng: random.Random, height: int, width: int) -> BitMask:
    """A bitmap of random pixels somewhere within a size, not quite empty."""
    h, w = rng.randint(1, height), rng.randint(1, width)
    bits = np.frombuffer(rng.randbytes(h * w), np.uint8).reshape(h, w) < rng.choice([30, 250, 256])
    bits[0, 0] = True
    return BitMask.of(bits, (rng.randint(0, width - w), rng.randint(0, height - h)))


def _add_cues(rng: random.Random, project: Project) -> list[Edit]:
    image_id = _some_image(rng, project)
    if image_id is None or project.image(image_id).width == 0:
        return []
    first = project.saved_next_ids[0]
    return [
        AddCue(image_id, random_cue(rng, CueId(first + i), _some_class(rng, project)))
        for i in range(rng.randint(1, 3))
    ]


def _add_prompt(rng: random.Random, project: Project) -> list[Edit]:
    cue_id = CueId(project.saved_next_ids[0])
    return [AddCue(None, TextPrompt(cue_id, _some_class(rng, project), f"text {rng.random()}"))]


def _change_cue(rng: random.Random, project: Project) -> list[Edit]:
    with_cues = project.image_ids_with_cues()
    image_id = rng.choice([None, *with_cues])
    cues = project.prompts() if image_id is None else project.cues(image_id)
    if not cues:
        return []
    cue = rng.choice(cues)
    unreadable = image_id is not None and project.image(image_id).width == 0
    if unreadable or rng.random() < 0.4:
        return [remove_cue(project, image_id, cue.cue_id)]
    if isinstance(cue, TextPrompt):
        return [ReplaceCue(image_id, cue, replace(cue, text=f"other {rng.random()}"))]
    target = _some_class(rng, project)
    return [ReplaceCue(image_id, cue, random_cue(rng, cue.cue_id, target))]


def _patch_labels(rng: random.Random, project: Project) -> list[Edit]:
    image_id = _some_image(rng, project)
    if image_id is None or project.image(image_id).width == 0:
        return []
    entry = project.image(image_id)
    mask = random_mask(rng, entry.height, entry.width)
    target = _some_class(rng, project)
    if rng.random() < 0.2:
        return [label_patch(project, image_id, mask, 0, int(Provenance.UNTOUCHED))]
    if rng.random() < 0.5:
        return [label_patch(project, image_id, mask, int(target), int(Provenance.DRAWN))]
    choice = np.array([BACKGROUND, target, 255], np.uint8)
    noise = np.frombuffer(rng.randbytes(mask.shape[0] * mask.shape[1]), np.uint8) % 3
    classes = choice[noise].reshape(mask.shape)
    return [label_patch(project, image_id, mask, classes, int(Provenance.IMPORTED))]


def _accept(rng: random.Random, project: Project) -> list[Edit]:
    image_id = _some_image(rng, project)
    if image_id is None or project.image(image_id).width == 0:
        return []
    entry = project.image(image_id)
    proposal = np.zeros(entry.size, np.uint8)
    proposal[rng.randrange(entry.height) :, rng.randrange(entry.width) :] = _some_class(
        rng, project
    )
    patch = accept_patch(project, image_id, proposal)
    return [] if patch is None else [patch]


def _set_setting(rng: random.Random, project: Project) -> list[Edit]:
    text = rng.choice([None, "panet", "diffup", "ß" * 100])
    return [set_setting(project, rng.choice(["method", "backbone"]), text)]


_KINDS: list[Callable[[random.Random, Project], list[Edit]]] = [
    _add_images,
    _change_image,
    _change_classes,
    _add_class_with_cue,
    _add_cues,
    _add_cues,
    _add_cues,
    _add_prompt,
    _change_cue,
    _change_cue,
    _patch_labels,
    _patch_labels,
    _accept,
    _set_setting,
]
