"""Protocols of episodes: one unseen class, a few supports, one query, over and over.

``coco_mval``: 80 classes, one marked instance per image, the four interleaved folds of COCO-20i
(HSNet, PFENet and everyone after). ``coco20i`` and ``pascal5i``: the class folds on folders of full
label maps, with HSNet's rules (class drawn evenly, support unlike query, void 255 of the query
ignored, void of a support background, IoU summed per class over all episodes). Run on a part of the
data they say so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.errors import EngineError
from engines.evaluation.image_sets import ImageSet, image_set
from engines.evaluation.names import COCO_IDS, COCO_NAMES, VOC_NAMES
from engines.evaluation.support_cues import CueMaker, Draw
from engines.exchange import UNLABELLED_ROW, Query, RowMap, Shot, SupportSet
from engines.metrics import EpisodeScores
from engines.reporting import Reporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession

FOLDS = 4
SMALLEST_OBJECT = 64  # pixels of a class in an image that may support or be asked


@dataclass(frozen=True, slots=True)
class Episode:
    """A class by its place in the list of names, supports and query by stem."""

    class_index: int
    support: tuple[str, ...]
    query: str


@dataclass(frozen=True, slots=True)
class EpisodeTask:
    """A set seen as episodes. ``members``: class index -> stems that show it."""

    name: str
    data: ImageSet
    names: tuple[str, ...]
    members: Mapping[int, tuple[str, ...]]
    fold_of: Mapping[int, int]
    size_px: int
    partial: str = ""  # what of the real protocol's data is missing

    def identity(self, stem: str) -> str:
        """Two stems of one photograph have one identity: support and query never share it."""
        return stem.rsplit("_", 1)[-1] if self.name == "coco_mval" else stem

    def truth(self, stem: str, class_index: int) -> RowMap:
        """(H, W) uint8: 1 the class, 0 the rest, 255 void."""
        stored = self.data.truth(stem)
        value = 1 if self.name == "coco_mval" else class_index + 1
        one: RowMap = (stored == value).astype(np.uint8)
        one[stored == UNLABELLED_ROW] = UNLABELLED_ROW
        return one


@dataclass(frozen=True, slots=True)
class EpisodeFigures:
    """Scores in percent; ``folds``: (mIoU, FB-IoU) of each; ``floor``: everything foreground."""

    mean_iou: float
    fb_iou: float
    floor: float
    folds: tuple[tuple[float, float], ...]
    coverage: float


def coco_mval(data: Path) -> EpisodeTask:
    """80 COCO classes, one instance per image."""
    folder = data / "coco_mval"
    found = image_set(folder, {"object": (255,)})
    members: dict[int, list[str]] = {}
    for stem in found.stems:
        name = stem.rsplit("_", 1)[0].rstrip("0123456789").replace("_", " ")
        members.setdefault(COCO_NAMES.index(name), []).append(stem)
    folds = {index: index % FOLDS for index in members}
    kept = {index: tuple(stems) for index, stems in members.items()}
    return EpisodeTask("coco_mval", found, COCO_NAMES, kept, folds, 320)


def coco20i(data: Path) -> EpisodeTask:
    """Full COCO label maps of category ids 1 to 90, in ``coco_mini`` or any folder laid out so."""
    folder = next((f for f in (data / "coco_mini", data) if (f / "masks").is_dir()), data)
    groups = {name: (number,) for name, number in zip(COCO_NAMES, COCO_IDS, strict=True)}
    found = image_set(folder, groups)
    folds = {index: index % FOLDS for index in range(len(COCO_NAMES))}
    note = _partial(len(found.stems), 40_137, "COCO 2014 val images")
    return EpisodeTask("coco20i", found, COCO_NAMES, _members(found), folds, 400, note)


def pascal5i(data: Path) -> EpisodeTask:
    """PASCAL VOC label maps of ids 1 to 20; where there is a ``val.txt`` only its images."""
    folder = next((f for f in (data / "voc_animals", data) if (f / "masks").is_dir()), data)
    groups = {name: (number,) for number, name in enumerate(VOC_NAMES, start=1)}
    found = image_set(folder, groups)
    listed = folder / "val.txt"
    if listed.is_file():
        wanted = set(listed.read_text(encoding="utf-8").split())
        stems = tuple(stem for stem in found.stems if stem in wanted)
        found = ImageSet(found.folder, stems, found.names, found.rows)
    folds = {index: index // 5 for index in range(len(VOC_NAMES))}
    note = _partial(len(found.stems), 1_449, "VOC 2012 val images")
    return EpisodeTask("pascal5i", found, VOC_NAMES, _members(found), folds, 400, note)


def episodes(task: EpisodeTask, fold: int, wish: Draw) -> Iterator[Episode]:
    """``wish.count`` episodes of a fold, the same for every method, backbone and kind of cue.

    Classes come in turn, each query is taken in turn, supports are drawn.
    """
    classes = [
        index
        for index, own in task.fold_of.items()
        if own == fold and _enough(task, task.members.get(index, ()), wish.shots)
    ]
    if not classes:
        return
    draw = np.random.default_rng((wish.seed, fold))
    for number in range(wish.count):
        index = classes[number % len(classes)]
        stems = task.members[index]
        query = stems[number // len(classes) % len(stems)]
        others = [s for s in stems if task.identity(s) != task.identity(query)]
        if len(others) < wish.shots:
            continue
        picked = draw.choice(len(others), wish.shots, replace=False)
        yield Episode(index, tuple(others[int(i)] for i in picked), query)


def measure_episodes(
    session: FewShotSession,
    task: EpisodeTask,
    cues: CueMaker,
    draw: Draw,
    reporter: Reporter,
) -> EpisodeFigures:
    """Every fold, ``draw.count`` episodes each; `EngineError` where no class has enough images."""
    folds: list[tuple[float, float, float]] = []
    covered: list[float] = []
    for fold in range(FOLDS):
        scores, floor = EpisodeScores(), EpisodeScores()
        for number, one in enumerate(episodes(task, fold, draw)):
            truth = task.truth(one.query, one.class_index)
            guess, share = _answer(session, task, one, cues)
            covered.append(share)
            scores.add(one.class_index, truth, guess)
            floor.add(one.class_index, truth, np.ones_like(truth))
            reporter.progress((fold + (number + 1) / draw.count) / FOLDS, f"fold {fold}")
            reporter.raise_if_cancelled()
        if scores.per_class():
            folds.append((scores.mean_iou(), scores.fb_iou(), floor.mean_iou()))
    if not folds:
        raise EngineError(
            f"{task.data.folder} has no class with {draw.shots + 1} images; get more."
        )
    mean, both, bottom = (100 * float(np.mean(column)) for column in zip(*folds, strict=True))
    each = tuple((100 * one, 100 * two) for one, two, _ in folds)
    return EpisodeFigures(mean, both, bottom, each, 100 * float(np.mean(covered)))


def _answer(
    session: FewShotSession, task: EpisodeTask, one: Episode, cues: CueMaker
) -> tuple[RowMap, float]:
    name = task.names[one.class_index]
    taught, share = [], 0.0
    for stem in one.support:
        truth = task.truth(stem, one.class_index)
        truth[truth == UNLABELLED_ROW] = 0  # void of a support is background
        made = cues.make(truth, stem)
        share += made.coverage / len(one.support)
        taught.append(Shot(task.data.image(stem), made.marks, present=made.present))
    prompts = (name,) if cues.support == "text" else ()
    session.set_support(SupportSet((one.class_index + 1,), (name,), tuple(taught), prompts))
    return row_map(session.predict(Query(task.data.image(one.query)))), share


def _members(found: ImageSet) -> dict[int, tuple[str, ...]]:
    """Class index -> stems that show enough of it."""
    members: dict[int, list[str]] = {}
    for stem in found.stems:
        counts = np.bincount(found.truth(stem).ravel(), minlength=256)
        for row in np.flatnonzero(counts[1:UNLABELLED_ROW] >= SMALLEST_OBJECT):
            members.setdefault(int(row), []).append(stem)
    return {index: tuple(stems) for index, stems in members.items()}


def _enough(task: EpisodeTask, stems: tuple[str, ...], shots: int) -> bool:
    return len({task.identity(stem) for stem in stems}) > shots


def _partial(count: int, whole: int, what: str) -> str:
    return "" if count >= whole else f"partial data: {count} of {whole:,} {what}"
