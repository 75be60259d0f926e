"""The cross-check: marked images judged by each other, one left out at a time.

The score of a marked image is the mean IoU, over the classes a person marked on it, of what the
others say of its marked cells; unmarked ones do not count, and neither does a class that no other
image teaches. Background counts where nothing else is marked. It is the method's bare answer that
is judged, on the grid of the finest features, before refinement and threshold.
"""

import hashlib
import math
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from engines.backbones.backbone import BackboneCard
from engines.exchange import BACKGROUND_ROW, CrossScores
from engines.fewshot.levels import CHANNEL_LIMIT
from engines.fewshot.method import EncodedSupport, Method
from engines.fewshot.probe import Probe
from engines.reporting import Reporter
from engines.sessions.leave_out import (
    LeaveOut,
    RefitLeaveOut,
    Rows,
    SumLeaveOut,
    SumMemory,
    Truth,
)

JUDGED = 12  # marked images judged at most: every pair of them is left out once
LEAST_JUDGED = 4
SUM_BYTES = 512 << 20  # of all shots judged: C * C floats for every row of each
ORDERS = 4  # orders of marking that the learning curve is the mean of
JUDGED_ON_CURVE = 4  # images that each point of each order is judged on
# 97.5 % points of Student's t for 1 .. 11 degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201)

OpenMethod = Callable[[], Method]


