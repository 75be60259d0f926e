"""Bitmaps of cues that were drawn before, so that one more stroke draws only itself."""

from collections import OrderedDict

from annotator.document.annotations import Cue
from annotator.document.rasterise import Placed, drawn

LIMIT_BYTES = 32 << 20
LIMIT_COUNT = 4096


class ShapeMemory:
    """Draws cues as `rasterise.drawn` does; the longest unused bitmaps make room."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        # By identity, with the cue beside it: comparing thousands of points would take longer
        # than the look-up saves, and a cue that is held cannot lend its identity to another.
        self._held: OrderedDict[tuple[int, tuple[int, int]], tuple[Cue, Placed]] = OrderedDict()

    def drawn(self, cue: Cue, size: tuple[int, int]) -> Placed:
        """The pixels of a cue on an image of ``size`` (H, W); the bitmap is read-only."""
        key = id(cue), size
        known = self._held.get(key)
        if known is not None:
            self._held.move_to_end(key)
            return known[1]
        placed = drawn(cue, size)
        placed[1].setflags(write=False)
        self._held[key] = cue, placed
        self._bytes += placed[1].nbytes
        while self._bytes > self._limit_bytes or len(self._held) > LIMIT_COUNT:
            _, (_, oldest) = self._held.popitem(last=False)
            self._bytes -= oldest[1].nbytes
        return placed
