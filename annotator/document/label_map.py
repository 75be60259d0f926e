"""Label maps: the accepted truth of one image, with where each pixel came from."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.uint8]  # (H, W) class ids, 0 background, 255 ignore


class Provenance(IntEnum):
    """Who put a pixel there. UNTOUCHED pixels are background only because nobody looked."""

    UNTOUCHED = 0
    DRAWN = 1
    ACCEPTED = 2
    IMPORTED = 3


@dataclass(frozen=True, eq=False)
class LabelMap:
    """``classes`` (H, W) uint8 stored class ids; ``provenance`` (H, W) uint8 of `Provenance`.

    Both read-only. Stored ids pass through `ClassTable.lookup` before anybody sees them.
    """

    classes: Labels
    provenance: Labels

    @classmethod
    def empty(cls, height: int, width: int) -> "LabelMap":
        """All background, all untouched."""
        return cls(np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8))

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return int(self.classes.shape[0]), int(self.classes.shape[1])

    @property
    def touched(self) -> bool:
        """Whether anything was ever drawn, accepted or imported here."""
        return bool(self.provenance.any())
