"""What the bank of filters is: its six scales, and the card it is chosen by; no torch."""

from dataclasses import dataclass

from engines.backbones.backbone import BackboneCard, MapSpec, Preprocessing

CHANNELS_PER_SCALE = 11


@dataclass(frozen=True, slots=True)
class Scale:
    """``sigma`` in image px, computed on the grid of stride ``grid``, kept at stride ``kept``."""

    sigma: float
    grid: int
    kept: int


SCALES = (
    Scale(0.7, grid=1, kept=2),
    Scale(1.0, grid=1, kept=2),
    Scale(1.6, grid=2, kept=2),
    Scale(3.5, grid=4, kept=4),
    Scale(5.0, grid=4, kept=4),
    Scale(10.0, grid=8, kept=8),
)

FILTERS_CARD = BackboneCard(
    name="filters",
    title="Classical filters at six scales",
    maps=tuple(
        MapSpec(
            f"stride{stride}", stride, CHANNELS_PER_SCALE * sum(s.kept == stride for s in SCALES)
        )
        for stride in (2, 4, 8)
    ),
    preprocessing=Preprocessing(),
    pretraining="none",
    weights_digest=None,
)
