"""What the engine notes beside an answer: the doubt of each class, and what the image is like."""

import numpy as np
import numpy.typing as npt

from annotator.flows.lane_messages import ClassDoubt
from engines.exchange import Floats, ImageSource
from engines.reporting import Reporter
from engines.sessions.fewshot_session import FewShotSession

KEPT = 200_000  # descriptions of images: 64 numbers each
SAMPLED_SIDE = 256

Bytes = npt.NDArray[np.uint8]


class Descriptions:
    """Describes every image once for each session's backbone and size."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None, int, str], Floats] = {}

    def of(self, image: ImageSource, session: FewShotSession, reporter: Reporter) -> Floats:
        """(d,) float32; raises what `FewShotSession.describe` raises."""
        card = session.backbone_card
        key = card.name, card.weights_digest, session.size_px, image.digest
        if key not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[key] = session.describe(image, reporter)
        return self._known[key]


def class_doubt(rows: Bytes, uncertainty: Bytes) -> ClassDoubt:
    """Of each row in rows (H, W): (row, mean of uncertainty (h, w) / 255 over it, its pixels).

    Estimates from a grid of at most `SAMPLED_SIDE` lines and columns.
    """
    lines = [min(side, SAMPLED_SIDE) for side in uncertainty.shape]
    seen = rows[_grid(lines, rows.shape)].ravel()
    doubt = uncertainty[_grid(lines, uncertainty.shape)].ravel()
    counts = np.bincount(seen, minlength=1)
    sums = np.bincount(seen, weights=doubt, minlength=1)
    scale = rows.size / seen.size
    return tuple(
        (int(row), float(sums[row] / counts[row] / 255), round(counts[row] * scale))
        for row in np.flatnonzero(counts)
    )


def _grid(lines: list[int], shape: tuple[int, ...]) -> tuple[npt.NDArray[np.intp], ...]:
    """The pixels in the middle of the cells that so many lines and columns make."""
    sides = zip(lines, shape, strict=True)
    return np.ix_(*(((np.arange(n) + 0.5) * (side / n)).astype(np.intp) for n, side in sides))
