"""Protocols with a fixed split: a few labelled images, one fit, many test images.

Splits are those of the data's own notes: support from the first stems by name, test from the last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError
from engines.evaluation.image_sets import ImageSet, first_or_drawn, folder_set, image_set
from engines.evaluation.support_cues import CueMaker, Draw
from engines.exchange import Query, Shot, SupportSet
from engines.metrics import Confusion
from engines.reporting import Reporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession

FACE_PARTS: Mapping[str, tuple[int, ...]] = {
    "eyes": (4, 5), "mouth": (10, 11, 12), "nose": (2,), "face": (1, 3), "clothes": (18,),
    "hair": (13, 14), "brows": (6, 7), "ears": (8, 9, 15), "neck": (16, 17),
}  # fmt: skip
FACE_FEATURES = {name: FACE_PARTS[name] for name in ("eyes", "mouth", "nose")}
FACE_REST = tuple(i for i in range(19) if not any(i in ids for ids in FACE_FEATURES.values()))
CAR_PARTS: Mapping[str, tuple[int, ...]] = {
    "wheel": (19,),
    "light": (5, 7, 11, 13),
    "window": (3, 9),
    "body": (2, 4, 6, 8, 10, 12, 14, 15, 16, 17, 18),
}
# Value 0 is sky, a class like the others here: it stands in row 0; 11 is unlabelled.
STREET = {name: (value,) for value, name in enumerate(
    ("building", "pole", "road", "pavement", "tree", "sign", "fence", "car", "pedestrian",
     "bicyclist"), start=1)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartTask:
    """A set with its split. ``with_background``: whether row 0 counts in weighted and mean IoU."""

    name: str
    load: Callable[[Path], ImageSet]
    size_px: int
    pool: int  # images that support may be drawn from, the first ones
    test: int  # images to test on, the last ones
    with_background: bool = True


@dataclass(frozen=True, slots=True)
class PartFigures:
    """Scores in percent, pooled over the pixels of all test images."""

    weighted_iou: float
    mean_iou: float
    fb_iou: float
    per_class: dict[str, float]
    coverage: float  # share of the support that cues cover, in percent


def part_tasks() -> Mapping[str, PartTask]:
    """Every task of this kind by name."""
    tasks = (
        PartTask("faces", lambda data: _faces(data, FACE_PARTS, (0,)), 256, 100, 200),
        PartTask("faces3", lambda data: _faces(data, FACE_FEATURES, FACE_REST), 256, 100, 200,
                 with_background=False),
        PartTask("car_parts", lambda data: image_set(data / "car_parts", CAR_PARTS), 320, 50, 100),
        PartTask("camvid11", lambda data: image_set(data / "camvid11", STREET), 480, 60, 60),
    )  # fmt: skip
    return {task.name: task for task in tasks}


def folder_task(data: Path) -> PartTask:
    """Any folder of images and masks: the first half may support, the second half tests."""
    count = len(folder_set(data).stems)
    if count < 2:
        raise EngineError(f"{data} holds {count} pair; two are needed, one to learn from.")
    return PartTask("folder", folder_set, 512, count // 2, count - count // 2)


def measure_parts(
    session: FewShotSession,
    data: ImageSet,
    task: PartTask,
    cues: CueMaker,
    draw: Draw,
    reporter: Reporter,
) -> PartFigures:
    """Learn from ``draw.shots`` images, answer all test images, score."""
    support_stems = first_or_drawn(data.stems[: task.pool], draw.shots, draw.seed)
    covered = 0.0
    taught = []
    for stem in support_stems:
        truth = data.truth(stem)
        made = cues.make(truth, stem)
        covered += made.coverage
        taught.append(Shot(data.image(stem), made.marks, present=made.present))
    ids = tuple(range(1, data.row_count))
    prompts = data.names if cues.support == "text" else ()
    session.set_support(SupportSet(ids, data.names, tuple(taught), prompts), reporter)
    confusion = Confusion(data.row_count)
    test = data.stems[-task.test :]
    for number, stem in enumerate(test):
        confusion.add(data.truth(stem), row_map(session.predict(Query(data.image(stem)))))
        reporter.progress((number + 1) / len(test), f"{task.name}, {stem}")
        reporter.raise_if_cancelled()
    return _figures(confusion, data, task, 100 * covered / max(1, len(support_stems)))


def _figures(confusion: Confusion, data: ImageSet, task: PartTask, covered: float) -> PartFigures:
    scores = confusion.iou()
    names = ("background", *data.names)
    return PartFigures(
        weighted_iou=100 * confusion.weighted_iou(with_background=task.with_background),
        mean_iou=100 * confusion.mean_iou(with_background=task.with_background),
        fb_iou=100 * confusion.foreground_background_iou(),
        per_class={n: round(100 * float(s), 2) for n, s in zip(names, scores, strict=True)},
        coverage=covered,
    )


def _faces(
    data: Path, parts: Mapping[str, tuple[int, ...]], background: tuple[int, ...]
) -> ImageSet:
    return image_set(data / "faces" / "labelled_hq_256", parts, background=background)
