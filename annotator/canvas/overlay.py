"""The overlay's looks: which colour a class has as fill and as ink, how lines and hatches fall.

Everything here is indexed: pixels hold class ids, a table of 256 colours says how they look, so a
new colour or opacity touches no pixel. Lines and hatches are made at screen resolution: one pixel
thick at every zoom.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from annotator.document.classes import BACKGROUND, IGNORE, Colour
from annotator.document.label_map import Labels

ColourTable = list[int]  # 256 values 0xAARRGGBB, not premultiplied: what an indexed picture holds

PROPOSED_SHARE = 0.72  # of the opacity: proposals are lighter than what was accepted
ACCEPTED_INK = 0.95  # opacity of an accepted outline and of the hatch on drawn areas
PROPOSED_INK = 0.6
HATCH_PERIOD = 7  # screen pixels, at 100 % screen scale
IGNORED_COLOUR: Colour = (128, 128, 128)
UNKNOWN_COLOUR: Colour = (150, 150, 150)  # of a class that came without one
DOUBT_STRONGEST = 0.75
# From a calm yellow to magenta, both rare in photographs; a lightness ramp as well, so it reads
# in every form of colour blindness.
DOUBT_RAMP: tuple[Colour, Colour] = ((255, 225, 120), (215, 20, 130))


class Layer(Enum):
    """What a person can show and hide, from bottom to top."""

    PROPOSED = auto()
    ACCEPTED = auto()
    DOUBT = auto()
    DRAWN = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """How the layers are shown. ``colours``: class id -> RGB; ``opacity`` of accepted areas."""

    colours: Mapping[int, Colour] = field(default_factory=dict)
    opacity: float = 0.45
    filled: bool = True
    hidden: frozenset[int] = frozenset()  # class ids

    def colour(self, class_id: int) -> Colour:
        """What a class is shown in."""
        usual = IGNORED_COLOUR if class_id == IGNORE else UNKNOWN_COLOUR
        return self.colours.get(class_id, usual)

    def accepted_fill(self) -> ColourTable:
        """For accepted areas."""
        return self._table(self.opacity if self.filled else 0.0)

    def accepted_ink(self) -> ColourTable:
        """For their outline and hatch."""
        return self._table(ACCEPTED_INK if self.opacity else 0.0)

    def proposed_fill(self) -> ColourTable:
        """For proposed areas."""
        return self._table(self.opacity * PROPOSED_SHARE if self.filled else 0.0)

    def proposed_ink(self) -> ColourTable:
        """For their outline."""
        return self._table(PROPOSED_INK if self.opacity else 0.0)

    def _table(self, opacity: float) -> ColourTable:
        clear = {int(BACKGROUND), *self.hidden}
        return [0 if i in clear else argb(self.colour(i), opacity) for i in range(256)]


def argb(colour: Colour, opacity: float) -> int:
    """0xAARRGGBB."""
    red, green, blue = colour
    return round(opacity * 255) << 24 | red << 16 | green << 8 | blue


def doubt_table() -> ColourTable:
    """Doubt 0 .. 255 -> clear .. strong."""
    calm, strong = (np.array(colour, np.float64) for colour in DOUBT_RAMP)
    shares = np.linspace(0, 1, 256)
    colours = [tuple(int(v) for v in calm + (strong - calm) * share) for share in shares]
    return [
        argb((c[0], c[1], c[2]), float(share) * DOUBT_STRONGEST)
        for c, share in zip(colours, shares, strict=True)
    ]


def outline(ids: Labels, line: int) -> npt.NDArray[np.bool_]:
    """ids (h + 2 line, w + 2 line), with a margin -> (h, w): the inner rim of every area.

    ``line`` is the thickness in pixels.
    """
    middle = ids[line:-line, line:-line]
    rim: npt.NDArray[np.bool_] = ids[: -2 * line, line:-line] != middle
    rim |= ids[2 * line :, line:-line] != middle
    rim |= ids[line:-line, : -2 * line] != middle
    rim |= ids[line:-line, 2 * line :] != middle
    return rim


def hatch(shape: tuple[int, int], origin: tuple[int, int], line: int) -> npt.NDArray[np.bool_]:
    """(h, w): fine diagonals, in step across windows; ``origin`` (x, y) of the window."""
    along = np.arange(shape[0] + shape[1]) + origin[0] + origin[1]
    diagonal = along % (HATCH_PERIOD * line) < line
    # Row r is the same line begun r places further on, so all rows are views of one.
    return np.lib.stride_tricks.as_strided(diagonal, shape, (1, 1), writeable=False)
