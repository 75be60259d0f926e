"""Cells of the gallery: what is known of each image, and what a person wishes to see of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from annotator.document.classes import ClassId
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project

_GIVEN = frozenset({Provenance.ACCEPTED, Provenance.IMPORTED})
EXACT_LIMIT = 2000  # images with labels whose state is looked up at once; the others follow


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
    the most useful ones, with the ``reason`` in words; ``folder`` is where the file lies below the
    image root.
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
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to see. Empty sets and texts let everything through.

    Images without an answer have no doubt yet: they are only shown while the range is the whole.
    """

    order: Order = Order.USEFUL
    text: str = ""
    states: frozenset[CellState] = frozenset()
    classes: frozenset[ClassId] = frozenset()
    least_doubt: float = 0.0
    most_doubt: float = 1.0

    @property
    def by_doubt(self) -> bool:
        """Whether some doubts are left out."""
        return self.least_doubt > 0 or self.most_doubt < 1

    @property
    def narrows(self) -> bool:
        """Whether anything may be hidden."""
        return bool(self.text.strip() or self.states or self.classes or self.by_doubt)


def state_of(project: Project, entry: ImageEntry, *, proposed: bool) -> CellState:
    """How far an image has come; accepted and imported pixels outweigh everything but a problem."""
    if entry.problem is not None:
        return CellState.PROBLEM
    if project.has_labels(entry.image_id):
        kinds = project.provenance_kinds(entry.image_id)
        return CellState.ACCEPTED if kinds & _GIVEN else CellState.CUE
    if project.has_cues(entry.image_id):
        return CellState.CUE
    return CellState.PROPOSED if proposed else CellState.UNTOUCHED


def cells_of(project: Project) -> tuple[list[Cell], tuple[ImageId, ...]]:
    """A cell for each image of the project, in its order, and the images still to be looked at.

    Whether labels were drawn or accepted takes a question to the file for each image. Beyond
    `EXACT_LIMIT` such images are taken for accepted until somebody asks that question.
    """
    unsure = project.image_ids_with_labels()[EXACT_LIMIT:]
    later = frozenset(unsure)
    cells = []
    for image_id, entry in project.images.items():
        if image_id in later and entry.problem is None:
            cells.append(_cell(entry, CellState.ACCEPTED))
        else:
            cells.append(_cell(entry, state_of(project, entry, proposed=False)))
    return cells, unsure


def ranks_of(image_ids: Iterable[ImageId]) -> dict[ImageId, int]:
    """Places of images that were put in order by somebody else."""
    return {image_id: place for place, image_id in enumerate(image_ids)}


def spoken(cell: Cell, newest_version: int | None = None) -> str:
    """A cell in words, for screen readers and tooltips."""
    parts = [cell.name, cell.problem or STATE_WORDS[cell.state]]
    if cell.doubt is not None:
        parts.append(f"{cell.doubt:.0%} doubt")
    if cell.reason:
        parts.append(cell.reason)
    if cell.version is not None and newest_version is not None:
        parts.append(_spoken_version(cell.version, newest_version))
    return ", ".join(parts)


def _spoken_version(version: int, newest: int) -> str:
    if version >= newest:
        return f"answer {version}, up to date"
    return f"answer {version}, older than the marks of now ({newest})"


def _cell(entry: ImageEntry, state: CellState) -> Cell:
    folder, _, name = entry.path.rpartition("/")
    shown = f"{name} · {entry.page + 1}" if entry.page else name
    problem = entry.problem or ""
    return Cell(entry.image_id, shown, state, problem=problem, folder=folder)
