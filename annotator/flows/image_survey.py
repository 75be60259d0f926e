"""Surveys of image files: look on any thread, then take what was found in one quick step."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from annotator.document.edits import set_problem
from annotator.document.folder_scan import ImageDraft
from annotator.document.images import ImageId
from annotator.document.project import Project
from annotator.flows.image_folder import (
    GONE,
    QUIET,
    find_gone,
    look_at_paths,
    move_image_root,
    scan_drafts,
    take_drafts,
)
from annotator.flows.image_relink import Moved, find_moved, relink
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter


@dataclass(frozen=True, slots=True)
class Survey:
    """New or changed files as ``drafts``, and images whose file is gone."""

    drafts: tuple[ImageDraft, ...]
    gone: tuple[ImageId, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """Where lost images are: a whole image root that has moved, or single files."""

    folder: Path
    root_moved: bool
    moved: tuple[Moved, ...] = ()


def survey_paths(project: Project, paths: Sequence[Path], reporter: Reporter = QUIET) -> Survey:
    """What these files and folders would bring."""
    return Survey(look_at_paths(project, paths, reporter))


def survey_root(project: Project, reporter: Reporter = QUIET) -> Survey:
    """What has changed in the folder of images; raises `DocumentError` where it is gone."""
    drafts = scan_drafts(project, reporter)
    return Survey(drafts, find_gone(project, reporter))


def look_for_moved(project: Project, folder: Path, reporter: Reporter = QUIET) -> FoundAgain:
    """Whether ``folder`` is where the image root lies now, else which lost files are in it."""
    relative = [e.path for e in tuple(project.images.values()) if not os.path.isabs(e.path)]
    lost_root = not project.image_root.is_dir()
    if relative and lost_root and any((folder / path).is_file() for path in relative):
        return FoundAgain(folder, root_moved=True)
    return FoundAgain(folder, root_moved=False, moved=find_moved(project, folder, reporter))


def take_survey(workspace: Workspace, survey: Survey) -> str:
    """Do what a survey found; one sentence on it."""
    report = take_drafts(workspace, survey.drafts)
    project = workspace.project
    gone = [i for i in survey.gone if i in project.images and project.images[i].problem is None]
    if gone:
        edits = [set_problem(project, image_id, GONE) for image_id in gone]
        workspace.do(gesture(f"Set {len(gone)} images aside", project.image_root.name), edits)
    parts = [_images(report.added, "came in" if report.added else "are new")]
    if report.problems:
        parts.append(f"{_images(len(report.problems), 'cannot be used')}, see the list")
    if gone:
        parts.append(
            f"{_images(len(gone), 'lost')}: find moved files, or put them back and scan again"
        )
    return "; ".join(parts) + "."


def take_found(workspace: Workspace, found: FoundAgain) -> str:
    """Say where the images are now; one sentence on it."""
    if found.root_moved:
        move_image_root(workspace, found.folder)
        return f"The images are read from '{found.folder}' now; scan again to see what is new."
    number = relink(workspace, found.moved)
    if number:
        return f"{_images(number, 'found again')}, with all that was made on them."
    return f"No lost image lies in '{found.folder.name}' under its old name and in its old size."


def _images(number: int, what: str) -> str:
    word = "image" if number == 1 else "images"
    return f"{number:,} {word} {what}" if number else f"No images {what}"
