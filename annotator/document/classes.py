"""Classes: stable integer ids, names, colours, order, and what was merged into what.

An id is given once and never again. Pixels and cues keep the id they were made with; a merge or a
removal is a line in this table, read through `ClassTable.lookup`, so both are undone at no cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NewType

import numpy as np
import numpy.typing as npt

from annotator.document.errors import InvalidEdit

ClassId = NewType("ClassId", int)
Colour = tuple[int, int, int]

BACKGROUND = ClassId(0)
IGNORE = ClassId(255)
LARGEST_ID = 254
NAME_LIMIT = 200

# Okabe and Ito's set without black, ordered for contrast on photographs; then tints of Paul Tol's
# muted set. Told apart with every common form of colour blindness.
PALETTE: tuple[Colour, ...] = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66), (204, 121, 167),
    (213, 94, 0), (0, 114, 178), (136, 34, 85), (51, 34, 136), (68, 170, 153),
    (221, 204, 119), (204, 102, 119), (17, 119, 51), (136, 204, 238), (170, 68, 153),
    (153, 153, 51), (221, 221, 221), (102, 17, 0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class. ``merged_into`` names the class that took it over; ``removed`` hides it."""

    class_id: ClassId
    name: str
    colour: Colour
    merged_into: ClassId | None = None
    removed: bool = False

    @property
    def live(self) -> bool:
        """Whether a person still sees it as a class of its own."""
        return self.merged_into is None and not self.removed


@dataclass(frozen=True, slots=True)
class ClassTable:
    """All classes ever made, in display order. A value: every change gives a new table."""

    rows: tuple[LabelClass, ...] = field(default=())

    def __iter__(self) -> Iterator[LabelClass]:
        """Live classes in display order."""
        return (row for row in self.rows if row.live)

    def __len__(self) -> int:
        return sum(row.live for row in self.rows)

    def __getitem__(self, class_id: ClassId) -> LabelClass:
        """The row of an id, live or not; raises `InvalidEdit` if there is none."""
        for row in self.rows:
            if row.class_id == class_id:
                return row
        raise InvalidEdit(f"There is no class with id {class_id}.")

    def __contains__(self, class_id: object) -> bool:
        return any(row.class_id == class_id for row in self.rows)

    def named(self, name: str) -> LabelClass | None:
        """The live class of that name, if any."""
        return next((row for row in self if row.name == name), None)

    def ids(self) -> tuple[ClassId, ...]:
        """Ids of live classes in display order."""
        return tuple(row.class_id for row in self)

    def resolve(self, class_id: ClassId) -> ClassId | None:
        """Follow merges; None for a removed class. Background and ignore stay themselves."""
        if class_id in (BACKGROUND, IGNORE):
            return class_id
        row = self[class_id]
        while row.merged_into is not None:
            row = self[row.merged_into]
        return None if row.removed else row.class_id

    def lookup(self) -> npt.NDArray[np.uint8]:
        """(256,) uint8: stored pixel id -> id to show; removed classes become background."""
        table = np.arange(256, dtype=np.uint8)
        for row in self.rows:
            table[row.class_id] = self.resolve(row.class_id) or BACKGROUND
        return table

    def make(self, name: str, colour: Colour | None = None) -> LabelClass:
        """A new row with the next free id; `InvalidEdit` for a bad or taken name, or when full."""
        checked = checked_name(name)
        if self.named(checked) is not None:
            raise InvalidEdit(f"There is a class '{checked}' already; choose another name.")
        next_id = max((row.class_id for row in self.rows), default=0) + 1
        if next_id > LARGEST_ID:
            raise InvalidEdit(f"A project holds at most {LARGEST_ID} classes over its life.")
        return LabelClass(ClassId(next_id), checked, colour or self._next_colour())

    def with_row(self, row: LabelClass) -> "ClassTable":
        """Put a row in place of the one with its id, or at the end."""
        if row.class_id not in self:
            return replace(self, rows=(*self.rows, row))
        return replace(
            self, rows=tuple(row if r.class_id == row.class_id else r for r in self.rows)
        )

    def without_row(self, class_id: ClassId) -> "ClassTable":
        """Forget a row altogether: only right when undoing its creation."""
        return replace(self, rows=tuple(r for r in self.rows if r.class_id != class_id))

    def ordered(self, class_ids: tuple[ClassId, ...]) -> "ClassTable":
        """The same rows in the given order, which must name every row exactly once."""
        if sorted(class_ids) != sorted(row.class_id for row in self.rows):
            raise InvalidEdit("A new order of classes must name each of them exactly once.")
        return replace(self, rows=tuple(self[class_id] for class_id in class_ids))

    def _next_colour(self) -> Colour:
        taken = [row.colour for row in self]
        return min(PALETTE, key=lambda colour: (taken.count(colour), PALETTE.index(colour)))


def checked_name(name: str) -> str:
    """The name without outer blanks; `InvalidEdit` if empty, too long or not printable."""
    stripped = name.strip()
    if not stripped or len(stripped) > NAME_LIMIT:
        raise InvalidEdit(
            f"A class name has 1 to {NAME_LIMIT} characters; this one has {len(stripped)}."
        )
    if not stripped.isprintable():
        raise InvalidEdit(f"The class name {stripped!r} holds characters that cannot be shown.")
    return stripped
