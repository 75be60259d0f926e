"""The order in which images are most useful to mark next, and why.

The score of an image nobody has marked or accepted is

    0.5 * doubt + 0.3 * novelty + 0.2 * rarity, each in [0, 1]:

- doubt: the mean uncertainty of its answer, over the 95 % point of all candidates (at least 0.1).
- novelty: the distance of its description to the nearest one among marked images, over the 95 %
  point of all candidates (at least 0.05); 0 while no marked image has been described.
- rarity: the largest over proposed classes c of min(1, share of c in the image / 5 %) times
  max(0, 1 - marked pixels of c / mean marked pixels of a class).

The first `FIRST` are drawn greedily from the best `POOL`: the next one has the largest score times
min(1, distance to those already drawn / 95 % point of novelty distances), so that near copies of
one another do not stand side by side. Images without an answer follow, then those marked or
accepted, then those that cannot be read.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.images import ImageId
from engines.exchange import Floats

DOUBT, NOVELTY, RARITY = 0.5, 0.3, 0.2
LEAST_DOUBT, LEAST_DISTANCE = 0.1, 0.05  # smaller differences are noise
RARE_SHARE = 0.05  # of an image: a class that fills this much of it is worth the look
SMALLEST_SHARE = 0.002  # a class that fills less is not named as doubtful
FIRST, POOL = 20, 400
TOP = 95.0  # per cent

Vector = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Name = Callable[[ClassId], str]


NAME_LIMIT = 14  # letters of a class in a reason; the whole must fit under a thumbnail
NOT_ANSWERED = "not answered yet"


class Ranked(NamedTuple):
    """One image in the order "most useful next"; ``score`` in [0, 1], ``reason`` in short words.

    Only the first ones, and those at the end, have a reason.
    """

    image_id: ImageId
    score: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What an answer says of an image. ``classes``: of each one (id, mean doubt, pixels)."""

    doubt: float
    classes: tuple[tuple[ClassId, float, int], ...]
    descriptor: Floats


@dataclass(frozen=True, slots=True)
class Standing:
    """How the images of a project stand. ``marked`` teach; ``settled`` need no look, and all those
    marked are among them; ``broken`` cannot be read; ``pixels`` are marked of each class."""

    images: Collection[ImageId]
    marked: Collection[ImageId]
    settled: Collection[ImageId]
    broken: Collection[ImageId]
    pixels: Mapping[ClassId, int]


