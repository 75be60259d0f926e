"""Polishing: a net trained in the background, taken only where it is better on marks left out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from engines.fewshot.labelled_cells import LabelledCells, PieceCells
from engines.fewshot.method import UNSEEN_LOGIT, EncodedSupport
from engines.fewshot.mlp_head import MlpHead, MlpTraining, StandardCells, Weights
from engines.fewshot.ridge import LinearHead
from engines.fewshot.stroke_check import (
    Fold,
    FoldScores,
    Margin,
    Verdict,
    best_temperature,
    cells_of,
    fold_ridges,
    folds_of,
    judged,
    margin_for,
    verdict,
)
from engines.reporting import Reporter

LOOKS = (20, 40, 80, 160)  # steps after which nets are judged
WARM_LOOKS = (0, 10, 20, 40)  # the same where training goes on from earlier weights
_WHOLE = -1  # in place of the number of a fold: the net that learns from everything
HOTTEST = 1.5  # nets that are surer than right by more know their strokes by heart
WORDS = "Polishing what was learned"


@runtime_checkable
class Polishable(Protocol):
    """A method with a second, slower and perhaps better answer to the same support."""

    def polish(
        self,
        support: EncodedSupport,
        reporter: Reporter,
        *,
        limit_s: float | None = None,
        afresh: bool = False,
    ) -> bool:
        """Look for it; True if the method answers otherwise now. ``fit`` must have been called.

        Gives up after ``limit_s``, and then, or after `Cancelled`, the method answers as before.
        With ``afresh`` nothing that was polished before is gone on from.
        """

    @property
    def polished(self) -> bool:
        """Whether the second answer is the one that is given."""


@dataclass(frozen=True, slots=True)
class PolishReport:
    """``steps`` of all nets together; what ridge and net made of the marks left out."""

    steps: int
    ridge: Verdict
    net: Verdict
    taken: bool


@dataclass(frozen=True, eq=False)
class _Earlier:
    """Weights after ``age`` steps, and the keys of the pieces they were made from."""

    weights: Weights
    taught: frozenset[str]
    age: int


@dataclass(frozen=True, eq=False)
class _Look:
    """How nets of some age see what was left out, at their best temperature."""

    verdict: Verdict
    temperature: float
    age: int
    weights: list[Weights]

    def wins(self, ridge: Verdict, margin: Margin) -> bool:
        """Whether nets may take the ridge's place."""
        return self.temperature <= HOTTEST and self.verdict.beats(ridge, margin)


class OutOfTime(Exception):
    """The time that polishing may take is over."""


