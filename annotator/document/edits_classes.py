"""Edits of the class table: add, rename, recolour, reorder, merge, remove."""

from dataclasses import dataclass, replace

from annotator.document.changes import Changes
from annotator.document.classes import (
    LARGEST_ID,
    ClassId,
    ClassTable,
    Colour,
    LabelClass,
    checked_name,
)
from annotator.document.draft import Draft
from annotator.document.errors import InvalidEdit
from annotator.document.project import Project


@dataclass(frozen=True, slots=True)
class AddClass:
    """A class joins at the end of the order."""

    row: LabelClass

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for an unsound row or a name that a live class has."""
        check_row(self.row)
        _check_name_free(draft.classes, self.row)

    def apply(self, draft: Draft) -> Changes:
        """Put the row at the end; `InvalidEdit` if its id is in use."""
        if self.row.class_id in draft.classes:
            raise InvalidEdit(f"Class id {self.row.class_id} is in use already.")
        draft.classes = draft.classes.with_row(self.row)
        return Changes(classes=True)

    def inverse(self) -> "DropClass":
        """Forget the row."""
        return DropClass(self.row)


@dataclass(frozen=True, slots=True)
class DropClass:
    """The row of a class is forgotten: only ever the undoing of `AddClass`."""

    row: LabelClass

    def check(self, draft: Draft) -> None:
        """Always `InvalidEdit`: pixels may hold the id, so a class is hidden, not forgotten."""
        raise InvalidEdit(f"Remove the class '{self.row.name}' instead of forgetting it.")

    def apply(self, draft: Draft) -> Changes:
        """Take the row out; `InvalidEdit` unless it is the last one, as given."""
        if draft.classes.rows[-1:] != (self.row,):
            raise InvalidEdit(f"The class '{self.row.name}' has changed since it was added.")
        draft.classes = draft.classes.without_row(self.row.class_id)
        return Changes(classes=True)

    def inverse(self) -> AddClass:
        """Add it again."""
        return AddClass(self.row)


@dataclass(frozen=True, slots=True)
class ChangeClass:
    """One row gives way to another one of the same id: renamed, recoloured, merged or removed."""

    before: LabelClass
    after: LabelClass

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for an unsound row, a taken name, or a merge that leads nowhere."""
        check_row(self.after)
        _check_name_free(draft.classes, self.after)
        target = self.after.merged_into
        if target is not None and target != self.before.merged_into:
            _check_merge(draft.classes, self.after)

    def apply(self, draft: Draft) -> Changes:
        """Put the new row in place; `InvalidEdit` if the old one is not there as given."""
        before = self.before
        if draft.classes[before.class_id] != before or self.after.class_id != before.class_id:
            raise InvalidEdit(f"The class '{before.name}' has changed since; look again.")
        draft.classes = draft.classes.with_row(self.after)
        return Changes(classes=True)

    def inverse(self) -> "ChangeClass":
        """Back to the old row."""
        return ChangeClass(self.after, self.before)


@dataclass(frozen=True, slots=True)
class ReorderClasses:
    """All rows in another order."""

    before: tuple[ClassId, ...]
    after: tuple[ClassId, ...]

    def check(self, draft: Draft) -> None:
        """Nothing beyond what applying looks at."""

    def apply(self, draft: Draft) -> Changes:
        """Reorder; `InvalidEdit` if the order has changed since or a class is missing."""
        if tuple(row.class_id for row in draft.classes.rows) != self.before:
            raise InvalidEdit("The classes have changed since; look again.")
        draft.classes = draft.classes.ordered(self.after)
        return Changes(classes=True)

    def inverse(self) -> "ReorderClasses":
        """Back to the old order."""
        return ReorderClasses(self.after, self.before)


def add_class(project: Project, name: str, colour: Colour | None = None) -> AddClass:
    """The edit that adds a class under the next free id; see `ClassTable.make`."""
    return AddClass(project.classes.make(name, colour))


def rename_class(project: Project, class_id: ClassId, name: str) -> ChangeClass:
    """The edit that gives a class another name."""
    before = project.classes[class_id]
    return ChangeClass(before, replace(before, name=checked_name(name)))


def recolour_class(project: Project, class_id: ClassId, colour: Colour) -> ChangeClass:
    """The edit that gives a class another colour."""
    before = project.classes[class_id]
    return ChangeClass(before, replace(before, colour=colour))


def merge_classes(project: Project, *, source: ClassId, target: ClassId) -> ChangeClass:
    """The edit that lets ``target`` take over all that ``source`` has and will be shown as."""
    before = project.classes[source]
    return ChangeClass(before, replace(before, merged_into=target))


def remove_class(project: Project, class_id: ClassId) -> ChangeClass:
    """The edit that hides a class: its pixels show as background, its cues count no more."""
    before = project.classes[class_id]
    return ChangeClass(before, replace(before, removed=True))


def reorder_classes(project: Project, live_ids: tuple[ClassId, ...]) -> ReorderClasses:
    """The edit that shows live classes in that order; merged and removed ones go to the end."""
    before = tuple(row.class_id for row in project.classes.rows)
    rest = tuple(class_id for class_id in before if class_id not in live_ids)
    return ReorderClasses(before, (*live_ids, *rest))


def check_row(row: LabelClass) -> None:
    """`InvalidEdit` unless id, name and colour of a row are possible."""
    if not 0 < row.class_id <= LARGEST_ID:
        raise InvalidEdit(f"A class id is 1 to {LARGEST_ID}; this one is {row.class_id}.")
    if checked_name(row.name) != row.name:
        raise InvalidEdit(f"The class name {row.name!r} has blanks around it.")
    if len(row.colour) != 3 or not all(0 <= part <= 255 for part in row.colour):
        raise InvalidEdit(f"A colour is three numbers from 0 to 255, not {row.colour}.")


def _check_name_free(classes: ClassTable, row: LabelClass) -> None:
    other = classes.named(row.name) if row.live else None
    if other is not None and other.class_id != row.class_id:
        raise InvalidEdit(f"There is a class '{row.name}' already; choose another name.")


def _check_merge(classes: ClassTable, source: LabelClass) -> None:
    target = source.merged_into
    if target == source.class_id:
        raise InvalidEdit(f"'{source.name}' cannot be merged into itself.")
    if target is None or not classes[target].live:
        raise InvalidEdit(f"'{source.name}' can only be merged into a class that is still there.")
