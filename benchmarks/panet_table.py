"""PANet trained and untrained: 1 and 2 ways, 1 and 5 shots, masks, scribbles and boxes.

For each of the four interleaved COCO folds a neck is trained on the classes of the other three
(``coco_mini`` label maps and ``coco_mval`` instances; no photograph of a held-out instance), and
tested on ``coco_mval`` of the fold, beside the frozen backbone without it. Weak supports are used
without retraining. Each image of ``coco_mval`` has one marked instance, so an episode of two ways
asks one query per class, and unmarked objects of the other class count as background.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from engines.backbones.cache import FeatureCache
from engines.backbones.catalog import open_backbone
from engines.device import Device, choose_device
from engines.errors import UnusableSupport
from engines.evaluation.episodes import EpisodeTask, coco_mval, episodes
from engines.evaluation.support_cues import CueMaker, Draw, Support
from engines.exchange import ArrayImage, Mark, Query, RowMap, Shot, SupportSet
from engines.panet_training.learner import FrozenLevels
from engines.panet_training.plan import PanetPlan
from engines.panet_training.pool import FOLDS, episode_pool
from engines.panet_training.run import train_on_levels
from engines.panet_training.shelf import put_on_shelf
from engines.reporting import SilentReporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

FLOOR = "everything foreground"
SUPPORTS: tuple[Support, ...] = ("mask", "scribble", "box")


@dataclass(frozen=True, slots=True)
class Setting:
    """One column of the table."""

    ways: int
    shots: int
    support: Support


@dataclass(frozen=True, slots=True)
class WayEpisode:
    """Classes by index, their supports by stem, and one query per class."""

    classes: tuple[int, ...]
    support: tuple[tuple[str, ...], ...]
    queries: tuple[str, ...]


class WayScores:
    """IoU per class summed over all queries, whichever class a query was asked for."""

    def __init__(self) -> None:
        self._inside: dict[int, int] = {}
        self._either: dict[int, int] = {}
        self._both = np.zeros((2, 2), np.int64)  # background and foreground; inside and either

    def add(self, classes: Sequence[int], truth: RowMap, guess: RowMap) -> None:
        """Rows 1 to N of ``truth`` and ``guess`` (H, W) stand for ``classes``."""
        for row, index in enumerate(classes, start=1):
            true, guessed = truth == row, guess == row
            self._inside[index] = self._inside.get(index, 0) + int((true & guessed).sum())
            self._either[index] = self._either.get(index, 0) + int((true | guessed).sum())
        for side in (0, 1):
            true, guessed = (truth > 0) == side, (guess > 0) == side
            self._both[side] += int((true & guessed).sum()), int((true | guessed).sum())

    def figures(self) -> tuple[float, float]:
        """mIoU over classes and FB-IoU, in percent."""
        each = [self._inside[i] / self._either[i] for i in self._inside if self._either[i]]
        return 100 * float(np.mean(each)), 100 * float((self._both[:, 0] / self._both[:, 1]).mean())


def main() -> None:
    """Train four necks, print one table and write every figure as JSON."""
    options = _options()
    device = choose_device(options.device)
    frozen = FrozenLevels(open_backbone(options.backbone, device, options.models), device)
    pictures = Pictures(coco_mval(options.data))
    settings = [Setting(w, k, s) for w in (1, 2) for k in (1, 5) for s in SUPPORTS]
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for fold in options.folds:
            session = _trained(options, fold, frozen, device, Path(scratch))
            for state, backbone in (("untrained", frozen.backbone), ("trained", session.backbone)):
                session.set_backbone(backbone)
                for one in settings:
                    mean, both = _measured(session, pictures, fold, one, options)
                    _keep(found, _row(fold, state, one, mean, both), options)
            for one in settings:
                if one.ways == 1 and one.support == "mask":
                    mean, both = _floor(pictures.task, fold, one, options)
                    _keep(found, _row(fold, FLOOR, one, mean, both), options)
    _tell(found, settings)


def _keep(
    found: list[dict[str, object]], row: dict[str, object], options: argparse.Namespace
) -> None:
    """Tell a figure, and write all of them as far as they are known."""
    found.append(row)
    print(json.dumps(row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _row(fold: int, state: str, one: Setting, mean: float, both: float) -> dict[str, object]:
    figures = {"mean_iou": round(mean, 2), "fb_iou": round(both, 2)}
    return {"fold": fold, "state": state, **asdict(one), **figures}


def _trained(
    options: argparse.Namespace, fold: int, frozen: FrozenLevels, device: Device, folder: Path
) -> FewShotSession:
    """A session on the neck of a fold, opened from the shelf by its name."""
    plan = PanetPlan(options.backbone, fold, options.episodes, seed=options.seed)
    plan = replace(plan, rate=options.rate, width=options.width, ways=options.train_ways)
    pool = episode_pool(options.data, fold=fold)
    started = time.perf_counter()
    run = (options.out or folder) / f"fold{fold}"
    trainer = train_on_levels(plan, pool, frozen, device, run)
    trainer.run(SilentReporter())
    name = f"panet_{options.backbone}_fold{fold}"
    shelf = options.models or folder
    put_on_shelf(trainer, name, frozen.backbone.card, device, shelf)
    print(f"fold {fold}: {pool.words}; {time.perf_counter() - started:.0f} s", flush=True)
    cache = FeatureCache(ram_limit_bytes=2 << 30)
    wish = SessionOptions(size_px=task_size(), refine=True)
    return FewShotSession("panet", name, device=device, models_dir=shelf, cache=cache, options=wish)


def task_size() -> int:
    """Long side of the pictures of ``coco_mval``."""
    return 320


class Pictures:
    """Pictures, truths and cues of a set, each made once: scribbles take longer than answers."""

    def __init__(self, task: EpisodeTask) -> None:
        self.task = task
        self._images: dict[str, ArrayImage] = {}
        self._marks: dict[tuple[str, Support], tuple[Mark, ...]] = {}

    def image(self, stem: str) -> ArrayImage:
        """In memory, with the digest it was given."""
        if stem not in self._images:
            self._images[stem] = self.task.data.image(stem)
        return self._images[stem]

    def marks(self, stem: str, index: int, support: Support) -> tuple[Mark, ...]:
        """Marks of rows 0 and 1."""
        if (stem, support) not in self._marks:
            made = CueMaker(support).make(self.task.truth(stem, index), stem)
            self._marks[stem, support] = made.marks
        return self._marks[stem, support]


def _measured(
    session: FewShotSession,
    pictures: Pictures,
    fold: int,
    setting: Setting,
    options: argparse.Namespace,
) -> tuple[float, float]:
    scores, task = WayScores(), pictures.task
    for episode in _episodes(task, fold, setting, options):
        taught = _teach(session, _support(pictures, episode, setting.support))
        for row, stem in enumerate(episode.queries, start=1):
            truth = task.truth(stem, episode.classes[row - 1]) * np.uint8(row)
            guess = np.ones_like(truth)
            if taught:
                guess = row_map(session.predict(Query(pictures.image(stem))))
            scores.add(episode.classes, truth, guess)
    return scores.figures()


def _floor(
    task: EpisodeTask, fold: int, setting: Setting, options: argparse.Namespace
) -> tuple[float, float]:
    """The figures of calling everything the class, on the same queries; for one way."""
    scores = WayScores()
    for episode in _episodes(task, fold, setting, options):
        truth = task.truth(episode.queries[0], episode.classes[0])
        scores.add(episode.classes, truth, np.ones_like(truth))
    return scores.figures()


def _teach(session: FewShotSession, support: SupportSet) -> bool:
    """False where one box covers its whole picture: without background all is that class."""
    try:
        session.set_support(support)
    except UnusableSupport:
        return False
    return True


def _support(pictures: Pictures, episode: WayEpisode, support: Support) -> SupportSet:
    shots = []
    for row, (index, stems) in enumerate(zip(episode.classes, episode.support, strict=True), 1):
        for stem in stems:
            marks = pictures.marks(stem, index, support)
            own = tuple(replace(one, row=row) if one.row else one for one in marks)
            shots.append(Shot(pictures.image(stem), own))
    names = tuple(pictures.task.names[index] for index in episode.classes)
    return SupportSet(tuple(index + 1 for index in episode.classes), names, tuple(shots))


def _episodes(
    task: EpisodeTask, fold: int, setting: Setting, options: argparse.Namespace
) -> Iterator[WayEpisode]:
    """The bench's episodes; of several ways, each with supports and a query of others beside it.

    The same for every kind of support and every network.
    """
    wish = Draw(setting.shots, options.test_seed, options.test // setting.ways)
    draw = np.random.default_rng((options.test_seed, fold, setting.ways, setting.shots))
    classes = [index for index, own in task.fold_of.items() if own == fold]
    for one in episodes(task, fold, wish):
        others = [index for index in classes if index != one.class_index]
        beside = [int(i) for i in draw.choice(others, setting.ways - 1, replace=False)]
        drawn = [_stems(task, index, setting.shots, draw) for index in beside]
        yield WayEpisode(
            (one.class_index, *beside),
            (one.support, *(stems for stems, _ in drawn)),
            (one.query, *(query for _, query in drawn)),
        )


def _stems(
    task: EpisodeTask, index: int, shots: int, draw: np.random.Generator
) -> tuple[tuple[str, ...], str]:
    """Supports and a query of one class, of different photographs."""
    stems = task.members[index]
    query = stems[int(draw.integers(len(stems)))]
    left = [stem for stem in stems if task.identity(stem) != task.identity(query)]
    picked = draw.choice(len(left), min(shots, len(left)), replace=False)
    return tuple(left[int(i)] for i in picked), query


def _tell(found: list[dict[str, object]], settings: list[Setting]) -> None:
    """One markdown row per setting: mIoU (FB-IoU) over the folds, and each fold."""
    print("| ways | shots | support | PANet | mIoU | FB-IoU | folds (mIoU) |")
    print("|---|---|---|---|---|---|---|")
    for one in settings:
        for state in ("untrained", "trained", FLOOR):
            rows = [
                row for row in found
                if (row["ways"], row["shots"], row["support"], row["state"])
                == (one.ways, one.shots, one.support, state)
            ]  # fmt: skip
            if not rows:
                continue
            mean, both = (
                np.mean([float(str(row[name])) for row in rows]) for name in ("mean_iou", "fb_iou")
            )
            each = " ".join(f"{float(str(row['mean_iou'])):.1f}" for row in rows)
            cells = (one.ways, one.shots, one.support, state, f"{mean:.1f}", f"{both:.1f}", each)
            print("| " + " | ".join(str(cell) for cell in cells) + " |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the image sets")
    parser.add_argument("--models", type=Path, default=None, help="folder of weights; necks go in")
    parser.add_argument("--backbone", default="resnet18_layer3")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    parser.add_argument("--episodes", type=int, default=1600, help="to train on, per fold")
    parser.add_argument("--train-ways", type=int, default=2)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rate", type=float, default=0.15)
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--test", type=int, default=200, help="queries per fold and setting")
    parser.add_argument("--test-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None, help="folder of the runs, to go on")
    parser.add_argument("--json", type=Path, default=None, help="file for all figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
