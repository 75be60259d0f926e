"""What networks cost: multiply-adds of each stage, counted once, so that nobody needs torch."""

from collections.abc import Mapping

# Billions of multiply-adds in convolutions per stage, for one image of 512 x 512 px.
_WORK: Mapping[str, tuple[float, ...]] = {
    "resnet18": (3.03, 2.15, 2.15, 2.15),
    "resnet34": (4.24, 4.56, 6.98, 3.36),
    "resnet50": (4.11, 5.37, 7.65, 4.23),
    "resnet101": (4.11, 5.37, 27.04, 4.23),
    "resnet152": (4.11, 9.93, 41.88, 4.23),
    "vgg16": (48.77, 24.16, 7.25),
    "vgg16_panet": (48.77, 24.16, 28.99),
    "mobilenet_v1": (0.64, 0.42, 1.50, 0.14),
    "mobilenet_v2": (0.40, 0.20, 0.50, 0.36),
    "mobilenet_v3_large": (0.22, 0.15, 0.42, 0.28),
    "mobilenet_v3_small": (0.03, 0.05, 0.10, 0.09),
    "squeezenet1_1": (0.50, 0.39, 0.61),
    "embedded": (0.96, 0.53, 1.89),
    "embedded_wide": (1.57, 0.94, 1.68),
    "embedded_depthwise": (0.95, 0.80, 1.34),
}


def work_of(network: str, stage_count: int) -> float | None:
    """Billions of multiply-adds of the first stages; None for a network nobody has counted."""
    stages = _WORK.get(network)
    return None if stages is None else sum(stages[:stage_count])
