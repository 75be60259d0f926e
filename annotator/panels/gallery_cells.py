"""Cells of the gallery: what is known of each image, and in which order they are shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import PurePosixPath
from typing import Any

from natsort import natsort_keygen

from annotator.document.classes import ClassId
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project


class CellState(IntEnum):
    """How far an image has come."""

    UNTOUCHED = 0
    CUE = 1
    PROPOSED = 2
    ACCEPTED = 3
    PROBLEM = 4


class Order(StrEnum):
    """How the gallery can be sorted."""

    USEFUL = "most useful next"
    NAME = "name"
    STATE = "state"
    DOUBT = "most doubtful"


STATE_WORDS: Mapping[CellState, str] = {
    CellState.UNTOUCHED: "untouched",
    CellState.CUE: "has marks",
    CellState.PROPOSED: "proposed",
    CellState.ACCEPTED: "accepted",
    CellState.PROBLEM: "problem",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One image as the gallery sees it.

    ``doubt`` in [0, 1] is None before the first answer; ``classes`` are those that an answer or the
    labels hold; ``version`` is the support version an answer comes from; ``rank`` its place among
    the most useful ones, with the ``reason`` in words.
    """

    image_id: ImageId
    name: str
    state: CellState = CellState.UNTOUCHED
    doubt: float | None = None
    classes: frozenset[ClassId] = frozenset()
    version: int | None = None
    rank: int | None = None
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to see. Empty sets and texts let everything through."""

    order: Order = Order.USEFUL
    text: str = ""
    states: frozenset[CellState] = frozenset()
    classes: frozenset[ClassId] = frozenset()
    least_doubt: float = 0.0

    @property
    def narrows(self) -> bool:
        """Whether anything may be hidden."""
        return bool(self.text.strip() or self.states or self.classes or self.least_doubt > 0)


def arranged(cells: Sequence[Cell], wish: Wish) -> list[int]:
    """Indices of the cells to show, in order; ties stay as they are."""
    fits = _filter_of(wish)
    kept = list(range(len(cells))) if fits is None else [
        k for k, cell in enumerate(cells) if fits(cell)
    ]  # fmt: skip
    key = _key_of(wish.order)
    if wish.order is Order.USEFUL and not any(cell.rank is not None for cell in cells):
        return kept  # nobody has said yet what is useful
    keys = [key(cell) for cell in cells]
    kept.sort(key=keys.__getitem__)
    return kept


def state_of(project: Project, entry: ImageEntry, *, proposed: bool) -> CellState:
    """How far an image has come; accepted and imported pixels outweigh everything but a problem."""
    if entry.problem is not None:
        return CellState.PROBLEM
    kinds = project.provenance_kinds(entry.image_id)
    if kinds & {Provenance.ACCEPTED, Provenance.IMPORTED}:
        return CellState.ACCEPTED
    if Provenance.DRAWN in kinds or project.stored_cues(entry.image_id):
        return CellState.CUE
    return CellState.PROPOSED if proposed else CellState.UNTOUCHED


def cells_of(project: Project) -> list[Cell]:
    """A cell for each image of the project, in the order of the project."""
    marked = {*project.image_ids_with_cues(), *project.image_ids_with_labels()}
    return [_cell(project, entry, entry.image_id in marked) for entry in project.images.values()]


def _cell(project: Project, entry: ImageEntry, marked: bool) -> Cell:
    name = PurePosixPath(entry.path).name if "/" in entry.path else entry.path
    shown = f"{name} · {entry.page + 1}" if entry.page else name
    if marked or entry.problem is not None:
        state = state_of(project, entry, proposed=False)
        return Cell(entry.image_id, shown, state, problem=entry.problem or "")
    return Cell(entry.image_id, shown)


def spoken(cell: Cell) -> str:
    """A cell in words, for screen readers and tooltips."""
    parts = [cell.name, cell.problem or STATE_WORDS[cell.state]]
    if cell.doubt is not None:
        parts.append(f"{cell.doubt:.0%} doubt")
    if cell.reason:
        parts.append(cell.reason)
    return ", ".join(parts)


def _filter_of(wish: Wish) -> Callable[[Cell], bool] | None:
    if not wish.narrows:
        return None
    text = wish.text.strip().casefold()

    def fits(cell: Cell) -> bool:
        return (
            (not wish.states or cell.state in wish.states)
            and (not wish.classes or not wish.classes.isdisjoint(cell.classes))
            and (wish.least_doubt <= 0 or (cell.doubt or 0.0) >= wish.least_doubt)
            and text in cell.name.casefold()
        )

    return fits


def _key_of(order: Order) -> Callable[[Cell], Any]:
    natural = natsort_keygen()
    keys: dict[Order, Callable[[Cell], Any]] = {
        Order.USEFUL: lambda cell: (cell.rank is None, cell.rank or 0),
        Order.NAME: lambda cell: natural(cell.name),
        Order.STATE: lambda cell: -int(cell.state),
        Order.DOUBT: lambda cell: -(cell.doubt if cell.doubt is not None else -1.0),
    }
    return keys[order]


def ranks_of(image_ids: Iterable[ImageId]) -> dict[ImageId, int]:
    """Places of images that were put in order by somebody else."""
    return {image_id: place for place, image_id in enumerate(image_ids)}