class Sights:
    """What is known of every image, in arrays with its id as index: 100,000 need no loop."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: descriptions by another backbone cannot be compared with these."""
        self.doubt: Vector = np.zeros(0)  # NaN where nothing is known
        self.doubtful = np.zeros(0, np.int64)  # the class to be named
        self.shares = np.zeros((0, 0), np.float32)  # of the image, by column of `columns`
        self.columns: dict[ClassId, int] = {}
        self.descriptors = np.zeros((0, 0), np.float32)
        self.nearest: Vector = np.zeros(0)
        self._compared: set[ImageId] = set()  # the marked images that ``nearest`` knows

    def note(self, image_id: ImageId, sight: Sight) -> None:
        """Keep the newest sight of an image."""
        self._make_room(image_id, sight)
        pixels = sum(count for _, _, count in sight.classes) or 1
        self.doubt[image_id] = sight.doubt
        self.doubtful[image_id] = _most_doubtful(sight, pixels)
        self.shares[image_id] = 0
        for class_id, _, count in sight.classes:
            self.shares[image_id, self.columns[class_id]] = count / pixels
        if not np.array_equal(self.descriptors[image_id], sight.descriptor):
            self.descriptors[image_id] = sight.descriptor
            if image_id in self._compared:
                self._forget_nearest()
            near = self._distances(np.array([image_id]), sorted(self._compared))
            self.nearest[image_id] = near.min(initial=np.inf)

    def compare(self, marked: Collection[ImageId]) -> None:
        """Bring ``nearest`` up to date with the marked images that have been seen."""
        seen = {i for i in marked if i < len(self.doubt) and not np.isnan(self.doubt[i])}
        if not self._compared <= seen:
            self._forget_nearest()
        fresh = sorted(seen - self._compared)
        if fresh:
            everything = np.flatnonzero(~np.isnan(self.doubt))
            news = self._distances(everything, fresh).min(axis=1)
            self.nearest[everything] = np.minimum(self.nearest[everything], news)
            self._compared |= seen

    def _forget_nearest(self) -> None:
        self._compared = set()
        self.nearest[:] = np.inf

    def _distances(self, ids: Numbers, others: Sequence[ImageId]) -> Vector:
        """(n, m) between descriptions of unit length; 0 where images are not described at all."""
        if not self.descriptors.shape[1]:
            return np.zeros((len(ids), len(others)))
        alike = self.descriptors[ids] @ self.descriptors[list(others)].T
        distances: Vector = np.sqrt(np.maximum(2.0 - 2.0 * alike.astype(np.float64), 0.0))
        return distances

    def distance(self, ids: Numbers, other: int) -> Vector:
        """(n,) from descriptions of images to that of another one."""
        return self._distances(ids, [ImageId(other)])[:, 0]

    def _make_room(self, image_id: ImageId, sight: Sight) -> None:
        for class_id, _, _ in sight.classes:
            self.columns.setdefault(class_id, len(self.columns))
        rows = max(len(self.doubt), 64)
        while rows <= image_id:
            rows *= 2
        self.doubt = _grown(self.doubt, (rows,), np.nan)
        self.doubtful = _grown(self.doubtful, (rows,), BACKGROUND)
        self.nearest = _grown(self.nearest, (rows,), np.inf)
        self.shares = _grown(self.shares, (rows, len(self.columns)), 0)
        self.descriptors = _grown(self.descriptors, (rows, len(sight.descriptor)), 0)


def ranked(sights: Sights, standing: Standing, name: Name) -> tuple[Ranked, ...]:
    """All images, the most useful one first; ``name`` gives the name of a class."""
    sights.compare(standing.marked)
    ids = np.fromiter(standing.images, np.int64, len(standing.images))
    broken, settled = _among(ids, standing.broken), _among(ids, standing.settled)
    known = np.zeros(len(ids), np.bool_)
    within = ids < len(sights.doubt)
    known[within] = ~np.isnan(sights.doubt[ids[within]])
    candidates = ids[known & ~settled & ~broken]
    parts = _parts(sights, candidates, standing.pixels)
    scores = parts @ np.array([DOUBT, NOVELTY, RARITY])
    order = _diverse_order(sights, candidates, scores)
    words = _Words(sights, standing, name)
    first = [words.reason(int(candidates[at]), parts[at]) for at in order[:FIRST]]
    groups = (
        _group(candidates[order], scores[order], first),
        _group(ids[~known & ~settled & ~broken], None, [], NOT_ANSWERED),
        _group(ids[settled & ~broken], None, [], "marked or accepted"),
        _group(ids[broken], None, [], "cannot be read"),
    )
    return tuple(one for group in groups for one in group)


def _parts(sights: Sights, ids: Numbers, pixels: Mapping[ClassId, int]) -> Vector:
    """(n, 3) doubt, novelty and rarity in [0, 1]."""
    if not len(ids):
        return np.zeros((0, 3))
    nearest = sights.nearest[ids]
    novelty = np.where(np.isfinite(nearest), _relative(nearest, LEAST_DISTANCE), 0.0)
    rarity = _rarities(sights, ids, pixels).max(axis=1, initial=0.0)
    return np.stack([_relative(sights.doubt[ids], LEAST_DOUBT), novelty, rarity], axis=1)


def _rarities(sights: Sights, ids: Numbers, pixels: Mapping[ClassId, int]) -> Vector:
    """(n, columns): how much each image shows of each class of which little is marked."""
    mean = max(sum(pixels.values()) / max(len(pixels), 1), 1.0)
    scarcity = np.zeros(len(sights.columns))
    for class_id, column in sights.columns.items():
        if class_id in pixels:
            scarcity[column] = max(0.0, 1.0 - pixels[class_id] / mean)
    shown: Vector = np.minimum(sights.shares[ids] / RARE_SHARE, 1.0) * scarcity
    return shown


