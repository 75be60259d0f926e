"""From a finished gesture on the canvas to a named step of the document."""

from collections.abc import Collection

import numpy as np

from annotator.canvas.tool import (
    BoxDrawn,
    Outcome,
    PatchPainted,
    PolygonDrawn,
    PolygonEdited,
    StrokeDraft,
    StrokeDrawn,
)
from annotator.document.annotations import (
    ERASE,
    BitMask,
    Box,
    Cue,
    CueId,
    Polygon,
    Stroke,
)
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, Edit, label_patch, replace_cue
from annotator.document.erasing import erase_cues
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project
from annotator.flows.workspace import gesture

PREVIEW_ID = CueId(2**40)  # of a stroke that is still being drawn: never stored
Step = tuple[str, list[Edit]]


def step_of(
    outcome: Outcome, project: Project, image_id: ImageId, *, locked: Collection[ClassId] = ()
) -> Step | None:
    """The name of the gesture and its edits; None for gestures that change nothing.

    Pixels of ``locked`` classes are neither painted over nor erased.
    """
    match outcome:
        case PatchPainted(target=target, mask=mask):
            return _painted(project, image_id, target, mask, locked)
        case PolygonEdited(cue_id=cue_id, ring=ring, holes=holes):
            before = next(cue for cue in project.cues(image_id) if cue.cue_id == cue_id)
            after = Polygon(cue_id, before.target, ring, holes)
            name = gesture("Change polygon", _name(project, before.target))
            return name, [replace_cue(project, image_id, after)]
        case StrokeDrawn() | BoxDrawn() | PolygonDrawn():
            cue = _cue(outcome, project.next_cue_id())
            kind = type(cue).__name__
            return gesture(kind, _name(project, cue.target)), [AddCue(image_id, cue)]
        case _:
            return None


def preview_of(draft: StrokeDraft) -> Stroke:
    """The cue that a growing stroke would become now."""
    return Stroke(PREVIEW_ID, draft.target, draft.points, draft.radius)


def _painted(
    project: Project,
    image_id: ImageId,
    target: ClassId,
    mask: BitMask,
    locked: Collection[ClassId],
) -> Step | None:
    """Painted pixels of the label map; erasing takes marks away as well."""
    erased = target == ERASE
    edits: list[Edit] = list(erase_cues(project, image_id, mask)) if erased else []
    free = _free(project, image_id, mask, locked, only_labelled=erased)
    if free is not None:
        classes = BACKGROUND if erased else target
        made = Provenance.UNTOUCHED if erased else Provenance.DRAWN
        edits.append(label_patch(project, image_id, free, int(classes), int(made)))
    name = gesture("Erase" if erased else "Paint", _name(project, target))
    return (name, edits) if edits else None


def _free(
    project: Project,
    image_id: ImageId,
    mask: BitMask,
    locked: Collection[ClassId],
    *,
    only_labelled: bool,
) -> BitMask | None:
    """The part of a mask that may be painted; None where nothing is left of it."""
    if not locked and not only_labelled:
        return mask
    x0, y0, x1, y1 = mask.box
    painted = mask.array()
    if locked:
        held = project.visible_classes(image_id)[y0:y1, x0:x1]
        painted &= ~np.isin(held, sorted(locked))
    if only_labelled:
        made = project.label_map(image_id).provenance[y0:y1, x0:x1]
        painted &= made != Provenance.UNTOUCHED
    return BitMask.of(painted, mask.origin) if painted.any() else None


def _cue(outcome: StrokeDrawn | BoxDrawn | PolygonDrawn, cue_id: CueId) -> Cue:
    match outcome:
        case StrokeDrawn(target=target, points=points, radius=radius):
            return Stroke(cue_id, target, points, radius)
        case BoxDrawn(target=target, corners=corners):
            return Box(cue_id, target, corners)
        case PolygonDrawn(target=target, ring=ring, holes=holes):
            return Polygon(cue_id, target, ring, holes)


def _name(project: Project, target: ClassId) -> str:
    if target == BACKGROUND:
        return "background"
    if target == ERASE:
        return "pixels"
    return project.classes[target].name
