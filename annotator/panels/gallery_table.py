"""The table behind the gallery: a column per fact, so that 100,000 images sort within a blink."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from annotator.document.classes import ClassId
from annotator.document.images import ImageId
from annotator.panels.gallery_cells import Cell, CellState, Order, Wish

Places = npt.NDArray[np.int32]
_UNRANKED = np.int32(np.iinfo(np.int32).max)
_NO_VERSION = -1
_DIGITS = re.compile("[0-9]+")
_SLICE = 2000  # names made into keys between two looks at the clock
_LONGEST_NUMBER = 40  # digits; the letters that lead numbers must stay before "_" and "a"
_WORDS = 4  # 64 bits each: one bit for every class id


class CellTable:
    """Cells by their place, which is the order of the project. Orders are arrays of places."""

    def __init__(self, cells: Sequence[Cell] = ()) -> None:
        count = len(cells)
        self._ids = [cell.image_id for cell in cells]
        self._place = {image_id: k for k, image_id in enumerate(self._ids)}
        self._names = [cell.name for cell in cells]
        self._folders = [cell.folder for cell in cells]
        self._lower: list[str] | None = None  # made when somebody first filters by name
        self._states = np.fromiter((cell.state for cell in cells), np.uint8, count)
        self._doubts = np.full(count, np.nan, np.float32)
        self._versions = np.full(count, _NO_VERSION, np.int32)
        self._ranks = np.full(count, _UNRANKED, np.int32)
        self._answered = np.zeros((count, _WORDS), np.uint64)  # classes of the answer, one bit each
        self._labelled = np.zeros((count, _WORDS), np.uint64)  # classes of the labels
        self._reasons: dict[int, str] = {}
        self._problems = {k: cell.problem for k, cell in enumerate(cells) if cell.problem}
        self._keys: list[str] = []  # for sorting by name, made bit by bit
        self._runs: list[int] = []  # places, each slice of them sorted
        self._by_name: Places | None = None
        for k, cell in enumerate(cells):
            if cell.doubt is not None or cell.rank is not None or cell.classes:
                self.put(k, cell)

    def __len__(self) -> int:
        return len(self._ids)

    def place(self, image_id: ImageId) -> int | None:
        """Where an image stands in the project's order."""
        return self._place.get(image_id)

    def image_id(self, place: int) -> ImageId:
        """The image at a place."""
        return self._ids[place]

    def cell(self, place: int) -> Cell:
        """All that is known of the image at a place."""
        doubt, version = float(self._doubts[place]), int(self._versions[place])
        rank = int(self._ranks[place])
        return Cell(
            self._ids[place],
            self._names[place],
            CellState(int(self._states[place])),
            None if np.isnan(doubt) else doubt,
            _class_ids(self._answered[place] | self._labelled[place]),
            None if version == _NO_VERSION else version,
            None if rank == _UNRANKED else rank,
            self._reasons.get(place, ""),
            self._problems.get(place, ""),
            self._folders[place],
        )

    def is_answered(self, place: int) -> bool:
        """Whether the engine has said anything of the image."""
        return bool(self._versions[place] != _NO_VERSION)

    def counts(self) -> dict[CellState, int]:
        """How many images are in each state."""
        found = np.bincount(self._states, minlength=len(CellState))
        return {state: int(found[state]) for state in CellState}

    def places_in(self, state: CellState) -> Places:
        """Every image in a state, in the project's order."""
        return np.flatnonzero(self._states == state).astype(np.int32)

    # -- what changes ----------------------------------------------------------------------------

    def put(self, place: int, cell: Cell) -> None:
        """Everything of one cell but its name."""
        self.set_state(place, cell.state, cell.problem)
        self._doubts[place] = np.nan if cell.doubt is None else cell.doubt
        self._versions[place] = _NO_VERSION if cell.version is None else cell.version
        self._ranks[place] = _UNRANKED if cell.rank is None else cell.rank
        self._answered[place] = class_bits(cell.classes)
        self._labelled[place] = 0
        self._reasons.pop(place, None)
        if cell.reason:
            self._reasons[place] = cell.reason

    def set_state(self, place: int, state: CellState, problem: str = "") -> None:
        """How far an image has come now."""
        self._states[place] = state
        self._problems.pop(place, None)
        if problem:
            self._problems[place] = problem

    def set_answer(
        self, place: int, classes: Iterable[ClassId], *, doubt: float, version: int
    ) -> None:
        """What the engine says; an image nobody has touched counts as proposed from here on."""
        self._doubts[place], self._versions[place] = doubt, version
        self._answered[place] = class_bits(classes)
        if self._states[place] == CellState.UNTOUCHED:
            self._states[place] = CellState.PROPOSED

    def drop_answer(self, place: int) -> None:
        """The engine says nothing any more."""
        self._doubts[place], self._versions[place] = np.nan, _NO_VERSION
        self._answered[place] = 0
        if self._states[place] == CellState.PROPOSED:
            self._states[place] = CellState.UNTOUCHED

    def set_label_classes(self, place: int, classes: Iterable[ClassId]) -> None:
        """Which classes the labels of an image hold."""
        self._labelled[place] = class_bits(classes)

    def set_ranks(self, ranks: Mapping[ImageId, int], reasons: Mapping[ImageId, str]) -> None:
        """What is most useful next, and why; images that are not named have no rank."""
        self._ranks[:] = _UNRANKED
        places = np.fromiter((self._place.get(i, -1) for i in ranks), np.int64, len(ranks))
        values = np.fromiter(ranks.values(), np.int32, len(ranks))
        self._ranks[places[places >= 0]] = values[places >= 0]
        self._reasons = {self._place[i]: r for i, r in reasons.items() if r and i in self._place}

    def carry_over(self, before: "CellTable") -> None:
        """Take answers and ranks from an older table for the images that both have."""
        pairs = [(k, before.place(image_id)) for k, image_id in enumerate(self._ids)]
        mine = [k for k, old in pairs if old is not None]
        theirs = [old for _, old in pairs if old is not None]
        for name in ("_doubts", "_versions", "_ranks", "_answered", "_labelled"):
            getattr(self, name)[mine] = getattr(before, name)[theirs]
        self._reasons = {k: before._reasons[old] for k, old in zip(mine, theirs, strict=True)
                         if old in before._reasons}  # fmt: skip
        waiting = (self._states == CellState.UNTOUCHED) & (self._versions != _NO_VERSION)
        self._states[waiting] = CellState.PROPOSED

    # -- orders ----------------------------------------------------------------------------------

    def arranged(self, wish: Wish, *, first: int | None = None, keep: bool = False) -> Places:
        """Places to show, in order; ties stay in the project's order.

        ``first``: the place a person is at, which leads the most useful ones; with ``keep`` it
        is shown whether it fits or not.
        """
        fits = self._fitting(wish)
        if keep and fits is not None and first is not None:
            fits[first] = True
        order = self._ordered(wish.order)
        kept = order if fits is None else order[fits[order]]
        if first is None or wish.order is not Order.USEFUL or not self._any_rank():
            return kept
        if fits is not None and not fits[first]:
            return kept
        return np.concatenate((np.array([first], np.int32), kept[kept != first]))

    def knows_names(self) -> bool:
        """Whether sorting by name is ready."""
        return self._by_name is not None or not self._names

    def learn_names(self) -> bool:
        """Make some more keys of names; True when all are made. To be called while idle."""
        if self._by_name is None:
            keys, start = self._keys, len(self._keys)
            keys.extend(map(natural_key, self._names[start : start + _SLICE]))
            # Sorted slice by slice: joining sorted runs at the end is a third of all the sorting.
            self._runs.extend(sorted(range(start, len(keys)), key=keys.__getitem__))
            if len(keys) < len(self._names):
                return False
            self._runs.sort(key=keys.__getitem__)
            self._by_name = np.array(self._runs, np.int32)
            self._keys, self._runs = [], []
        return True

    def _ordered(self, order: Order) -> Places:
        if order is Order.NAME:
            while not self.learn_names():
                pass
            return self._by_name if self._by_name is not None else np.zeros(0, np.int32)
        if order is Order.STATE:
            return _sorted(-self._states.astype(np.int16))
        if order is Order.DOUBT:
            return _sorted(np.where(np.isnan(self._doubts), 2.0, -self._doubts))
        return _sorted(self._ranks)

    def _any_rank(self) -> bool:
        return bool((self._ranks != _UNRANKED).any())

    def _fitting(self, wish: Wish) -> npt.NDArray[np.bool_] | None:
        if not wish.narrows:
            return None
        fits = np.ones(len(self), np.bool_)
        if wish.states:
            fits &= np.isin(self._states, [int(state) for state in wish.states])
        if wish.classes:
            wanted = class_bits(wish.classes)
            fits &= ((self._answered | self._labelled) & wanted).any(axis=1)
        if wish.by_doubt:
            # Comparing with what is no number gives False: no answer, no doubt.
            fits &= (self._doubts >= wish.least_doubt) & (self._doubts <= wish.most_doubt)
        text = wish.text.strip().casefold()
        if text:
            fits &= np.fromiter((text in name for name in self._folded()), np.bool_, len(self))
        return fits

    def _folded(self) -> list[str]:
        if self._lower is None:
            pairs = zip(self._folders, self._names, strict=True)
            self._lower = [f"{folder}/{name}".casefold() for folder, name in pairs]
        return self._lower