def _relative(values: Vector, least: float) -> Vector:
    """In [0, 1], of the 95 % point."""
    finite = values[np.isfinite(values)]
    top = max(float(np.percentile(finite, TOP)) if len(finite) else 0.0, least)
    relative: Vector = np.clip(values / top, 0.0, 1.0)
    return relative


def _diverse_order(sights: Sights, ids: Numbers, scores: Vector) -> Numbers:
    """Places in ``ids``, the best first; the first `FIRST` of them unlike each other."""
    by_score: Numbers = np.argsort(-scores, kind="stable")
    pool = by_score[:POOL]
    apart = np.ones(len(pool))
    scale = LEAST_DISTANCE
    taken: list[int] = []
    for _ in range(min(FIRST, len(pool))):
        gains = scores[pool] * apart
        gains[taken] = -1.0
        best = int(gains.argmax())
        taken.append(best)
        away = sights.distance(ids[pool], int(ids[pool[best]]))
        if len(taken) == 1:
            scale = max(float(np.percentile(away, TOP)), LEAST_DISTANCE)
        apart = np.minimum(apart, away / scale)
    rest = np.setdiff1d(np.arange(len(by_score)), taken)
    order: Numbers = by_score[np.concatenate([np.array(taken, np.int64), rest])]
    return order


class _Words:
    """Says in short words what speaks most for an image."""

    def __init__(self, sights: Sights, standing: Standing, name: Name) -> None:
        self._sights = sights
        self._pixels = standing.pixels
        self._name = name
        count = len(standing.marked)
        self._unlike = "unlike your marked image" if count == 1 else f"unlike your {count} images"

    def reason(self, image_id: int, parts: Vector) -> str:
        """For parts (3,) of the score."""
        match int((parts * (DOUBT, NOVELTY, RARITY)).argmax()):
            case 0:
                return self._doubtful(ClassId(int(self._sights.doubtful[image_id])))
            case 1:
                return self._unlike
            case _:
                return f"few pixels of '{self._short(self._rarest(image_id))}' so far"

    def _doubtful(self, class_id: ClassId) -> str:
        if class_id == BACKGROUND:
            return "the background is doubtful"
        return f"'{self._short(class_id)}' is doubtful"

    def _short(self, class_id: ClassId) -> str:
        name = self._name(class_id)
        return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 1]}…"

    def _rarest(self, image_id: int) -> ClassId:
        shown = _rarities(self._sights, np.array([image_id]), self._pixels)[0]
        return list(self._sights.columns)[int(shown.argmax())]


def _group(
    ids: Numbers, scores: Vector | None, reasons: list[str], other: str = ""
) -> Iterable[Ranked]:
    """One line for each image; those without a reason of their own get the ``other``."""
    values = [0.0] * len(ids) if scores is None else scores.tolist()
    words = reasons + [other] * (len(ids) - len(reasons))
    return map(Ranked._make, zip(ids.tolist(), values, words, strict=True))


def _most_doubtful(sight: Sight, pixels: int) -> ClassId:
    """The class to name: background only where nothing else fills enough to speak of."""
    found = [(doubt, class_id) for class_id, doubt, count in sight.classes
             if class_id != BACKGROUND and count >= SMALLEST_SHARE * pixels]  # fmt: skip
    return max(found)[1] if found else BACKGROUND


def _among(ids: Numbers, some: Collection[ImageId]) -> npt.NDArray[np.bool_]:
    """(n,): which ids are among some others."""
    top = int(ids.max(initial=0))
    table = np.zeros(top + 1, np.bool_)
    others = np.fromiter(some, np.int64, len(some))
    table[others[others <= top]] = True
    found: npt.NDArray[np.bool_] = table[ids]
    return found


def _grown(array: npt.NDArray[Any], shape: tuple[int, ...], fill: float) -> npt.NDArray[Any]:
    """The array with room for more, at least as large as it is."""
    if array.shape == shape:
        return array
    room = np.full(shape, fill, array.dtype)
    room[tuple(slice(0, side) for side in array.shape)] = array
    return room
