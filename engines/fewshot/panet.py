"""PANet's inference on a frozen backbone (Wang, Liew, Zou, Zhou, Feng, ICCV 2019, section 3).

Masked average pooling with late fusion (features up-sampled to the mask, eq. 1 and 2), a class
prototype as the mean over shots, one background prototype as the mean over shots and ways, 20 x
cosine at feature resolution, bilinear to the image, softmax (eq. 3).

Deviations from the paper, all of them:
- The backbone is frozen and pretrained on something else; the paper trains a VGG-16 end to end.
- Prototype alignment (PAR) is a training loss, so it does not exist here.
- The deepest map the backbone offers is used, whatever its stride; the paper has stride 8.
- Pooling sums cells under the adjoint of bilinear up-sampling in place of up-sampled features
  under the mask: equal up to rounding, without the up-sampled features.
- A shot may show several ways. It then counts once per way in the background prototype, as if it
  had been given once for each.
- Marks: the background of a shot is its background marks where there are any (PANet's scribbles),
  else all that no mark covers (its masks; its boxes, as the complement of their union). Of several
  boxes of one class the largest is the foreground, unless a stroke or mask of that class is more
  exact.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.errors import UnusableSupport
from engines.exchange import BACKGROUND_ROW, Mark, MarkKind
from engines.fewshot.cards import PANET_CARD, MethodCard
from engines.fewshot.cues import bilinear_weights, full_bilinear_weights
from engines.fewshot.method import UNSEEN_LOGIT, EncodedShot, EncodedSupport
from engines.fewshot.prototypes import Pool, cosine_logits, pooled
from engines.reporting import Reporter

ANYTHING = 0.5  # pixels; marks outside the image have none
COVERED = 1e-4  # share of a cell below which what is left of it is rounding
KEPT_POOLS = 20_000  # of C floats each: some tens of MB


@dataclass(frozen=True, eq=False)
class _ShotPrototypes:
    """``classes`` row -> (C,); ``background`` (C,) or None where everything is marked."""

    classes: dict[int, Tensor]
    background: Tensor | None


class Panet:
    """A `Method`: nearest prototype by cosine."""

    def __init__(self) -> None:
        self._pools: OrderedDict[str, Pool] = OrderedDict()
        self._prototypes: Tensor | None = None
        self._seen = torch.zeros(0, dtype=torch.bool)

    @property
    def card(self) -> MethodCard:
        """What it is."""
        return PANET_CARD

    def fit(self, support: EncodedSupport, reporter: Reporter) -> None:
        """See `Method.fit`."""
        shots: list[_ShotPrototypes] = []
        for number, shot in enumerate(support.shots):
            reporter.raise_if_cancelled()
            reporter.progress(number / len(support.shots), "Averaging features")
            if any(mark.mask.any() for mark in shot.marks):
                shots.append(self._of_shot(shot))
        self._prototypes, self._seen = _merged(shots, support.row_count)

    def logits(self, features: FeatureMaps) -> Tensor:
        """See `Method.logits`; on the grid of the deepest map."""
        if self._prototypes is None:
            raise UnusableSupport("Nothing has been learned yet; mark something first.")
        scores = cosine_logits(features.maps[-1].float(), self._prototypes)
        return scores.masked_fill(~self._seen[None, :, None, None], UNSEEN_LOGIT)

    def _of_shot(self, shot: EncodedShot) -> _ShotPrototypes:
        marks = [mark for mark in shot.marks if mark.mask.any()]
        rows = {mark.row for mark in marks} - {BACKGROUND_ROW}
        reader = _PoolReader(shot, self._pools)
        pools = {row: reader.sum_of(_speaking(marks, row)) for row in sorted(rows)}
        classes = {row: pool.mean() for row, pool in pools.items() if pool.weight > ANYTHING}
        said = [mark for mark in marks if mark.row == BACKGROUND_ROW]
        rest = reader.sum_of(said) if said else reader.complement(marks)
        while len(self._pools) > KEPT_POOLS:
            self._pools.popitem(last=False)
        return _ShotPrototypes(classes, rest.mean() if rest.weight > ANYTHING else None)


class _PoolReader:
    """Pools of marks on the deepest map of one shot, through the method's cache."""

    def __init__(self, shot: EncodedShot, pools: OrderedDict[str, Pool]) -> None:
        self._shot = shot
        self._pools = pools
        self._deepest: Tensor | None = None

    def sum_of(self, marks: list[Mark]) -> Pool:
        """Marks of one row, which do not overlap."""
        total = self._pool(marks[0])
        for mark in marks[1:]:
            total = total.plus(self._pool(mark))
        return total

    def complement(self, marks: list[Mark]) -> Pool:
        """What no mark covers; boxes may overlap each other and strokes, so the union counts.

        Weights are subtracted cell by cell: the difference of two sums over a large image would be
        rounding where everything is marked.
        """
        covered = _union(marks, self._shot.size)
        key = f"{self._shot.digest}/rest/{covered.key}"
        if key not in self._pools:
            h, w = self._features().shape[-2:]
            size, grid = self._shot.size, (int(h), int(w))
            whole = full_bilinear_weights(image=size, grid=grid)
            spread = bilinear_weights(covered, image=size, grid=grid)
            left = whole.index_add(0, spread.cells, spread.weights, alpha=-1)
            cells = torch.nonzero(left > COVERED * whole).flatten()
            self._pools[key] = pooled(self._features(), cells, left[cells])
        self._pools.move_to_end(key)
        return self._pools[key]

    def _pool(self, mark: Mark) -> Pool:
        key = f"{self._shot.digest}/{mark.key}"
        if key not in self._pools:
            h, w = self._features().shape[-2:]
            spread = bilinear_weights(mark, image=self._shot.size, grid=(int(h), int(w)))
            self._pools[key] = pooled(self._features(), spread.cells, spread.weights)
        self._pools.move_to_end(key)
        return self._pools[key]

    def _features(self) -> Tensor:
        if self._deepest is None:
            self._deepest = self._shot.features().maps[-1][0].float()
        return self._deepest


