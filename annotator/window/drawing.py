"""From a finished gesture on the canvas to a named edit of the document."""

from annotator.canvas.tool import (
    BoxDrawn,
    Outcome,
    PatchPainted,
    PolygonDrawn,
    PolygonEdited,
    StrokeDraft,
    StrokeDrawn,
)
from annotator.document.annotations import ERASE, Box, Cue, CueId, Polygon, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, Edit, label_patch, replace_cue
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project
from annotator.flows.workspace import gesture

PREVIEW_ID = CueId(2**40)  # of a stroke that is still being drawn: never stored


def edit_of(outcome: Outcome, project: Project, image_id: ImageId) -> tuple[str, Edit] | None:
    """The name of the gesture and its edit; None for gestures that change nothing."""
    match outcome:
        case PatchPainted(target=target, mask=mask):
            erased = target == ERASE
            classes = BACKGROUND if erased else target
            made = Provenance.UNTOUCHED if erased else Provenance.DRAWN
            patch = label_patch(project, image_id, mask, int(classes), int(made))
            return gesture("Erase" if erased else "Paint", _name(project, target)), patch
        case PolygonEdited(cue_id=cue_id, ring=ring, holes=holes):
            before = next(cue for cue in project.cues(image_id) if cue.cue_id == cue_id)
            after = Polygon(cue_id, before.target, ring, holes)
            name = gesture("Change polygon", _name(project, before.target))
            return name, replace_cue(project, image_id, after)
        case StrokeDrawn() | BoxDrawn() | PolygonDrawn():
            cue = _cue(outcome, project.next_cue_id())
            kind = type(cue).__name__
            return gesture(kind, _name(project, cue.target)), AddCue(image_id, cue)
        case _:
            return None


def preview_of(draft: StrokeDraft) -> Stroke:
    """The cue that a growing stroke would become now."""
    return Stroke(PREVIEW_ID, draft.target, draft.points, draft.radius)


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
