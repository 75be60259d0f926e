"""Bringing label images into a project, as accepted truth or as cues."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import BitMask, CueId, MaskPatch
from annotator.document.classes import BACKGROUND, IGNORE, ClassId
from annotator.document.edits import AddClass, AddCue, Edit, label_patch
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project
from annotator.flows.image_folder import QUIET
from annotator.flows.workspace import Workspace, gesture
from annotator.importing.label_images import LabelFolder, open_label_folder
from engines.reporting import Reporter

Role = Literal["truth", "support"]
Ids = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How many label images came in, and why the others did not."""

    imported: int
    problems: tuple[tuple[str, str], ...]  # (path, reason)


def import_label_images(
    workspace: Workspace,
    folder: Path,
    *,
    role: Role = "truth",
    names: tuple[str, ...] = (),
    values: Mapping[int, str] | None = None,
    reporter: Reporter = QUIET,
) -> ImportReport:
    """Match label PNGs to images by name; one gesture per image.

    A pixel value v means the class named ``names[v - 1]``, else the one the folder's own list gives
    it, else the project's class of id v, else a new 'class v'. Classes of the same name are taken
    as they are, missing ones are made. 0 is background, 255 is ignored. With ``values`` (pixel
    value -> class name, which may name 255 as well) they alone decide: a label image that holds
    another value is one of the problems.
    """
    project = workspace.project
    usable = [e for e in project.images.values() if e.problem is None and e.page == 0]
    by_path = {entry.path: entry.image_id for entry in usable}
    labels = open_label_folder(folder, {entry.path: entry.size for entry in usable}, values)
    lookup: Ids = np.arange(256, dtype=np.uint8)
    problems = list(labels.problems)
    imported = 0
    for done, (path, draft) in enumerate(labels.drafts.items()):
        reporter.raise_if_cancelled()
        try:
            ids = draft.read()
        except labels.READ_ERRORS as error:
            problems.append((draft.name, str(error)))
            continue
        if np.all(ids == IGNORE) and IGNORE not in labels.names:
            problems.append((draft.name, f"'{draft.name}' says nothing: all of it is 255, ignore."))
            continue
        _ensure_classes(workspace, labels, ids, names, lookup)
        workspace.do(gesture("Import", path), _edits(workspace, by_path[path], lookup[ids], role))
        imported += 1
        reporter.progress((done + 1) / len(labels.drafts), path)
    return ImportReport(imported, tuple(problems))


def _ensure_classes(
    workspace: Workspace, labels: LabelFolder, ids: Ids, names: tuple[str, ...], lookup: Ids
) -> None:
    """Make the classes that are met for the first time and note their ids in ``lookup``."""
    for value in (int(v) for v in np.unique(ids) if v != BACKGROUND):
        if value == IGNORE and value not in labels.names:
            continue
        name = _name_of(workspace.project, labels, names, value)
        found = workspace.project.classes.named(name)
        if found is None:
            found = workspace.project.classes.make(name)
            workspace.do(gesture("Add class", name), [AddClass(found)])
        lookup[value] = found.class_id


def _name_of(project: Project, labels: LabelFolder, names: tuple[str, ...], value: int) -> str:
    """Said on the command line, else by the folder, else by the project's class of that id."""
    if value <= len(names):
        return names[value - 1]
    if value in labels.names:
        return labels.names[value]
    own = next((row.name for row in project.classes if row.class_id == value), None)
    return own or f"class {value}"


def _edits(workspace: Workspace, image_id: ImageId, classes: Ids, role: Role) -> list[Edit]:
    project = workspace.project
    known = classes != IGNORE
    if role == "truth":
        mask = BitMask.of(known)
        return [label_patch(project, image_id, mask, classes[known], Provenance.IMPORTED)]
    first = project.next_cue_id()
    return [
        AddCue(image_id, MaskPatch(CueId(first + k), ClassId(int(value)), _patch(classes == value)))
        for k, value in enumerate(np.unique(classes[known]))
    ]


def _patch(mask: npt.NDArray[np.bool_]) -> BitMask:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return BitMask.of(mask[y0:y1, x0:x1], (x0, y0))