def _speaking(marks: list[Mark], row: int) -> list[Mark]:
    """The marks of a row that make its prototype: exact ones, else its largest box."""
    own = [mark for mark in marks if mark.row == row]
    exact = [mark for mark in own if mark.kind is not MarkKind.BOX]
    return exact or [max(own, key=lambda mark: int(mark.mask.sum()))]


def _union(marks: list[Mark], size: tuple[int, int]) -> Mark:
    """One mark that covers what any of them covers, in the frame they share."""
    x0 = max(0, min(mark.box[0] for mark in marks))
    y0 = max(0, min(mark.box[1] for mark in marks))
    x1 = min(size[1], max(mark.box[2] for mark in marks))
    y1 = min(size[0], max(mark.box[3] for mark in marks))
    covered = torch.zeros(max(0, y1 - y0), max(0, x1 - x0), dtype=torch.bool).numpy()
    for mark in marks:
        left, top, right, bottom = mark.box
        into = covered[
            max(top - y0, 0) : max(bottom - y0, 0), max(left - x0, 0) : max(right - x0, 0)
        ]
        cut_y, cut_x = max(y0 - top, 0), max(x0 - left, 0)
        into |= mark.mask[cut_y : cut_y + into.shape[0], cut_x : cut_x + into.shape[1]]
    return Mark(BACKGROUND_ROW, (x0, y0), covered, MarkKind.MASK)


def _merged(shots: list[_ShotPrototypes], row_count: int) -> tuple[Tensor, Tensor]:
    """Prototypes (K, C) and which rows have one (K,)."""
    rows = sorted({row for shot in shots for row in shot.classes})
    backgrounds = [
        shot.background
        for shot in shots
        if shot.background is not None
        for _ in shot.classes or (0,)
    ]
    if not rows:
        raise UnusableSupport("No class is marked yet; mark at least one object.")
    if not backgrounds and len(rows) < 2:
        raise UnusableSupport("One class covers all that is marked; leave or mark some background.")
    first = next(one for shot in shots for one in shot.classes.values())
    prototypes = torch.zeros(row_count, len(first), device=first.device)
    seen = torch.zeros(row_count, dtype=torch.bool, device=first.device)
    for row in rows:
        prototypes[row] = torch.stack([s.classes[row] for s in shots if row in s.classes]).mean(0)
        seen[row] = True
    if backgrounds:
        prototypes[BACKGROUND_ROW] = torch.stack(backgrounds).mean(0)
        seen[BACKGROUND_ROW] = True
    return prototypes, seen
