"""The import plan: what a folder of label images holds, looked at before anything is changed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.document.annotations import BitMask
from annotator.document.classes import BACKGROUND, IGNORE, ClassTable, Colour, LabelClass
from annotator.document.edits import AddClass, Edit, label_patch
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project
from annotator.export.dataset import Category
from annotator.export.overlay import overlaid
from annotator.flows.image_folder import QUIET
from annotator.importing.class_tables import read_class_table
from annotator.importing.label_images import LabelDraft, LabelFolder, open_label_folder
from engines.reporting import Reporter

Ids = npt.NDArray[np.uint8]  # (H, W)
Pixels = npt.NDArray[np.uint8]  # (H, W, 3)

SAMPLE_SIDE = 360  # pixels of the longer side of a sample
AS_IGNORE, AS_BACKGROUND = "(ignore)", "(background)"  # no class can be confused with these two
ANY_VALUE: Mapping[int, str] = dict.fromkeys(range(1, 256), "")


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One pixel value: how many pixels and images have it, and what it would become."""

    value: int
    pixels: int
    images: int
    meaning: str  # a class name, AS_IGNORE or AS_BACKGROUND


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image as it would be labelled: ``pixels`` (h, w, 3), ``values`` (h, w) pixel values."""

    name: str
    pixels: Pixels
    values: Ids


@dataclass(frozen=True, slots=True, eq=False)
class ImportPlan:
    """What a folder offers: usable label images by the path of their image, and what is in them."""

    folder: Path
    drafts: Mapping[str, LabelDraft]
    rows: tuple[ValueRow, ...]
    samples: tuple[Sample, ...]
    problems: tuple[tuple[str, str], ...]  # (label image, sentence)
    labelled: int  # of the images that would get labels, how many have some already


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Edits that are ready to be done as one gesture, for ``images`` images."""

    edits: tuple[Edit, ...]
    images: int
    problems: tuple[tuple[str, str], ...]


def plan_import(
    project: Project, folder: Path, *, samples: int = 6, reporter: Reporter = QUIET
) -> ImportPlan:
    """Read every label image once and count its values; nothing is changed.

    Raises a subclass of `LabelImportError` where there is nothing to import.
    """
    entries = tuple(project.images.values())  # the project may move on meanwhile
    usable = {e.path: e for e in entries if e.problem is None and e.page == 0}
    sizes = {path: entry.size for path, entry in usable.items()}
    names = read_class_table(folder) if folder.is_dir() else {}
    offered = open_label_folder(folder, sizes, ANY_VALUE)
    problems, kept = list(offered.problems), dict[str, LabelDraft]()
    pixels, images, shown = Counter[int](), Counter[int](), list[Sample]()
    for done, (path, draft) in enumerate(offered.drafts.items()):
        reporter.raise_if_cancelled()
        reporter.progress(done / len(offered.drafts), f"Reading {draft.name}")
        try:
            values = draft.read()
        except LabelFolder.READ_ERRORS as error:
            problems.append((draft.name, str(error)))
            continue
        kept[path] = draft
        counts = np.bincount(values.ravel(), minlength=256)
        pixels.update({int(v): int(counts[v]) for v in np.flatnonzero(counts)})
        images.update(int(v) for v in np.flatnonzero(counts))
        if len(shown) < samples and counts[1:].any():
            shown.append(_sample(project, usable[path].image_id, values))
    rows = tuple(
        ValueRow(value, pixels[value], images[value], _meaning(project, names, value, pixels))
        for value in sorted(pixels)
    )
    labelled = frozenset(project.image_ids_with_labels())
    known = {entry.path for entry in entries if entry.image_id in labelled}
    return ImportPlan(
        folder, kept, rows, tuple(shown), tuple(problems), sum(path in known for path in kept)
    )


def painted(sample: Sample, colours: Mapping[int, Colour]) -> Pixels:
    """(h, w, 3) uint8: the sample with the values that have a colour laid over it."""
    shown = tuple(Category(value, str(value), colour) for value, colour in colours.items())
    size = sample.values.shape[1], sample.values.shape[0]
    return np.asarray(overlaid(sample.pixels, sample.values, shown, size))


