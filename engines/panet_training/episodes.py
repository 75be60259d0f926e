"""Episodes to train on: some classes, supports of each, one query; the same for the same seed."""

from dataclasses import dataclass

import numpy as np

from engines.errors import EngineError
from engines.panet_training.pool import EpisodePool

ATTEMPTS = 100  # until supports and query are of different photographs


@dataclass(frozen=True, slots=True)
class View:
    """A picture of the pool by its number, mirrored or not."""

    picture: int
    flipped: bool = False


@dataclass(frozen=True, slots=True)
class TrainingEpisode:
    """N classes by row, K views that support each (N x K), and the view that is asked."""

    rows: tuple[int, ...]
    support: tuple[tuple[View, ...], ...]
    query: View

    @property
    def views(self) -> tuple[View, ...]:
        """Supports in their order, then the query."""
        return (*(view for shots in self.support for view in shots), self.query)


@dataclass(frozen=True, slots=True)
class EpisodeSize:
    """``ways`` N classes with ``shots`` K supports each."""

    ways: int = 1
    shots: int = 1


def draw_episode(
    pool: EpisodePool, size: EpisodeSize, *, seed: int, number: int
) -> TrainingEpisode:
    """The ``number``-th episode of a seed. Raises `EngineError` where the pool is too small.

    Classes are drawn evenly, the query shows at least one of them; no two views of an episode are
    of one photograph; every view is mirrored half of the time.
    """
    draw = np.random.default_rng((seed, number))
    rows = [row for row, members in pool.members.items() if _enough(pool, members, size.shots)]
    if len(rows) < size.ways:
        raise EngineError(
            f"{size.ways} classes with {size.shots + 1} photographs each are needed to train on; "
            f"{len(rows)} are there."
        )
    for _ in range(ATTEMPTS):
        chosen = [rows[int(i)] for i in draw.choice(len(rows), size.ways, replace=False)]
        asked = chosen[int(draw.integers(size.ways))]
        wanted = [*(row for row in chosen for _ in range(size.shots)), asked]
        numbers = _different(pool, wanted, draw)
        if numbers is not None:
            views = [View(one, bool(draw.integers(2))) for one in numbers]
            shots = [
                tuple(views[way * size.shots : (way + 1) * size.shots]) for way in range(size.ways)
            ]
            return TrainingEpisode(tuple(chosen), tuple(shots), views[-1])
    raise EngineError("Episodes cannot be drawn: too few photographs of different classes.")


def _enough(pool: EpisodePool, members: tuple[int, ...], shots: int) -> bool:
    return len({pool.pictures[number].photograph for number in members}) > shots


def _different(pool: EpisodePool, rows: list[int], draw: np.random.Generator) -> list[int] | None:
    """A picture for every row, all of different photographs; None where a row has none left."""
    taken: set[str] = set()
    numbers = []
    for row in rows:
        left = [n for n in pool.members[row] if pool.pictures[n].photograph not in taken]
        if not left:
            return None
        number = left[int(draw.integers(len(left)))]
        numbers.append(number)
        taken.add(pool.pictures[number].photograph)
    return numbers
