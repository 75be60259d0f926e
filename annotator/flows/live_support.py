"""From the document to what crosses to the engine; what did not change is not packed again."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Cue
from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, IGNORE, ClassId, ClassTable
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.project import Project
from annotator.document.shape_memory import ShapeMemory
from annotator.flows.lane_messages import (
    Ask,
    Encode,
    ImageRef,
    PackedMarks,
    ShotRef,
    SupportRef,
    Topic,
)
from annotator.flows.support import RowTable, image_marks, tagged_rows, teaches
from engines.exchange import MarkKind
from engines.row_map import paint


@dataclass(frozen=True, slots=True)
class PreviewCue:
    """A cue still being drawn."""

    image_id: ImageId
    cue: Cue


class LiveSupport:
    """Keeps the packed shot of every image that teaches, until a gesture touches it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._root = project.image_root
        self._shots: dict[ImageId, ShotRef | None] = {}
        self._shapes = ShapeMemory()
        self._pixels: dict[str, Counter[int]] = {}  # by key of a shot: pixels of each row

    def forget(self, changes: Changes) -> None:
        """Read anew what a gesture touched."""
        root, self._root = self._root, self._project.image_root
        if changes.classes or root != self._root:  # other rows; or files elsewhere
            self._shots.clear()
        for image_id in changes.images:
            self._shots.pop(image_id, None)

    def marked_images(self) -> tuple[ImageId, ...]:
        """Images that teach, or would if they were not muted, by id."""
        rows = RowTable.of(self._project)
        return tuple(i for i in self._touched() if self._shot(i, rows, None) is not None)

    def cue_count(self, image_id: ImageId) -> int:
        """Cues of an image, and one more where label pixels were drawn or imported."""
        shot = self._shot(image_id, RowTable.of(self._project), None)
        painted = shot is not None and shot.marks.holds(MarkKind.MASK)
        return len(self._project.cues(image_id)) + painted

    def marked_pixels(self, muted: Collection[ImageId]) -> Counter[ClassId]:
        """How many pixels are marked for each class, muted images left out."""
        rows, total = RowTable.of(self._project), Counter[ClassId]()
        shots = [self._shot(i, rows, None) for i in self._touched() if i not in muted]
        known = {shot.key: self._counted(shot) for shot in shots if shot is not None}
        self._pixels = known
        for counts in known.values():
            for row, pixels in counts.items():
                total[ClassId(int(rows.classes_by_row()[row]))] += pixels
        return total

    def support(
        self, preview: PreviewCue | None, *, version: int, muted: Collection[ImageId] = ()
    ) -> SupportRef:
        """Everything a person said so far, the cue under the pen included, but on ``muted``."""
        project, rows = self._project, RowTable.of(self._project)
        touched = {*self._touched()}
        if preview is not None:
            touched.add(preview.image_id)
        shots = {i: self._shot(i, rows, preview) for i in sorted(touched.difference(muted))}
        teaching = {i: shot for i, shot in shots.items() if shot is not None}
        prompts = {prompt.target: prompt.text for prompt in project.prompts()}
        return SupportRef(
            class_ids=tuple(int(class_id) for class_id in rows.class_ids),
            names=tuple(project.classes[class_id].name for class_id in rows.class_ids),
            prompts=tuple(prompts.get(class_id) for class_id in rows.class_ids),
            shots=tuple(teaching.values()),
            version=version,
            image_ids=tuple(teaching),
        )

    def question(self, topic: Topic, image_id: ImageId, preview: PreviewCue | None) -> Ask:
        """One image as a question, its human pixels attached."""
        if preview is not None and preview.image_id != image_id:
            preview = None
        shot = self._shot(image_id, RowTable.of(self._project), preview)
        fixed = PackedMarks.of(()) if shot is None else shot.marks.binding()
        return Ask(topic, image_id, self._image(image_id), fixed)

    def look_ahead(self, image_id: ImageId) -> Encode:
        """One image to be looked at before anything is asked of it."""
        return Encode(image_id, self._image(image_id))

    def with_human_pixels(self, image_id: ImageId, classes: Labels) -> Labels:
        """(H, W) class ids of a proposal, old perhaps, with what a person drew as it stands now.

        Ids of classes that were merged or removed meanwhile become what they are shown as; those of
        classes whose adding was undone become background.
        """
        rows = RowTable.of(self._project)
        settled = _shown_ids(self._project.classes)[classes]
        by_row = rows.classes_by_row()
        for mark in image_marks(self._project, rows, image_id):
            if mark.kind is not MarkKind.BOX:
                paint(settled, replace(mark, row=int(by_row[mark.row])))
        return settled

    def _touched(self) -> tuple[ImageId, ...]:
        project = self._project
        return tuple(sorted({*project.image_ids_with_cues(), *project.image_ids_with_labels()}))

    def _counted(self, shot: ShotRef) -> Counter[int]:
        found = self._pixels.get(shot.key)
        if found is None:
            found = Counter()
            for row, pixels in zip(shot.marks.table[:, 0], shot.marks.pixels(), strict=True):
                found[int(row)] += int(pixels)
        return found

    def _shot(
        self, image_id: ImageId, rows: RowTable, preview: PreviewCue | None
    ) -> ShotRef | None:
        if preview is not None and preview.image_id == image_id:
            return self._packed(image_id, rows, (preview.cue,))
        if image_id not in self._shots:
            taught = teaches(self._project, image_id)
            self._shots[image_id] = self._packed(image_id, rows, ()) if taught else None
        return self._shots[image_id]

    def _packed(self, image_id: ImageId, rows: RowTable, extra: tuple[Cue, ...]) -> ShotRef | None:
        draw = self._shapes.drawn
        marks = image_marks(self._project, rows, image_id, extra=extra, draw=draw)
        present, absent = (
            tagged_rows(self._project, rows, image_id, present=said) for said in (True, False)
        )
        if not (marks or present or absent):
            return None
        return ShotRef.of(self._image(image_id), marks, present=present, absent=absent)

    def _image(self, image_id: ImageId) -> ImageRef:
        entry = self._project.images[image_id]
        return ImageRef(self._project.image_path(image_id), entry.page, entry.size)


def _shown_ids(classes: ClassTable) -> npt.NDArray[np.uint8]:
    """(256,) uint8: any class id there ever was -> the id it is shown as."""
    known = np.zeros(256, np.bool_)
    known[[BACKGROUND, IGNORE, *(row.class_id for row in classes.rows)]] = True
    return np.where(known, classes.lookup(), np.uint8(BACKGROUND))
