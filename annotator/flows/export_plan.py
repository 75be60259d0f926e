"""The export plan: what an export would write, which images it leaves out, and whether it fits."""

import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from annotator.document.images import ImageEntry, ImageId
from annotator.document.project import Project
from annotator.export.exporter import ExportOptions
from annotator.export.splits import ALL
from annotator.export.staging import why_not_ours
from annotator.flows.image_folder import QUIET
from engines.reporting import Reporter

PACKED_SHARE = 0.55  # of three bytes a pixel: about what a lossless PNG of a photograph takes
MASK_SHARE = 0.02  # of one byte a pixel: label images are almost flat
COPIED_SUFFIXES = (".jpg", ".jpeg", ".png")
ONLY_MARKS = "has marks, but nothing accepted yet"
NOTHING_YET = "nothing accepted yet"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One line of the tree: a file or folder, how many files it holds, and what it is for."""

    path: str
    count: int
    purpose: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Images that stay behind for one reason; ``names`` shows the first of them."""

    reason: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What would be written for ``images`` images, about ``size_bytes`` of it.

    ``free_bytes`` is None where the place cannot be asked. ``obstacle`` is one sentence about the
    folder, empty where nothing stands in the way; ``replaceable``: a former export.
    """

    images: int
    files: tuple[PlannedFile, ...]
    left_out: tuple[LeftOut, ...]
    size_bytes: int
    free_bytes: int | None
    obstacle: str = ""
    replaceable: bool = False

    @property
    def fits(self) -> bool:
        """Whether the disk has the room, as far as is known."""
        return self.free_bytes is None or self.size_bytes < self.free_bytes


def plan_export(
    project: Project, out: Path, wish: ExportOptions, reporter: Reporter = QUIET
) -> ExportPlan:
    """Look at the project and at the place, without reading a pixel or writing a byte."""
    labelled = frozenset(project.image_ids_with_labels())
    entries = tuple(project.images.items())  # the project may move on meanwhile
    going = [entry for i, entry in entries if i in labelled and entry.problem is None]
    obstacle, replaceable = _obstacle(out, overwrite=wish.overwrite)
    return ExportPlan(
        len(going),
        _files(going, wish) if going else (),
        left_out(project),
        _size_bytes(project, going, wish, reporter),
        _free_bytes(out),
        obstacle,
        replaceable,
    )


def left_out(project: Project, shown: int = 5) -> tuple[LeftOut, ...]:
    """Images without truth or with a problem, by reason, the most frequent reason first."""
    labelled = frozenset(project.image_ids_with_labels())
    marked = frozenset(project.image_ids_with_cues())
    behind: dict[str, list[str]] = defaultdict(list)
    for image_id, entry in tuple(project.images.items()):
        reason = _why_left_out(entry, image_id, labelled, marked)
        if reason:
            behind[reason].append(entry.path)
    groups = sorted(behind.items(), key=lambda item: -len(item[1]))
    return tuple(LeftOut(why, len(names), tuple(names[:shown])) for why, names in groups)


def split_sizes(images: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many images each split gets, by largest remainder: right to within a few images."""
    exact = {name: images * share for name, share in shares.items()}
    sizes = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: sizes[name] - exact[name])
    for name in by_remainder[: images - sum(sizes.values())]:
        sizes[name] += 1
    return sizes


def _why_left_out(
    entry: ImageEntry,
    image_id: ImageId,
    labelled: frozenset[ImageId],
    marked: frozenset[ImageId],
) -> str:
    if entry.problem is not None:
        return entry.problem
    if image_id in labelled:
        return ""
    return ONLY_MARKS if image_id in marked else NOTHING_YET


def _files(going: list[ImageEntry], wish: ExportOptions) -> tuple[PlannedFile, ...]:
    count = len(going)
    sizes = {ALL: count} if wish.split is None else split_sizes(count, wish.split.wanted)
    about = "" if wish.split is None else "about "
    lines = [PlannedFile("images/", count, "the photographs, upright")]
    for name, number in sizes.items():
        if wish.format == "masks":
            if wish.split is not None:
                lines.append(PlannedFile(f"splits/{name}.txt", 1, f"{about}{number:,} names"))
        else:
            path = f"annotations/instances_{name}.json"
            lines.append(PlannedFile(path, 1, f"{about}{number:,} images"))
    if wish.masks or wish.format == "masks":
        lines.append(PlannedFile("masks/", count, "one PNG of class ids per image"))
        lines.append(PlannedFile("classes.json, classes.csv", 2, "which id is which class"))
    lines.append(PlannedFile("contact_sheet.png", 1, "a page to look at"))
    lines.append(PlannedFile("report.json, README.txt", 2, "what was counted and checked"))
    return tuple(lines)


def _size_bytes(
    project: Project, going: list[ImageEntry], wish: ExportOptions, reporter: Reporter
) -> int:
    total = 0.0
    for done, entry in enumerate(going):
        if done % 256 == 0:
            reporter.raise_if_cancelled()
        area = entry.width * entry.height
        total += _photo_bytes(project, entry, area)
        total += MASK_SHARE * area * (2 if wish.masks else 1)
    return round(total)


def _photo_bytes(project: Project, entry: ImageEntry, area: int) -> float:
    if entry.page == 0 and entry.path.lower().endswith(COPIED_SUFFIXES):
        try:
            return float(project.image_path(entry.image_id).stat().st_size)
        except OSError:
            return 3 * PACKED_SHARE * area  # it is gone; the export itself will say so
    return 3 * PACKED_SHARE * area


def _free_bytes(out: Path) -> int | None:
    for folder in (out, *out.absolute().parents):
        if folder.is_dir():
            try:
                return shutil.disk_usage(folder).free
            except OSError:
                return None
    return None


def _obstacle(out: Path, *, overwrite: bool) -> tuple[str, bool]:
    """One sentence on why the folder will not do, and whether replacing it would be right."""
    try:
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            return f"'{out.name}' is a file or a link; give the name of a new folder.", False
        if not out.is_dir() or not any(out.iterdir()):
            return "", False
        foreign = why_not_ours(out)
    except OSError as error:
        return f"'{out.name}' cannot be looked into: {error.strerror or error}.", False
    if foreign is not None:
        return f"'{out.name}' is not empty and stays as it is: {foreign}.", False
    if overwrite:
        return "", True
    return f"'{out.name}' holds a former export.", True
