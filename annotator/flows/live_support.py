"""From the document to what crosses to the engine; what did not change is not packed again."""

from dataclasses import dataclass, replace

from annotator.document.annotations import Cue
from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.project import Project
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
        self._shots: dict[ImageId, ShotRef | None] = {}

    def forget(self, changes: Changes) -> None:
        """Read anew what a gesture touched."""
        if changes.classes or changes.settings:  # other rows; or another image root
            self._shots.clear()
        for image_id in changes.images:
            self._shots.pop(image_id, None)

    def support(self, preview: PreviewCue | None, *, version: int) -> SupportRef:
        """Everything a person said so far, the cue under the pen included."""
        project, rows = self._project, RowTable.of(self._project)
        touched = {*project.image_ids_with_cues(), *project.image_ids_with_labels()}
        if preview is not None:
            touched.add(preview.image_id)
        shots = (self._shot(image_id, rows, preview) for image_id in sorted(touched))
        prompts = {prompt.target: prompt.text for prompt in project.prompts()}
        return SupportRef(
            class_ids=tuple(int(class_id) for class_id in rows.class_ids),
            names=tuple(project.classes[class_id].name for class_id in rows.class_ids),
            prompts=tuple(prompts.get(class_id) for class_id in rows.class_ids),
            shots=tuple(shot for shot in shots if shot is not None),
            version=version,
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

        Ids of classes that were merged or removed meanwhile become what they are shown as.
        """
        rows = RowTable.of(self._project)
        settled = self._project.classes.lookup()[classes]
        by_row = rows.classes_by_row()
        for mark in image_marks(self._project, rows, image_id):
            if mark.kind is not MarkKind.BOX:
                paint(settled, replace(mark, row=int(by_row[mark.row])))
        return settled

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
        marks = image_marks(self._project, rows, image_id, extra=extra)
        present, absent = (
            tagged_rows(self._project, rows, image_id, present=said) for said in (True, False)
        )
        if not (marks or present or absent):
            return None
        return ShotRef.of(self._image(image_id), marks, present=present, absent=absent)

    def _image(self, image_id: ImageId) -> ImageRef:
        entry = self._project.images[image_id]
        return ImageRef(self._project.image_path(image_id), entry.page, entry.size)
