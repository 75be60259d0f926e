"""Proposals: what the engine says about one image and nobody has accepted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.document.images import ImageId


@dataclass(frozen=True, eq=False)
class Proposal:
    """``classes`` (H, W) uint8 class ids at image size; ``doubt`` mean uncertainty in [0, 1].

    Never saved as truth; accepting it is an edit like any other.
    """

    image_id: ImageId
    classes: npt.NDArray[np.uint8]
    doubt: float
    support_version: int
