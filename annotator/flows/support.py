"""From the document to the engine's vocabulary: support set, queries, and rows for class ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Cue, ImageTag
from annotator.document.classes import BACKGROUND, IGNORE, ClassId
from annotator.document.image_reading import content_digest, read_pixels
from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project
from annotator.document.rasterise import Draw, DrawnMark, composite, drawn
from annotator.flows.muting import muted_images
from engines.exchange import (
    BACKGROUND_ROW,
    UNLABELLED_ROW,
    LazyImage,
    Mark,
    MarkKind,
    Query,
    Shot,
    SupportSet,
)

# Label-map pixels a person made or brought along teach the engine. ACCEPTED ones do not: they are
# the engine's own answers, and learning from them would only confirm its mistakes.
TEACHING = frozenset({Provenance.DRAWN, Provenance.IMPORTED})


@dataclass(frozen=True, slots=True)
class RowTable:
    """Which engine row stands for which class: row r is ``class_ids[r - 1]``, row 0 background."""

    class_ids: tuple[ClassId, ...]

    @classmethod
    def of(cls, project: Project) -> "RowTable":
        """Rows for all live classes of the project, in display order."""
        return cls(project.classes.ids())

    def row(self, class_id: ClassId) -> int:
        """The row of a live class or of background."""
        return BACKGROUND_ROW if class_id == BACKGROUND else self.class_ids.index(class_id) + 1

    def rows_by_class(self) -> npt.NDArray[np.uint8]:
        """(256,) uint8: class id -> row; ids without a row become "nobody said"."""
        table = np.full(256, UNLABELLED_ROW, np.uint8)
        table[BACKGROUND] = BACKGROUND_ROW
        for row, class_id in enumerate(self.class_ids, start=1):
            table[class_id] = row
        return table

    def classes_by_row(self) -> npt.NDArray[np.uint8]:
        """(256,) uint8: row -> class id; "nobody said" becomes ignore."""
        table = np.full(256, IGNORE, np.uint8)
        table[: len(self.class_ids) + 1] = (BACKGROUND, *self.class_ids)
        return table


def teaching_images(project: Project) -> tuple[ImageId, ...]:
    """Images with cues, or with pixels that were drawn or imported, in project order.

    Muted ones are left out.
    """
    touched = {*project.image_ids_with_cues(), *project.image_ids_with_labels()}
    touched -= muted_images(project)
    return tuple(i for i in project.images if i in touched and teaches(project, i))


def teaches(project: Project, image_id: ImageId) -> bool:
    """Whether there is something to learn from one image."""
    if project.images[image_id].problem is not None:
        return False
    return bool(project.cues(image_id) or TEACHING & project.provenance_kinds(image_id))


def support_set(project: Project, *, version: int = 0) -> SupportSet:
    """Everything a person said so far, as the engine wants it."""
    rows = RowTable.of(project)
    shots = [_shot(project, rows, image_id) for image_id in teaching_images(project)]
    prompts = {prompt.target: prompt.text for prompt in project.prompts()}
    return SupportSet(
        class_ids=tuple(int(class_id) for class_id in rows.class_ids),
        names=tuple(project.classes[class_id].name for class_id in rows.class_ids),
        shots=tuple(shot for shot in shots if shot.marks or shot.present or shot.absent),
        prompts=tuple(prompts.get(class_id) for class_id in rows.class_ids),
        version=version,
    )


def query(project: Project, image_id: ImageId) -> Query:
    """One image as a question, its human pixels attached."""
    marks = image_marks(project, RowTable.of(project), image_id)
    fixed = tuple(mark for mark in marks if mark.kind is not MarkKind.BOX)
    return Query(image=image_source(project, image_id), fixed=fixed)


def image_source(project: Project, image_id: ImageId) -> LazyImage:
    """The image as the engine sees it; decoded only when its features are not cached."""
    entry = project.images[image_id]
    path = project.image_path(image_id)
    return LazyImage(
        digest=content_digest(path, entry.page),
        size=entry.size,
        load=partial(read_pixels, path, entry.page),
    )


def image_marks(
    project: Project,
    rows: RowTable,
    image_id: ImageId,
    *,
    extra: tuple[Cue, ...] = (),
    draw: Draw = drawn,
) -> tuple[Mark, ...]:
    """All pixels a person bound to a class: cues first, then drawn and imported label pixels.

    ``extra`` are cues not committed yet, drawn after all others; ``draw`` may remember bitmaps.
    """
    cues, size = (*project.cues(image_id), *extra), project.images[image_id].size
    marks = composite(cues, size, project.classes.resolve, draw=draw)
    from_cues = [_mark_of(mark, rows) for mark in marks]
    return (*from_cues, *_label_marks(project, rows, image_id, from_cues))


def _shot(project: Project, rows: RowTable, image_id: ImageId) -> Shot:
    return Shot(
        image=image_source(project, image_id),
        marks=image_marks(project, rows, image_id),
        present=tagged_rows(project, rows, image_id, present=True),
        absent=tagged_rows(project, rows, image_id, present=False),
    )


def tagged_rows(
    project: Project, rows: RowTable, image_id: ImageId, *, present: bool
) -> frozenset[int]:
    """Rows said to be somewhere in the image (``present``), or nowhere in it."""
    tags = (cue for cue in project.cues(image_id) if isinstance(cue, ImageTag))
    targets = (project.classes.resolve(tag.target) for tag in tags if tag.present is present)
    return frozenset(rows.row(target) for target in targets if target is not None)


def _mark_of(drawn: DrawnMark, rows: RowTable) -> Mark:
    kind = MarkKind.BOX if drawn.weak else MarkKind.STROKE
    return Mark(rows.row(drawn.target), drawn.origin, drawn.mask, kind)


def _label_marks(
    project: Project, rows: RowTable, image_id: ImageId, cues: Sequence[Mark]
) -> list[Mark]:
    """One MASK mark per row among teaching pixels, less what cues cover: fresher words win."""
    if not TEACHING & project.provenance_kinds(image_id):
        return []
    label_map = project.label_map(image_id)
    teaching = np.isin(label_map.provenance, sorted(TEACHING))
    for mark in cues:
        if mark.kind is not MarkKind.BOX:
            x0, y0, x1, y1 = mark.box
            teaching[y0:y1, x0:x1] &= ~mark.mask
    shown = project.classes.lookup()[label_map.classes]
    row_map = np.where(teaching, rows.rows_by_class()[shown], UNLABELLED_ROW)
    present = [int(row) for row in np.unique(row_map) if row != UNLABELLED_ROW]
    return [_cropped_mark(row, row_map == row) for row in present]


def _cropped_mark(row: int, mask: npt.NDArray[np.bool_]) -> Mark:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    y0, x0 = int(rows[0]), int(columns[0])
    cropped = mask[y0 : rows[-1] + 1, x0 : columns[-1] + 1]
    return Mark(row, (x0, y0), np.ascontiguousarray(cropped), MarkKind.MASK)
