"""Designs of the project's own networks, as a table that is read without loading torch."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["residual", "depthwise"]


@dataclass(frozen=True, slots=True)
class EmbeddedPlan:
    """A design: channels of the two stem convolutions, then width and blocks per stride."""

    stem: tuple[int, int]
    widths: tuple[int, int, int]  # at strides 4, 8, 16
    blocks: tuple[int, int, int]
    kind: Kind = "residual"


EMBEDDED_PLANS = {
    "embedded": EmbeddedPlan((32, 48), (48, 96, 192), (1, 1, 3)),
    "embedded_wide": EmbeddedPlan((32, 64), (64, 128, 224), (1, 1, 2)),
    "embedded_depthwise": EmbeddedPlan((32, 64), (64, 128, 256), (2, 3, 5), "depthwise"),
}
