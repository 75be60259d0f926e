"""The overlay's looks: which colour a class has as fill and as ink, and how changes are shown.

Everything here is indexed: pixels hold class ids or kinds, a table of 256 colours says how they
look, so a new colour or opacity touches no pixel. Lines are made at screen resolution: one pixel
thick at every zoom.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, IntFlag, auto

import numpy as np
import numpy.typing as npt

from annotator.document.classes import BACKGROUND, IGNORE, Colour
from annotator.document.label_map import Labels

ColourTable = list[int]  # 256 values 0xAARRGGBB, not premultiplied: what an indexed picture holds

PROPOSED_SHARE = 0.6  # of the opacity: proposals are lighter than what was accepted
ACCEPTED_INK = 0.95  # opacity of an accepted outline and of the hatch on drawn areas
PROPOSED_INK = 0.75
DIMMED_SHARE = 0.4  # of all this under a preview of changes
SHADE_INK = 0.42  # of the dark line beside an inked one, which else drowns in a bright picture
GLEAM_INK = 0.7  # of the light line in areas drawn as background
DARKEST_INK = 0.2  # luminance: darker classes draw their lines lighter than their areas
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
    DRAWN = auto()  # areas painted by hand
    DOUBT = auto()
    CUES = auto()  # marks: strokes, boxes, polygons, patches


class Shade(IntFlag):
    """Bits of the shade plane: the companions of inked lines, for each side by itself."""

    ACCEPTED_DARK = 1
    ACCEPTED_LIGHT = 2
    PROPOSED_DARK = 4


class Change(IntEnum):
    """What an accept would do to a pixel."""

    SAME = 0
    ADDED = 1
    REMOVED = 2
    CHANGED = 3


# Blue, vermilion and yellow part in every form of colour blindness, by lightness alone as well; the
# patterns are a plus, a minus and a ring.
CHANGE_COLOURS: Mapping[Change, Colour] = {
    Change.ADDED: (0, 90, 181),
    Change.REMOVED: (213, 94, 0),
    Change.CHANGED: (244, 214, 70),
}
CHANGE_FILL = 0.55
CHANGE_INK = 0.85
INKED = 4  # kinds from here on are the marks and rims of the kind below


@dataclass(frozen=True, slots=True)
class Look:
    """How the layers are shown. ``colours``: class id -> RGB; ``opacity`` of accepted areas."""

    colours: Mapping[int, Colour] = field(default_factory=dict)
    opacity: float = 0.45
    filled: bool = True
    hidden: frozenset[int] = frozenset()  # class ids
    dimmed: bool = False  # under a preview of changes

    def colour(self, class_id: int) -> Colour:
        """What a class is shown in."""
        usual = IGNORED_COLOUR if class_id == IGNORE else UNKNOWN_COLOUR
        return self.colours.get(class_id, usual)

    def accepted_fill(self) -> ColourTable:
        """For accepted areas."""
        return self._table(self.opacity if self.filled else 0.0)

    def accepted_ink(self) -> ColourTable:
        """For their outline, hatch and pattern."""
        return self._table(ACCEPTED_INK if self.opacity else 0.0, inked=True)

    def proposed_fill(self) -> ColourTable:
        """For proposed areas."""
        return self._table(self.opacity * PROPOSED_SHARE if self.filled else 0.0)

    def proposed_ink(self) -> ColourTable:
        """For their outline and pattern."""
        return self._table(PROPOSED_INK if self.opacity else 0.0, inked=True)

    def shade(self, *, accepted: bool, proposed: bool) -> ColourTable:
        """For the companions of inked lines, of one side or of both; bits of `Shade`."""
        if not self.opacity:
            return [0] * 256
        dark = Shade.ACCEPTED_DARK * accepted | Shade.PROPOSED_DARK * proposed
        light = Shade.ACCEPTED_LIGHT * accepted
        share = DIMMED_SHARE if self.dimmed else 1.0
        gleam, shadow = argb((255, 255, 255), GLEAM_INK * share), argb((0, 0, 0), SHADE_INK * share)
        return [gleam if i & light else shadow if i & dark else 0 for i in range(256)]

    def _table(self, opacity: float, *, inked: bool = False) -> ColourTable:
        clear = {int(BACKGROUND), *self.hidden}
        opacity *= DIMMED_SHARE if self.dimmed else 1.0
        return [
            0
            if i in clear or not opacity
            else argb(ink_colour(self.colour(i)) if inked else self.colour(i), opacity)
            for i in range(256)
        ]


def argb(colour: Colour, opacity: float) -> int:
    """0xAARRGGBB."""
    red, green, blue = colour
    return round(opacity * 255) << 24 | red << 16 | green << 8 | blue


def luminance(colour: Colour) -> float:
    """0 black .. 1 white, as light and not as its code; the power is near enough to sRGB's."""
    red, green, blue = (math.pow(part / 255, 2.2) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink_colour(colour: Colour) -> Colour:
    """The colour of lines: the class's own, lightened where it would drown in a dark picture."""
    lacking = DARKEST_INK - luminance(colour)
    if lacking <= 0:
        return colour
    share = 0.3 + 0.25 * lacking / DARKEST_INK
    red, green, blue = (round(part + (255 - part) * share) for part in colour)
    return red, green, blue


def doubt_table() -> ColourTable:
    """Doubt 0 .. 255 -> clear .. strong."""
    calm, strong = (np.array(colour, np.float64) for colour in DOUBT_RAMP)
    shares = np.linspace(0, 1, 256)
    colours = [tuple(int(v) for v in calm + (strong - calm) * share) for share in shares]
    return [
        argb((c[0], c[1], c[2]), float(share) * DOUBT_STRONGEST)
        for c, share in zip(colours, shares, strict=True)
    ]


def change_table() -> ColourTable:
    """Kinds of `Change`, and INKED + kind for their marks, dark on the light kind."""
    table = [0] * 256
    for kind, colour in CHANGE_COLOURS.items():
        mark: Colour = (255, 255, 255) if luminance(colour) < 0.5 else (30, 30, 30)
        table[kind] = argb(colour, CHANGE_FILL)
        table[INKED + kind] = argb(mark, CHANGE_INK)
    return table


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
