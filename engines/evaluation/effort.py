"""Effort: a simulated person labels a set stroke by stroke until unseen images are good enough.

The person looks at one image at a time, as users of ilastik and RootPainter do: finds the largest
region that is wrong in the present answer, draws one stroke along its middle in the class it should
be, and sees the new answer; after `STROKES_PER_IMAGE` strokes, or when the image is good, the next
one follows. After every stroke the images held out are scored. What is counted is strokes, and the
seconds the person waits for answers; the hand's own time is not.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engines.evaluation.image_sets import ImageSet
from engines.evaluation.weak_cues import scribbles
from engines.exchange import (
    UNLABELLED_ROW,
    ArrayImage,
    Mark,
    Query,
    RowMap,
    Shot,
    SupportSet,
)
from engines.metrics import Confusion
from engines.reporting import Reporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession

STROKES_PER_IMAGE = 6
GOOD_ENOUGH = 0.95  # share of right pixels at which the person leaves an image
PEN_SHARE = 1 / 120  # of the long side
TARGETS = (70, 80, 85, 90)


class Labeller(Protocol):
    """Whatever learns from strokes and answers: our session, or a rival."""

    @property
    def title(self) -> str:
        """For the table."""

    def learn(self, support: SupportSet) -> None:
        """Take all strokes so far."""

    def answer(self, image: ArrayImage) -> RowMap:
        """(H, W) rows."""


class SessionLabeller:
    """The session of the window."""

    def __init__(self, session: FewShotSession, title: str) -> None:
        self._session, self._title = session, title

    @property
    def title(self) -> str:
        """For the table."""
        return self._title

    def learn(self, support: SupportSet) -> None:
        """Take all strokes so far."""
        self._session.set_support(support)

    def answer(self, image: ArrayImage) -> RowMap:
        """(H, W) rows."""
        return row_map(self._session.predict(Query(image)))


@dataclass(frozen=True, slots=True)
class Sitting:
    """What the person works on: images to draw on, images to be scored on, and how long."""

    pool: tuple[str, ...]
    test: tuple[str, ...]
    limit: int = 60  # strokes
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Effort:
    """``curve``: mean IoU in percent after each stroke. ``reached``: target -> (strokes, seconds
    waited), None where it was not reached within the limit."""

    title: str
    curve: tuple[float, ...]
    reached: Mapping[int, tuple[int, float] | None]
    seconds_per_stroke: float


@dataclass(slots=True)
class _Person:
    """What has been drawn: image -> its marks, oldest first."""

    data: ImageSet
    pool: tuple[str, ...]
    seed: int
    marks: dict[str, list[Mark]] = field(default_factory=dict)
    place: int = 0
    here: int = 0  # strokes on the present image

    @property
    def stem(self) -> str:
        return self.pool[self.place % len(self.pool)]

    def support(self) -> SupportSet:
        shots = tuple(
            Shot(self.data.image(stem), _without_overlap(marks))
            for stem, marks in self.marks.items()
        )
        ids = tuple(range(1, self.data.row_count))
        return SupportSet(ids, self.data.names, shots)

    def draw(self, answer: RowMap | None) -> bool:
        """One stroke where the answer is worst; False where this image needs none."""
        truth = self.data.truth(self.stem)
        row, region = _largest_error(truth, answer)
        said = truth != UNLABELLED_ROW
        right = 0.0 if answer is None else float((answer == truth)[said].mean())
        if row is None or right >= GOOD_ENOUGH or self.here >= STROKES_PER_IMAGE:
            self.place, self.here = self.place + 1, 0
            return False
        wanted = np.where(region, np.uint8(row), np.uint8(UNLABELLED_ROW))
        radius = max(1.0, max(truth.shape) * PEN_SHARE)
        made = scribbles(wanted, style="robot", radius=radius, seed=self.seed + self.place)
        self.marks.setdefault(self.stem, []).extend(made)
        self.here += 1
        return bool(made)

    def begin(self) -> int:
        """A stroke for every class the first image shows, as anybody starts; how many."""
        truth = self.data.truth(self.stem)
        radius = max(1.0, max(truth.shape) * PEN_SHARE)
        made = scribbles(truth, style="robot", radius=radius, seed=self.seed)
        self.marks[self.stem] = list(made)
        return len(made)


def measure_effort(
    labeller: Labeller, data: ImageSet, sitting: Sitting, reporter: Reporter
) -> Effort:
    """Let the person work until the last target is reached or the strokes are used up."""
    pool, limit = sitting.pool, sitting.limit
    person = _Person(data, pool, sitting.seed)
    strokes, waited = person.begin(), 0.0
    curve: list[float] = []
    times: list[float] = []
    idle = 0
    while strokes <= limit and idle <= len(pool):
        started = time.perf_counter()
        labeller.learn(person.support())
        answer = labeller.answer(data.image(person.stem))
        waited += time.perf_counter() - started
        score = _score(labeller, data, sitting.test)
        curve += [score] * (strokes - len(curve))
        times += [waited] * (strokes - len(times))
        reporter.progress(min(1.0, strokes / limit), f"{labeller.title}: {score:.1f}")
        reporter.raise_if_cancelled()
        if score >= TARGETS[-1]:
            break
        idle = 0
        while not person.draw(answer) and idle <= len(pool):
            idle += 1
            answer = labeller.answer(data.image(person.stem))
        strokes += 1
    reached = {target: _first(curve, times, target) for target in TARGETS}
    return Effort(labeller.title, tuple(curve), reached, waited / max(1, len(set(times))))


def _score(labeller: Labeller, data: ImageSet, test: Sequence[str]) -> float:
    confusion = Confusion(data.row_count)
    for stem in test:
        confusion.add(data.truth(stem), labeller.answer(data.image(stem)))
    return 100 * confusion.mean_iou()


def _first(curve: Sequence[float], times: Sequence[float], target: int) -> tuple[int, float] | None:
    for number, (score, seconds) in enumerate(zip(curve, times, strict=True), start=1):
        if score >= target:
            return number, seconds
    return None


def _largest_error(
    truth: RowMap, answer: RowMap | None
) -> tuple[int | None, npt.NDArray[np.bool_]]:
    """The row of the largest connected wrong region, and the region."""
    wrong = truth != UNLABELLED_ROW if answer is None else _wrong(truth, answer)
    best: tuple[int, int | None, npt.NDArray[np.bool_]] = (0, None, wrong)
    for row in np.unique(truth[wrong]):
        pieces, count = ndimage.label(wrong & (truth == row))
        if count == 0:
            continue
        sizes = np.bincount(pieces.ravel())[1:]
        if int(sizes.max()) > best[0]:
            best = (int(sizes.max()), int(row), pieces == int(sizes.argmax()) + 1)
    return best[1], best[2]


def _wrong(truth: RowMap, answer: RowMap) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = (answer != truth) & (truth != UNLABELLED_ROW)
    return found


def _without_overlap(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Later strokes win where two overlap, as in the document."""
    kept: list[Mark] = []
    for number, mark in enumerate(marks):
        mask = mark.mask.copy()
        for later in marks[number + 1 :]:
            _cut(mask, mark, later)
        if mask.any():
            kept.append(Mark(mark.row, mark.origin, mask, mark.kind))
    return tuple(kept)


def _cut(mask: npt.NDArray[np.bool_], mark: Mark, later: Mark) -> None:
    x0, y0, x1, y1 = mark.box
    u0, v0, u1, v1 = later.box
    left, top, right, bottom = max(x0, u0), max(y0, v0), min(x1, u1), min(y1, v1)
    if left < right and top < bottom:
        mask[top - y0 : bottom - y0, left - x0 : right - x0] &= ~later.mask[
            top - v0 : bottom - v0, left - u0 : right - u0
        ]
