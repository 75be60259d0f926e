"""The ledger of evidence: statistics kept per piece and added up per row; none is made twice."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from engines.fewshot.ridge import Moments, RowSum, empty_sum

LIMIT_BYTES = 384 << 20  # a mask has C * C floats, 3.7 MB for a ResNet-18; a stroke far fewer


@dataclass(frozen=True, eq=False)
class Entry:
    """The statistics of one piece and the row it speaks for."""

    key: str
    row: int
    moments: Moments


class Ledger:
    """Recently used statistics by key, and running sums that grow with appended pieces."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, Moments] = OrderedDict()
        self._bytes = 0
        self._sums: dict[tuple[int, int], tuple[tuple[str, ...], RowSum]] = {}

    def find(self, key: str) -> Moments | None:
        """The statistics of a piece, if still kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: str, moments: Moments) -> None:
        """Remember; the longest unused statistics make room."""
        self._kept[key] = moments
        self._bytes += moments.nbytes
        while self._bytes > self._limit_bytes and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes

    def row_sum(self, row: int, fold: int, entries: Sequence[Entry]) -> RowSum:
        """All entries added up from left to right.

        A sum that was made for the first few of them is continued, which gives the same bits as
        adding up afresh.
        """
        keys = tuple(entry.key for entry in entries)
        done, total = self._sums.get((row, fold), ((), None))
        if total is None or keys[: len(done)] != done:
            first = entries[0].moments.mean
            done, total = (), empty_sum(len(first), first.device)
        for entry in entries[len(done) :]:
            total = total.plus(entry.moments)
        self._sums[row, fold] = (keys, total)
        return total

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._sums.clear()
        self._bytes = 0
