"""Edits of cues: add, remove, replace. Their order is the order of their ids, hence of drawing."""

from dataclasses import dataclass

from annotator.document.annotations import ERASE, Cue, CueId, MaskPatch, TextPrompt
from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.cue_checks import check_cue_shape, check_inside
from annotator.document.draft import Draft
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageId
from annotator.document.project import Project


@dataclass(frozen=True, slots=True)
class AddCue:
    """A cue joins an image, or the project as a whole where ``image_id`` is None."""

    image_id: ImageId | None
    cue: Cue

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for an unsound cue, a target that is no live class, or a used id."""
        _check_new(draft, self.image_id, self.cue)
        _check_target(draft, self.cue.target)
        if draft.cue_id_used(self.cue.cue_id):
            raise InvalidEdit(f"Cue id {self.cue.cue_id} was given to another cue already.")

    def apply(self, draft: Draft) -> Changes:
        """Put the cue in; `InvalidEdit` if the image is unknown or has a cue of that id."""
        if _cue_of(draft, self.image_id, self.cue.cue_id) is not None:
            raise InvalidEdit(f"There is a cue with id {self.cue.cue_id} already.")
        draft.put_cue(self.image_id, self.cue)
        return _changes(self.image_id)

    def inverse(self) -> "RemoveCue":
        """Take it away."""
        return RemoveCue(self.image_id, self.cue)


@dataclass(frozen=True, slots=True)
class RemoveCue:
    """A cue goes."""

    image_id: ImageId | None
    cue: Cue

    def check(self, draft: Draft) -> None:
        """Nothing beyond what applying looks at."""

    def apply(self, draft: Draft) -> Changes:
        """Take the cue away; `InvalidEdit` if it is not there as given."""
        _expect(draft, self.image_id, self.cue)
        draft.drop_cue(self.image_id, self.cue.cue_id)
        return _changes(self.image_id)

    def inverse(self) -> AddCue:
        """Put it back where it was."""
        return AddCue(self.image_id, self.cue)


@dataclass(frozen=True, slots=True)
class ReplaceCue:
    """A cue gives way to another one of the same id, hence of the same place in the order."""

    image_id: ImageId | None
    before: Cue
    after: Cue

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for an unsound cue or a new target that is no live class."""
        _check_new(draft, self.image_id, self.after)
        if self.after.target != self.before.target:
            _check_target(draft, self.after.target)

    def apply(self, draft: Draft) -> Changes:
        """Put the new cue in place; `InvalidEdit` if the old one is not there as given."""
        _expect(draft, self.image_id, self.before)
        if self.after.cue_id != self.before.cue_id:
            raise InvalidEdit("A replaced cue keeps its id.")
        draft.put_cue(self.image_id, self.after)
        return _changes(self.image_id)

    def inverse(self) -> "ReplaceCue":
        """Back to the old cue."""
        return ReplaceCue(self.image_id, self.after, self.before)


def remove_cue(project: Project, image_id: ImageId | None, cue_id: CueId) -> RemoveCue:
    """The edit that takes a cue away; `InvalidEdit` if there is none of that id."""
    return RemoveCue(image_id, _known_cue(project, image_id, cue_id))


def replace_cue(project: Project, image_id: ImageId | None, cue: Cue) -> ReplaceCue:
    """The edit that puts ``cue`` in place of the one with its id; `InvalidEdit` if none has it."""
    return ReplaceCue(image_id, _known_cue(project, image_id, cue.cue_id), cue)


def _known_cue(project: Project, image_id: ImageId | None, cue_id: CueId) -> Cue:
    cues = project.prompts() if image_id is None else project.cues(image_id)
    for cue in cues:
        if cue.cue_id == cue_id:
            return cue
    raise InvalidEdit(f"There is no cue with id {cue_id} there.")


def _changes(image_id: ImageId | None) -> Changes:
    if image_id is None:
        return Changes(prompts=True)
    return Changes(frozenset({image_id}))


def _cue_of(draft: Draft, image_id: ImageId | None, cue_id: CueId) -> Cue | None:
    return next((cue for cue in draft.cues(image_id) if cue.cue_id == cue_id), None)


def _expect(draft: Draft, image_id: ImageId | None, cue: Cue) -> None:
    if _cue_of(draft, image_id, cue.cue_id) != cue:
        raise InvalidEdit(f"The cue with id {cue.cue_id} has changed since; look again.")


def _check_new(draft: Draft, image_id: ImageId | None, cue: Cue) -> None:
    check_cue_shape(cue)
    if image_id is None:
        if not isinstance(cue, TextPrompt):
            raise InvalidEdit("Only a text prompt can hold for the whole project.")
        return
    entry = draft.image(image_id)
    if isinstance(cue, MaskPatch):
        check_inside(cue.mask, height=entry.height, width=entry.width)


def _check_target(draft: Draft, target: ClassId) -> None:
    if target in (BACKGROUND, ERASE):
        return
    row = draft.classes[target]
    if not row.live:
        raise InvalidEdit(f"The class '{row.name}' was merged or removed; choose another one.")
