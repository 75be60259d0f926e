"""The ledger of evidence: statistics kept per piece and added up per row; none is made twice."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engines.fewshot.dealing import Place
from engines.fewshot.ridge import Moments, RowSum, empty_sum

LIMIT_BYTES = 384 << 20  # a mask has C * C floats, 3.7 MB for a ResNet-18; a stroke far fewer


@dataclass(slots=True)
class _Running:
    """What was added so far, from left to right."""

    total: RowSum
    keys: list[str] = field(default_factory=list)


class Ledger:
    """Recently used statistics by key, and running sums that grow with appended pieces."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, Moments] = OrderedDict()
        self._bytes = 0
        self._sums: dict[Place, _Running] = {}

    @property
    def held_bytes(self) -> int:
        """Bytes of the statistics kept, without the running sums."""
        return self._bytes

    def find(self, key: str) -> Moments | None:
        """The statistics of a piece, if still kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: str, moments: Moments) -> None:
        """Remember; the longest unused statistics make room."""
        replaced = self._kept.pop(key, None)
        if replaced is not None:
            self._bytes -= replaced.nbytes
        self._kept[key] = moments
        self._bytes += moments.nbytes
        while self._bytes > self._limit_bytes and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes

    def resume(self, planned: Mapping[Place, Sequence[str]]) -> None:
        """Keep the sums that were made for the first few of the planned pieces; drop all others.

        Continuing such a sum gives the same bits as adding up afresh.
        """
        self._sums = {
            place: one
            for place, one in self._sums.items()
            if list(planned.get(place, ())[: len(one.keys)]) == one.keys
        }

    def added_count(self, place: Place) -> int:
        """How many pieces the sum of a place has so far."""
        return len(self._sums[place].keys) if place in self._sums else 0

    def add(self, place: Place, key: str, moments: Moments) -> None:
        """Add the next piece to the sum of its place, which is valid after every piece."""
        running = self._sums.get(place)
        if running is None:
            running = _Running(empty_sum(len(moments.mean), moments.mean.device))
        running.total = running.total.plus(moments)
        running.keys.append(key)
        self._sums[place] = running

    def row_sum(self, place: Place) -> RowSum:
        """All that was added to a place; it must be one that was added to."""
        return self._sums[place].total

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._sums.clear()
        self._bytes = 0
