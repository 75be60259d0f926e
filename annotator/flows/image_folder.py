"""Bringing a folder of images into a project."""

import os
from dataclasses import dataclass

from annotator.document.edits import AddImages
from annotator.document.folder_scan import ImageDraft, scan_folder
from annotator.document.images import ImageEntry, ImageId
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter, SilentReporter

QUIET = SilentReporter()


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a scan brought: new images, and those that cannot be used with the reason of each."""

    added: int
    problems: tuple[tuple[str, str], ...]  # (path, reason)


def add_folder(workspace: Workspace, reporter: Reporter = QUIET) -> FolderReport:
    """List every image under the project's image root that is not listed yet, as one gesture."""
    project = workspace.project
    known = frozenset(entry.path for entry in project.images.values())

    def report(done: int, total: int) -> None:
        reporter.raise_if_cancelled()
        reporter.progress(done / max(total, 1), "Reading image headers")

    drafts = list(scan_folder(project.image_root, known, report))
    entries = tuple(_entry(project.next_image_id(), draft) for draft in drafts)
    if entries:
        workspace.do(
            gesture(f"Add {len(entries)} images", project.image_root.name), [AddImages(entries)]
        )
    problems = tuple((entry.path, entry.problem) for entry in entries if entry.problem is not None)
    return FolderReport(len(entries) - len(problems), problems)


def _entry(image_id: ImageId, draft: ImageDraft) -> ImageEntry:
    """The entry of a draft; a name the document cannot write down is listed as a problem."""
    path, problem = draft.path, draft.problem
    if not _is_text(path):
        path = os.fsencode(path).decode("utf-8", "backslashreplace")
        problem = "The name of this file is no valid text; rename the file and add it again."
    usable = problem is None
    size = (draft.width, draft.height) if usable else (0, 0)
    return ImageEntry(image_id, path, *size, draft.page, problem)


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