class CrossChecker:
    """Belongs to one method on one backbone; remembers what unchanged shots gave.

    ``method`` must know the support that is checked; ``fresh`` makes another one like it.
    """

    def __init__(self, method: Method, card: BackboneCard, fresh: OpenMethod, *, seed: int) -> None:
        self._method = method
        self._card = card
        self._seed = seed
        self._memory = SumMemory()
        self._other = None if isinstance(method, Probe) else fresh()

    def check(self, support: EncodedSupport, reporter: Reporter) -> CrossScores:
        """All scores; none with fewer than two marked images. Raises `Cancelled`."""
        marked = [i for i, s in enumerate(support.shots) if any(m.mask.any() for m in s.marks)]
        if len(marked) < 2:
            nothing = (None,) * len(support.shots)
            return CrossScores(nothing, nothing)
        sample = _sample(support, marked, seed=self._seed, limit=self._limit(support))
        judge = _Judge(self._leave_out(support, sample, reporter), len(sample), reporter)
        self._memory.forget_unused()
        whole = judge.scores()
        effects = judge.effects(whole) if len(marked) > 2 else [None] * len(sample)
        expected, interval = _mean_and_interval(whole)
        curve = judge.curve(self._seed) if expected is not None else {}
        if expected is not None:
            curve[len(marked) - 1] = expected
        return CrossScores(
            _spread(whole, sample, len(support.shots)),
            _spread(effects, sample, len(support.shots)),
            expected,
            interval,
            tuple(sorted(curve.items())),
        )

    def _limit(self, support: EncodedSupport) -> int:
        """How many images are judged, so that their sums fit into `SUM_BYTES`."""
        widths = (min(spec.channels, CHANNEL_LIMIT) for spec in self._card.maps)
        width = sum(widths) + CHANNEL_LIMIT  # the context of a network, or the lift of filters
        rows = {mark.row for shot in support.shots for mark in shot.marks}
        return max(LEAST_JUDGED, min(JUDGED, SUM_BYTES // (4 * width * width * len(rows))))

    def _leave_out(
        self, support: EncodedSupport, sample: Sequence[int], reporter: Reporter
    ) -> LeaveOut:
        if isinstance(self._method, Probe):
            return SumLeaveOut(self._method, support, sample, reporter, memory=self._memory)
        return RefitLeaveOut(self._other or self._method, self._card, support, sample, reporter)


class _Judge:
    """Asks part of the images about others and keeps the score."""

    def __init__(self, leave_out: LeaveOut, count: int, reporter: Reporter) -> None:
        self._leave_out = leave_out
        self._all = range(count)
        self._reporter = reporter
        self._steps = count + count * (count - 1) // 2 + ORDERS * max(count - 2, 0)
        self._done = 0
        self._classes = [self._shared_classes(j) for j in self._all]

    def scores(self) -> list[float | None]:
        """Of every image, all others teaching; None where they cannot, or where nothing counts."""
        return [next(self._ask([i for i in self._all if i != j], [j])) for j in self._all]

    def effects(self, whole: Sequence[float | None]) -> list[float | None]:
        """Of every image on the others: their score with it less their score without it."""
        gains: list[list[float]] = [[] for _ in self._all]
        for i in self._all:
            for j in range(i):
                teachers = [k for k in self._all if k not in (i, j)]
                asked = zip((i, j), (j, i), self._ask(teachers, [i, j]), strict=True)
                for judged, left, score in asked:
                    full = whole[judged]
                    if full is not None:
                        gains[left].append(full - (score or 0.0))
        return [sum(some) / len(some) if some else None for some in gains]

    def curve(self, seed: int) -> dict[int, float]:
        """Number of teachers -> mean score of images they do not contain, over a few orders."""
        draw = np.random.default_rng(seed)
        found: dict[int, list[float]] = {}
        for _ in range(ORDERS):
            order = [int(i) for i in draw.permutation(len(self._all))]
            for n in range(1, len(order) - 1):
                judged = [j for j in order[n:] if self._classes[j]][:JUDGED_ON_CURVE]
                scores = list(self._ask(order[:n], judged))
                found.setdefault(n, []).extend(score or 0.0 for score in scores)
        return {n: sum(some) / len(some) for n, some in found.items() if some}

    def _ask(self, teachers: Collection[int], judged: Sequence[int]) -> Iterator[float | None]:
        self._done += 1
        self._reporter.progress(min(self._done / self._steps, 1.0), "Judging the marked images")
        guesses = self._leave_out.guesses(teachers, judged, self._reporter)
        for number, guess in zip(judged, guesses, strict=True):
            truth, classes = self._leave_out.truths[number], self._classes[number]
            yield None if guess is None or not classes else mean_iou(truth, guess, classes)

    def _shared_classes(self, judged: int) -> frozenset[int]:
        """Rows of an image that others teach as well; background only where it is all there is."""
        rows = [frozenset(truth.rows.tolist()) for truth in self._leave_out.truths]
        others = (rows[i] for i in self._all if i != judged)
        held = rows[judged] & self._leave_out.rest_rows.union(*others)
        return held - {BACKGROUND_ROW} or held


def mean_iou(truth: Truth, guess: Rows, classes: Collection[int]) -> float:
    """Mean over ``classes``, of which truth has each, of weighted intersection over union."""
    counted = np.isin(truth.rows, [*classes, BACKGROUND_ROW])
    true, guessed, weights = truth.rows[counted], guess[counted], truth.weights[counted]
    scores = []
    for row in sorted(classes):
        one, other = true == row, guessed == row
        scores.append(float(weights[one & other].sum() / weights[one | other].sum()))
    return math.fsum(scores) / len(scores)


def _sample(support: EncodedSupport, marked: Sequence[int], *, seed: int, limit: int) -> list[int]:
    """At most ``limit`` of the marked images; one image more or less changes few of them."""

    def lot(number: int) -> bytes:
        drawn = f"{seed}/{support.shots[number].digest}"
        return hashlib.blake2b(drawn.encode(), digest_size=8).digest()

    return sorted(sorted(marked, key=lot)[:limit])


def _mean_and_interval(scores: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Mean, and half the width of its 95 % interval (Student), which never exceeds 1."""
    known = [score for score in scores if score is not None]
    if not known:
        return None, None
    mean, n = math.fsum(known) / len(known), len(known)
    if n < 2:
        return mean, None
    deviation = math.sqrt(math.fsum((score - mean) ** 2 for score in known) / (n - 1))
    return mean, min(STUDENT[n - 2] * deviation / math.sqrt(n), 1.0)


def _spread(
    values: Sequence[float | None], sample: Sequence[int], count: int
) -> tuple[float | None, ...]:
    """Values of sampled shots at their places among all; None elsewhere."""
    placed = dict(zip(sample, values, strict=True))
    return tuple(placed.get(number) for number in range(count))