def natural_key(name: str) -> str:
    """A text that sorts as people count: "image 9" before "image 10", letters without case.

    Each run of digits is led by a letter for its length without zeros, so longer numbers follow.
    """
    return _DIGITS.sub(_counted, name.casefold())


def class_bits(classes: Iterable[ClassId]) -> npt.NDArray[np.uint64]:
    """(4,) uint64 with bit k set for class k."""
    whole = sum(1 << class_id for class_id in set(classes))
    return np.array([whole >> 64 * k & (1 << 64) - 1 for k in range(_WORDS)], np.uint64)


def _class_ids(bits: npt.NDArray[np.uint64]) -> frozenset[ClassId]:
    return frozenset(ClassId(k) for k in _set_bits(bits))


def _set_bits(bits: npt.NDArray[np.uint64]) -> Iterator[int]:
    for word, value in enumerate(bits.tolist()):
        while value:
            low = value & -value
            yield 64 * word + low.bit_length() - 1
            value ^= low


def _counted(match: re.Match[str]) -> str:
    digits = match[0].lstrip("0")
    return chr(0x30 + min(len(digits), _LONGEST_NUMBER)) + digits


def _sorted(keys: npt.NDArray[np.generic]) -> Places:
    return np.argsort(keys, kind="stable").astype(np.int32)
