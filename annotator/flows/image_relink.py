"""Relinking: images whose file has moved are found again by name and size, labels and all."""

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from annotator.document.edits import ChangeImage
from annotator.document.images import ImageEntry
from annotator.document.project import Project
from annotator.flows.image_folder import GONE, QUIET, look_at_paths
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter


@dataclass(frozen=True, slots=True)
class Moved:
    """One image of the project and the place where its file lies now."""

    before: ImageEntry
    path: str  # as stored in entries
    size: tuple[int, int]  # (H, W)


def find_moved(project: Project, folder: Path, reporter: Reporter = QUIET) -> tuple[Moved, ...]:
    """Match images whose file is gone to the files below ``folder``; nothing is changed.

    A file belongs to an image if it has its name and size, and is the only one that does.
    """
    missing = [entry for entry in tuple(project.images.values()) if _is_missing(project, entry)]
    if not missing:
        return ()
    places: dict[tuple[str, int], list[tuple[str, tuple[int, int]]]] = defaultdict(list)
    for draft in look_at_paths(project, [folder], reporter):
        if draft.problem is None:
            name = PurePosixPath(draft.path).name
            places[name, draft.page].append((draft.path, (draft.height, draft.width)))
    found = []
    for entry in missing:
        fitting = [
            (path, size)
            for path, size in places[PurePosixPath(entry.path).name, entry.page]
            if size == entry.size
        ]
        if len(fitting) == 1:
            found.append(Moved(entry, *fitting[0]))
    return tuple(found)


def relink(workspace: Workspace, moved: Sequence[Moved]) -> int:
    """Say where these images lie now, as one gesture; how many it was."""
    edits = [
        ChangeImage(one.before, replace(one.before, path=one.path, problem=None)) for one in moved
    ]
    if edits:
        workspace.do(gesture("Relink", f"{len(edits)} images"), edits)
    return len(edits)


def _is_missing(project: Project, entry: ImageEntry) -> bool:
    if min(entry.size) == 0:
        return False  # it never was readable; there is no size to know it by
    if entry.problem == GONE:
        return True
    return entry.problem is None and not os.path.lexists(project.image_path(entry.image_id))