def value_colours(table: ClassTable, meanings: Mapping[int, str]) -> dict[int, Colour]:
    """The colour each value would be shown in; none for what is ignored or background.

    Raises `InvalidEdit` for a name that no class can have.
    """
    classes, _ = _with_classes(table, meanings)
    found = {value: classes.named(name.strip()) for value, name in meanings.items()}
    return {value: row.colour for value, row in found.items() if row is not None}


def prepare_import(
    project: Project,
    plan: ImportPlan,
    meanings: Mapping[int, str],
    *,
    keep_labelled: bool,
    reporter: Reporter = QUIET,
) -> Prepared:
    """The edits that bring the labels in; values without a meaning are ignored.

    ``keep_labelled``: pixels that have a label already keep it. Raises `InvalidEdit` for a name
    that no class can have, `Cancelled` where the person stopped; nothing is changed either way.
    """
    classes, made = _with_classes(project.classes, meanings)
    lookup = _lookup(classes, meanings)
    edits: list[Edit] = [AddClass(row) for row in made]
    problems: list[tuple[str, str]] = []
    images = 0
    for done, (path, draft) in enumerate(plan.drafts.items()):
        reporter.raise_if_cancelled()
        reporter.progress(done / len(plan.drafts), f"Preparing {draft.name}")
        try:
            ids = lookup[draft.read()]
        except LabelFolder.READ_ERRORS as error:
            problems.append((draft.name, str(error)))
            continue
        entry = project.image_named(path)
        if entry is None or entry.size != ids.shape:
            problems.append((draft.name, f"'{path}' has left the project or changed its size."))
            continue
        edit = _patch(project, entry.image_id, ids, keep_labelled=keep_labelled)
        if edit is not None:
            edits.append(edit)
            images += 1
    return Prepared(tuple(edits) if images else (), images, tuple(problems))


def _patch(project: Project, image_id: ImageId, ids: Ids, *, keep_labelled: bool) -> Edit | None:
    known = ids != IGNORE
    if keep_labelled:
        known &= project.label_map(image_id).provenance == Provenance.UNTOUCHED
    if not known.any():
        return None
    return label_patch(project, image_id, BitMask.of(known), ids[known], int(Provenance.IMPORTED))


def _meaning(
    project: Project, names: Mapping[int, str], value: int, pixels: Mapping[int, int]
) -> str:
    """What a value means most likely: the folder's word, the project's id, else a new class."""
    if value in names:
        return names[value]
    if value == BACKGROUND:
        return AS_BACKGROUND
    if value == IGNORE:
        alone = not any(0 < other < IGNORE for other in pixels)
        return "object" if alone else AS_IGNORE  # 0 and 255 alone is a mask of one object
    own = next((row.name for row in project.classes if row.class_id == value), None)
    return own or f"class {value}"


def _with_classes(
    table: ClassTable, meanings: Mapping[int, str]
) -> tuple[ClassTable, list[LabelClass]]:
    made: list[LabelClass] = []
    for name in _class_names(meanings):
        if table.named(name) is None:
            made.append(table.make(name))
            table = table.with_row(made[-1])
    return table, made


def _class_names(meanings: Mapping[int, str]) -> Iterator[str]:
    given = (meanings[value].strip() for value in sorted(meanings))
    return (name for name in given if name not in (AS_IGNORE, AS_BACKGROUND))


def _lookup(classes: ClassTable, meanings: Mapping[int, str]) -> Ids:
    lookup: Ids = np.full(256, IGNORE, np.uint8)
    for value, meaning in meanings.items():
        name = meaning.strip()
        if name == AS_BACKGROUND:
            lookup[value] = BACKGROUND
        elif name != AS_IGNORE and (found := classes.named(name)) is not None:
            lookup[value] = found.class_id
    return lookup


def _sample(project: Project, image_id: ImageId, values: Ids) -> Sample:
    entry = project.image(image_id)
    pixels = read_pixels(project.image_path(image_id), entry.page)
    scale = min(1.0, SAMPLE_SIDE / max(entry.size))
    if scale < 1.0:
        size = max(1, round(entry.width * scale)), max(1, round(entry.height * scale))
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
        values = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.NEAREST))
    return Sample(entry.path, pixels, values)
