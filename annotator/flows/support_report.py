"""The support report: what teaches, what each marked image is worth, and what to expect."""

from dataclasses import dataclass
from typing import Literal

from annotator.document.images import ImageId


@dataclass(frozen=True, slots=True)
class SupportRow:
    """One marked image.

    ``cue_count``: its cues, and one more where label pixels were drawn or imported. ``effect``:
    change of the leave-one-out mean IoU of the other marked images when this one teaches too, so
    above 0 it helps; None where it is not known (yet).
    """

    image_id: ImageId
    cue_count: int
    effect: float | None
    muted: bool


@dataclass(frozen=True, slots=True)
class SupportReport:
    """All marked images, and what the method makes of images it did not learn from.

    ``stroke_count``: cues that teach, those of muted images left out. ``expected``: mean
    leave-one-out IoU in [0, 1] over marked images, ``interval`` its 95 % half width; None with
    fewer than two images. ``curve``: (number of marked images, mean IoU). ``version``: of the
    support set that effects, ``expected`` and ``curve`` were found for. ``tier``: which of the
    method's answers is given, the one there at once or the slower, better one.
    """

    rows: tuple[SupportRow, ...] = ()
    stroke_count: int = 0
    expected: float | None = None
    interval: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    version: int = 0
    tier: Literal["instant", "polished"] = "instant"