class Polisher:
    """Trains and judges nets; remembers weights, from which the next call goes on.

    Steps are what is limited, never time alone, so that the same marks give the same bits; a call
    that goes on from earlier weights depends on those as well.
    """

    def __init__(self, *, ridge: float, seed: int) -> None:
        self._ridge = ridge
        self._seed = seed
        self._earlier: dict[int, _Earlier] = {}  # by fold; `_WHOLE`: of everything
        self.report: PolishReport | None = None

    def polish(
        self,
        pieces: Sequence[PieceCells],
        skip: LinearHead,
        reporter: Reporter,
        *,
        temperature: float,
        limit_s: float | None = None,
    ) -> MlpHead | None:
        """A net to answer in place of ``skip``, or None where the ridge stays.

        ``skip`` is on the CPU, ``temperature`` its own. Nets that went on from earlier weights and
        are refused get a second chance from the beginning. Raises `Cancelled` and `OutOfTime`.
        """
        self.report = None
        folds = folds_of(pieces)
        if not folds:
            return None
        run = _Run(reporter, limit_s)
        cells = LabelledCells.of(pieces)
        standard = StandardCells.of(cells)
        heads = fold_ridges(
            pieces, folds, row_count=len(skip.bias), ridge=self._ridge, reporter=reporter
        )
        cold = [_cooled(head, temperature) for head in heads]
        plain = [_judged_ridge(cells, fold, h) for fold, h in zip(folds, cold, strict=True)]
        before = verdict(plain, best_temperature(plain))
        margin = margin_for(pieces)
        best, warm = self._trained(standard, folds, cold, run)
        if warm and not best.wins(before, margin):
            self.forget()
            best, _ = self._trained(standard, folds, cold, run)
        taken = best.wins(before, margin)
        net = self._whole(standard, _cooled(skip, temperature), best, run) if taken else None
        self.report = PolishReport(run.steps, before, best.verdict, taken)
        return net

    def forget(self) -> None:
        """Begin afresh the next time."""
        self._earlier.clear()

    def _trained(
        self,
        standard: StandardCells,
        folds: Sequence[Fold],
        heads: Sequence[LinearHead],
        run: "_Run",
    ) -> tuple["_Look", bool]:
        """The best look at nets of all folds, and whether they went on from earlier weights."""
        earlier = [self._known(fold.number, standard, fold.taught, heads[0]) for fold in folds]
        known = [one for one in earlier if one is not None]
        warm = len(known) == len(folds)
        age = max(one.age for one in known) if warm else 0
        nets = [
            MlpTraining(standard, fold.taught, head, seed=self._seed,
                        start=one.weights if warm and one else None)
            for fold, head, one in zip(folds, heads, earlier, strict=True)
        ]  # fmt: skip
        best = _best_look(standard.cells, nets, folds, run, WARM_LOOKS if warm else LOOKS)
        best = replace(best, age=best.age + age)
        for fold, weights in zip(folds, best.weights, strict=True):
            taught = _keys(standard.cells, fold.taught)
            self._earlier[fold.number] = _Earlier(weights, taught, best.age)
        return best, warm

    def _whole(
        self, standard: StandardCells, skip: LinearHead, best: "_Look", run: "_Run"
    ) -> MlpHead:
        """A net that learns from everything, trained for as long as the best ones of the folds."""
        places = list(range(len(standard.cells.pieces)))
        earlier = self._known(_WHOLE, standard, places, skip)
        if earlier is not None and earlier.age > best.age:
            earlier = None
        start, age = (earlier.weights, earlier.age) if earlier else (None, 0)
        net = MlpTraining(standard, places, skip, seed=self._seed, start=start)
        run.train(net, best.age - age)
        taught = _keys(standard.cells, places)
        self._earlier[_WHOLE] = _Earlier(net.weights, taught, best.age)
        return net.head().cooled(best.temperature)

    def _known(
        self, number: int, standard: StandardCells, places: Sequence[int], head: LinearHead
    ) -> _Earlier | None:
        """Earlier weights, if they know nothing but what may be taught now."""
        earlier = self._earlier.get(number)
        if earlier is None or not earlier.taught <= _keys(standard.cells, places):
            return None
        shape = len(earlier.weights[0]), len(earlier.weights[3])
        return earlier if shape == (standard.x.shape[1], len(head.bias)) else None


class _Run:
    """Counts steps, and stops where somebody says so."""

    def __init__(self, reporter: Reporter, limit_s: float | None) -> None:
        self._reporter = reporter
        self._end = None if limit_s is None else time.monotonic() + limit_s
        self.steps = 0

    def train(self, net: MlpTraining, until: int) -> None:
        """Up to so many steps of this net."""
        while net.steps < until:
            self._reporter.raise_if_cancelled()
            if self._end is not None and time.monotonic() > self._end:
                raise OutOfTime
            net.step()
            self.steps += 1

    def tell(self, fraction: float) -> None:
        """How far it is."""
        self._reporter.progress(fraction, WORDS)


def _best_look(
    cells: LabelledCells,
    nets: Sequence[MlpTraining],
    folds: Sequence[Fold],
    run: _Run,
    looks: Sequence[int],
) -> _Look:
    """Train all nets together until what was left out becomes less likely; the best look at it."""
    best: _Look | None = None
    for number, steps in enumerate(looks, start=1):
        for net in nets:
            run.train(net, steps)
        parts = [
            judged(cells, fold, net.logits(cells_of(cells, fold)))
            for fold, net in zip(folds, nets, strict=True)
        ]
        temperature = best_temperature(parts)
        weights = [net.weights for net in nets]
        found = _Look(verdict(parts, temperature), temperature, steps, weights)
        worse = best is not None and found.verdict.loss >= best.verdict.loss
        if best is not None and (worse or temperature > HOTTEST):
            break
        best = found
        run.tell(number / (len(looks) + 1))
    if best is None:
        raise ValueError("There must be a look at least.")
    return best


def _judged_ridge(cells: LabelledCells, fold: Fold, head: LinearHead) -> FoldScores:
    logits = head.scores(cells.x[cells_of(cells, fold)])
    return judged(cells, fold, logits.masked_fill(~head.seen, UNSEEN_LOGIT))


def _keys(cells: LabelledCells, places: Sequence[int]) -> frozenset[str]:
    return frozenset(cells.pieces[place].key for place in places)


def _cooled(head: LinearHead, temperature: float) -> LinearHead:
    """Its scores as log odds."""
    return LinearHead(head.weights / temperature, head.bias / temperature, head.seen)
