"""Edits of the list of images: add, remove, and say something else about one."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from annotator.document.changes import Changes
from annotator.document.draft import Draft
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId
from annotator.document.project import Project

LARGEST_AREA = 1 << 30  # pixels: a gigapixel needs two gigabytes as a label map
PATH_LIMIT = 4096  # characters
PAGE_LIMIT = 1 << 31
LARGEST_IMAGE_ID = (1 << 63) - 1  # what the project file can count to


@dataclass(frozen=True, slots=True)
class AddImages:
    """Images join the project. Their ids come from `Project.next_image_id`."""

    entries: tuple[ImageEntry, ...]

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for a used id, a taken or unsound path, or an impossible size."""
        names = set()
        for entry in self.entries:
            check_entry(entry)
            if draft.image_id_used(entry.image_id):
                raise InvalidEdit(f"Image id {entry.image_id} was given to another image already.")
            names.add((entry.path, entry.page))
        if len(names) < len(self.entries):
            raise InvalidEdit("The same image stands twice among the images to add.")

    def apply(self, draft: Draft) -> Changes:
        """Put them in, in order of their ids."""
        for entry in self.entries:
            if draft.has_image(entry.image_id) or draft.name_taken(entry.path, entry.page):
                raise InvalidEdit(f"The project has the image '{entry.path}' already.")
            draft.put_image(entry)
        return Changes(frozenset(entry.image_id for entry in self.entries), image_list=True)

    def inverse(self) -> "RemoveImages":
        """Take them out."""
        return RemoveImages(self.entries)


@dataclass(frozen=True, slots=True)
class RemoveImages:
    """Images leave the project. Files, cues and labels stay where they are."""

    entries: tuple[ImageEntry, ...]

    def check(self, draft: Draft) -> None:
        """Nothing beyond what applying looks at."""

    def apply(self, draft: Draft) -> Changes:
        """Take them out; `InvalidEdit` if one is not there as given."""
        for entry in self.entries:
            if draft.image(entry.image_id) != entry:
                raise InvalidEdit(f"The image '{entry.path}' has changed since; look again.")
            draft.drop_image(entry.image_id)
        return Changes(frozenset(entry.image_id for entry in self.entries), image_list=True)

    def inverse(self) -> AddImages:
        """Bring them back with all that was made on them."""
        return AddImages(self.entries)


@dataclass(frozen=True, slots=True)
class ChangeImage:
    """One entry gives way to another one of the same id: a new path, size or problem."""

    before: ImageEntry
    after: ImageEntry

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for an unsound entry, or a new size under existing labels."""
        check_entry(self.after)
        resized = self.before.size != self.after.size
        if resized and draft.label_map(self.before.image_id).touched:
            raise InvalidEdit(
                f"The image '{self.before.path}' has labels for its size of {self.before.width} x "
                f"{self.before.height} pixels; add the resized one as a new image."
            )

    def apply(self, draft: Draft) -> Changes:
        """Put the new entry in; `InvalidEdit` if the old one is not there as given."""
        before, after = self.before, self.after
        if draft.image(before.image_id) != before or after.image_id != before.image_id:
            raise InvalidEdit(f"The image '{before.path}' has changed since; look again.")
        moved = (after.path, after.page) != (before.path, before.page)
        if moved and draft.name_taken(after.path, after.page):
            raise InvalidEdit(f"The project has the image '{after.path}' already.")
        draft.put_image(after)
        if before.size != after.size:
            draft.forget_label_map(after.image_id)
        return Changes(frozenset({after.image_id}), image_list=True)

    def inverse(self) -> "ChangeImage":
        """Back to the old entry."""
        return ChangeImage(self.after, self.before)


def remove_images(project: Project, image_ids: tuple[ImageId, ...]) -> RemoveImages:
    """The edit that takes these images out; `InvalidEdit` for an unknown id."""
    return RemoveImages(tuple(project.image(image_id) for image_id in image_ids))


def set_problem(project: Project, image_id: ImageId, problem: str | None) -> ChangeImage:
    """The edit that says what is wrong with an image, or that nothing is any more."""
    before = project.image(image_id)
    return ChangeImage(before, replace(before, problem=problem))


def check_entry(entry: ImageEntry) -> None:
    """`InvalidEdit` unless path, page and size of an entry are possible."""
    if not 0 < entry.image_id <= LARGEST_IMAGE_ID:
        raise InvalidEdit(f"An image's id is a positive number; this one is {entry.image_id}.")
    if not 0 <= entry.page < PAGE_LIMIT:
        raise InvalidEdit(f"The image '{entry.path}' cannot have a page {entry.page}.")
    if min(entry.size) < 0:
        raise InvalidEdit(f"The image '{entry.path}' cannot have a negative size.")
    if entry.width * entry.height > LARGEST_AREA:
        raise InvalidEdit(
            f"The image '{entry.path}' of {entry.width} x {entry.height} pixels is too large; "
            "cut it into parts below a gigapixel."
        )
    if entry.problem is not None and not (_is_text(entry.problem) and entry.problem):
        raise InvalidEdit(f"What is wrong with '{entry.path}' must be said in readable text.")
    _check_path(entry.path)


def _check_path(path: str) -> None:
    if not path or len(path) > PATH_LIMIT or "\0" in path:
        raise InvalidEdit(f"{path[:80]!r} cannot be the path of an image.")
    if ".." in path and ".." in PurePosixPath(path).parts:
        raise InvalidEdit(f"The path '{path}' climbs out of the image folder; store it absolute.")
    if not _is_text(path):
        raise InvalidEdit(f"The file name {path!r} is no valid text; rename the file.")


def _is_text(words: str) -> bool:
    """Whether it can be stored as UTF-8: names of files need not be."""
    return words.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in words)
