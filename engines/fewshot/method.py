"""The protocol every few-shot method fulfils, and the encoded support it learns from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.exchange import Mark
from engines.fewshot.cards import MethodCard
from engines.reporting import Reporter

UNSEEN_LOGIT = -1e4  # a row nobody marked: exp() of it is exactly 0 in float32, yet it stays finite


@dataclass(frozen=True, eq=False)
class EncodedShot:
    """One annotated image with a way to its features.

    ``size`` (H, W) is the image the marks are drawn on. ``features()`` gives maps of batch 1 whose
    grid cells tile the whole image evenly; it is called only for marks not seen before.
    """

    digest: str
    size: tuple[int, int]
    marks: tuple[Mark, ...]
    features: Callable[[], FeatureMaps]


@dataclass(frozen=True, eq=False)
class EncodedSupport:
    """Everything a method learns from. ``row_names`` has K entries; entry 0 is background.

    ``prompts`` are words for rows 1 to K - 1, None where the name has to do; or there are none.
    """

    row_names: tuple[str, ...]
    shots: tuple[EncodedShot, ...]
    prompts: tuple[str | None, ...] = ()

    @property
    def row_count(self) -> int:
        """K = N + 1."""
        return len(self.row_names)


class Method(Protocol):
    """Learns from a support set and scores every cell of a feature grid."""

    @property
    def card(self) -> MethodCard:
        """What it is."""

    def fit(self, support: EncodedSupport, reporter: Reporter) -> None:
        """Learn; statistics of marks seen before are reused, so a new stroke costs only itself.

        Raises `UnusableSupport` where the marks are not enough, `Cancelled` when asked to stop.
        After either the method answers as before.
        """

    def logits(self, features: FeatureMaps) -> Tensor:
        """Maps of batch B -> (B, K, h, w) float32; rows without marks hold `UNSEEN_LOGIT`."""


def probabilities(method: Method, features: FeatureMaps) -> Tensor:
    """(B, K, h, w) float32 on the method's own grid, summing to 1 over K."""
    return method.logits(features).softmax(dim=1)
