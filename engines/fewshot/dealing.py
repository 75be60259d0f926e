"""Dealing: which running sum a piece of evidence goes into, and which pieces lend samples."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

FOLDS = 2
LENDERS = 256  # marks whose samples decide the temperature: some tens of MB, however many there are

Place = tuple[int, int]  # row, fold


@dataclass(frozen=True, slots=True)
class Outline:
    """A piece without its pixels: its key and the row it speaks for."""

    key: str
    row: int


@dataclass(frozen=True, eq=False)
class Deal:
    """``keys`` of the pieces of every place in order; ``lenders`` are those kept for calibration.

    Both depend on the evidence alone, never on what was learned before.
    """

    keys: dict[Place, list[str]]
    lenders: dict[Place, list[str]]

    @property
    def rows(self) -> set[int]:
        """Rows with at least one piece."""
        return {row for row, _ in self.keys}

    @property
    def lending(self) -> set[str]:
        """The keys of all lenders."""
        return {key for some in self.lenders.values() for key in some}


def dealt(outlines: Iterable[Outline], *, lender_limit: int = LENDERS) -> Deal:
    """Every row's pieces go to its folds in turn; about ``lender_limit`` of all lend samples.

    Every place has a lender, so more than the limit lend where there are more places than that.
    """
    seen: defaultdict[int, int] = defaultdict(int)
    keys: defaultdict[Place, list[str]] = defaultdict(list)
    for one in outlines:
        keys[one.row, seen[one.row] % FOLDS].append(one.key)
        seen[one.row] += 1
    stride = _stride([len(some) for some in keys.values()], lender_limit)
    return Deal(dict(keys), {place: some[::stride] for place, some in keys.items()})


def _stride(counts: list[int], limit: int) -> int:
    """The smallest power of two that leaves few enough.

    Of powers of two, for then a piece that is appended asks no old piece for a sample anew.
    """
    stride = 1
    while sum(-(-count // stride) for count in counts) > max(limit, len(counts)):
        stride *= 2
    return stride
