"""Bringing a folder of images into a project."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from annotator.document.edits import AddImages, ChangeImage, Edit, set_problem, set_setting
from annotator.document.errors import DocumentError, UnreadableImage
from annotator.document.folder_scan import ImageDraft, scan_folder
from annotator.document.image_headers import inspect_image
from annotator.document.images import ImageEntry, ImageId
from annotator.document.project import IMAGE_ROOT, Project
from annotator.document.project_folder import root_text
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter, SilentReporter

QUIET = SilentReporter()
GONE = "The file is gone; put it back and scan again."
RESIZED = "The file has another size than its labels; put the old one back and scan again."


@dataclass(frozen=True, slots=True)
class FolderReport:
    """What a scan brought: new images, and those that cannot be used with the reason of each."""

    added: int
    problems: tuple[tuple[str, str], ...]  # (path, reason)


def add_folder(workspace: Workspace, reporter: Reporter = QUIET) -> FolderReport:
    """List every image under the project's image root that is not listed yet, as one gesture.

    Images that could not be read before are looked at again, and join if they can be now.
    """
    return take_drafts(workspace, scan_drafts(workspace.project, reporter))


def scan_drafts(project: Project, reporter: Reporter = QUIET) -> tuple[ImageDraft, ...]:
    """The slow half of `add_folder`: what lies under the image root and is not listed as usable.

    Reads headers only and changes nothing, so it may run on another thread than the window's.
    """
    entries = tuple(project.images.values())
    known = frozenset(entry.path for entry in entries if entry.problem is None)
    return tuple(scan_folder(project.image_root, known, _scan_report(reporter)))


def take_drafts(workspace: Workspace, drafts: Iterable[ImageDraft]) -> FolderReport:
    """The quick half of `add_folder`: list what was found, as one gesture."""
    project = workspace.project
    news = [_News.of(project, draft) for draft in drafts]
    edits = _edits(news)
    if edits:
        number = sum(item.before != item.after for item in news)
        workspace.do(gesture(f"Add {number} images", project.image_root.name), edits)
    problems = tuple((item.after.path, item.after.problem) for item in news if item.after.problem)
    return FolderReport(len(news) - len(problems), problems)


def look_at_paths(
    project: Project, paths: Sequence[Path], reporter: Reporter = QUIET
) -> tuple[ImageDraft, ...]:
    """What files and folders from anywhere would bring; nothing is changed.

    Paths within the image root become relative to it, all others stay absolute. Images that are
    listed as usable already are passed over.
    """
    known = {entry.path for entry in tuple(project.images.values()) if entry.problem is None}
    found: dict[tuple[str, int], ImageDraft] = {}
    for path in paths:
        drafts = scan_folder(path, frozenset(), _scan_report(reporter)) if path.is_dir() else (
            _file_drafts(path)
        )  # fmt: skip
        base = path if path.is_dir() else path.parent
        for draft in drafts:
            named = replace(draft, path=_stored_path(project, base / draft.path))
            if named.path not in known:
                found[named.path, named.page] = named
    return tuple(found.values())


def _scan_report(reporter: Reporter) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        reporter.raise_if_cancelled()
        reporter.progress(done / max(total, 1), "Reading image headers")

    return report


def _file_drafts(path: Path) -> list[ImageDraft]:
    try:
        pages = inspect_image(path)
    except UnreadableImage as error:
        return [ImageDraft(path.name, 0, 0, problem=str(error))]
    return [ImageDraft(path.name, one.width, one.height, one.page) for one in pages]


def _stored_path(project: Project, path: Path) -> str:
    whole = Path(os.path.abspath(path))
    root = Path(os.path.abspath(project.image_root))
    inside = whole.is_relative_to(root)
    return (whole.relative_to(root) if inside else whole).as_posix()


def set_gone_aside(workspace: Workspace) -> tuple[tuple[str, str], ...]:
    """Mark images whose file is gone, as one gesture; what was made on them stays for their return.

    Returns all that are gone as (path, reason).
    """
    project = workspace.project
    gone = find_gone(project)
    if gone:
        edits = [set_problem(project, image_id, GONE) for image_id in gone]
        workspace.do(gesture(f"Set {len(gone)} images aside", project.image_root.name), edits)
    return tuple((e.path, GONE) for e in project.images.values() if e.problem == GONE)


def find_gone(project: Project, reporter: Reporter = QUIET) -> tuple[ImageId, ...]:
    """Images that are listed as usable and whose file is not there; asks the disk for each."""
    gone = []
    for done, (image_id, entry) in enumerate(tuple(project.images.items())):
        if done % 64 == 0:
            reporter.raise_if_cancelled()
            reporter.progress(done / len(project.images), "Looking for files")
        if entry.problem is None and not os.path.lexists(project.image_path(image_id)):
            gone.append(image_id)
    return tuple(gone)


def require_image_root(workspace: Workspace) -> None:
    """`DocumentError` if the folder of images has gone as a whole."""
    root = workspace.project.image_root
    relative = any(not os.path.isabs(entry.path) for entry in workspace.project.images.values())
    if relative and not root.is_dir():
        raise DocumentError(
            f"The folder of images '{root}' is not there; bring it back, or say where it is now "
            "with 'annotator rescan PROJECT --images DIR'."
        )


def move_image_root(workspace: Workspace, folder: Path) -> None:
    """Say that the project's images lie in ``folder`` now.

    Raises `DocumentError` unless one of the listed images lies there: it would be a mistake.
    """
    project = workspace.project
    if not folder.is_dir():
        raise DocumentError(f"There is no folder '{folder}'; --images wants a folder of images.")
    entries = project.images.values()
    if entries and not any((folder / entry.path).is_file() for entry in entries):
        raise DocumentError(
            f"None of the project's images lies in '{folder}'; give the folder that holds "
            f"'{next(iter(entries)).path}'."
        )
    text = root_text(workspace.folder, folder)
    if text != project.settings.get(IMAGE_ROOT):
        workspace.do(gesture("Move images", text), [set_setting(project, IMAGE_ROOT, text)])


@dataclass(frozen=True, slots=True)
class _News:
    """What a scan says of one image, beside what the project said so far."""

    before: ImageEntry | None
    after: ImageEntry

    @classmethod
    def of(cls, project: Project, draft: ImageDraft) -> "_News":
        """The entry of a draft, under the id the project knows it by or a new one."""
        after = _entry(ImageId(0), draft)
        before = project.image_named(after.path, after.page)
        if before is None:
            return cls(None, replace(after, image_id=project.next_image_id()))
        if after.problem is not None:
            return cls(before, replace(before, problem=after.problem))
        if before.size != after.size and project.label_map(before.image_id).touched:
            return cls(before, replace(before, problem=RESIZED))
        return cls(before, replace(after, image_id=before.image_id))


def _edits(news: list[_News]) -> list[Edit]:
    added = tuple(item.after for item in news if item.before is None)
    changed = [
        ChangeImage(item.before, item.after)
        for item in news
        if item.before is not None and item.before != item.after
    ]
    return [*([AddImages(added)] if added else []), *changed]


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
