"""The bench: one wish in, figures of every seed with their mean and spread out."""

import platform
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from engines.backbones.cache import FeatureCache
from engines.device import Device, choose_device
from engines.errors import UnknownName
from engines.evaluation.episodes import (
    EpisodeFigures,
    coco20i,
    coco_mval,
    measure_episodes,
    pascal5i,
)
from engines.evaluation.parts import PartFigures, folder_task, measure_parts, part_tasks
from engines.evaluation.scribbled import HANDS, SIZE_PX, grabcut50, measure_scribbled
from engines.evaluation.support_cues import CueMaker, Draw, Support
from engines.evaluation.weak_cues import ScribbleStyle
from engines.precision import processor_name
from engines.reporting import Reporter
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

EPISODE_TASKS = {"coco_mval": coco_mval, "coco20i": coco20i, "pascal5i": pascal5i}
_CACHE_BYTES = 3 << 30


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure. ``data`` is laid out with one folder per set (faces, car_parts ...)."""

    task: str
    data: Path
    method: str = "probe"
    backbone: str = "filters"
    shots: int = 1
    support: Support = "mask"
    seeds: int = 1
    style: ScribbleStyle = "robot"
    episodes: int = 200
    size_px: int | None = None
    refine: bool = True
    polish: bool = True
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures in percent: the mean over seeds, the spread beside it, and all that led to them."""

    task: str
    weighted_iou: float | None
    mean_iou: float
    fb_iou: float
    spread: dict[str, float]  # standard deviation over seeds; empty for one seed
    per_seed: list[dict[str, object]]
    method: str
    backbone: str
    pretraining: str
    shots: int
    support: str
    size_px: int
    protocol: str
    machine: str
    seconds: float
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Plain values for `json.dumps`."""
        return asdict(self)

    def markdown(self) -> str:
        """One row: task, method, backbone, support, shots, figures."""
        figures = []
        for name in ("weighted_iou", "mean_iou", "fb_iou"):
            value = getattr(self, name)
            spread = f" ± {self.spread[name]:.1f}" if name in self.spread else ""
            figures.append("" if value is None else f"{value:.1f}{spread}")
        cells = [self.task, self.method, f"{self.backbone} ({self.pretraining})", self.support,
                 str(self.shots), *figures, f"{len(self.per_seed)}"]  # fmt: skip
        return "| " + " | ".join(cells) + " |"


HEADER = (
    "| task | method | backbone (pre-training) | support | shots | weighted IoU | mean IoU "
    "| FB-IoU | seeds |\n|---|---|---|---|---|---|---|---|---|"
)


def task_names() -> tuple[str, ...]:
    """Everything that can be measured by one few-shot fit and its answers."""
    return (*part_tasks(), *EPISODE_TASKS, "grabcut50", "folder")


def evaluate(wish: Wish, reporter: Reporter, *, models_dir: Path | None = None) -> Outcome:
    """Measure. Raises `UnknownName` for a task nobody has, `EngineError` for unusable data."""
    if wish.task not in task_names():
        raise UnknownName(f"No task is called '{wish.task}'. Known are {', '.join(task_names())}.")
    started = time.perf_counter()
    if wish.task in EPISODE_TASKS:
        return _episode_outcome(wish, reporter, models_dir, started)
    if wish.task == "grabcut50":
        return _scribbled_outcome(wish, reporter, models_dir, started)
    return _part_outcome(wish, reporter, models_dir, started)


def open_session(wish: Wish, size_px: int, models_dir: Path | None) -> FewShotSession:
    """The session that the window would have, on the wished method and backbone."""
    return FewShotSession(
        wish.method,
        wish.backbone,
        device=choose_device(wish.device),
        models_dir=models_dir,
        cache=FeatureCache(ram_limit_bytes=_CACHE_BYTES),
        options=SessionOptions(
            size_px=wish.size_px or size_px, refine=wish.refine, polish=wish.polish
        ),
    )


def _part_outcome(
    wish: Wish, reporter: Reporter, models_dir: Path | None, started: float
) -> Outcome:
    task = folder_task(wish.data) if wish.task == "folder" else part_tasks()[wish.task]
    data = task.load(wish.data)
    session = open_session(wish, task.size_px, models_dir)
    found: list[PartFigures] = []
    for seed in range(wish.seeds):
        cues = CueMaker(wish.support, wish.style, seed)
        draw = Draw(wish.shots, seed)
        found.append(measure_parts(session, data, task, cues, draw, reporter))
    background = "counted" if task.with_background else "left out"
    test = min(task.test, len(data.stems))
    protocol = (
        f"support: first {wish.shots} stems (seed 0) or drawn from the first {task.pool}; test: "
        f"last {test}; background {background}; pixels pooled over images"
    )
    return _outcome(wish, session, [asdict(one) for one in found], protocol, started)


def _episode_outcome(
    wish: Wish, reporter: Reporter, models_dir: Path | None, started: float
) -> Outcome:
    task = EPISODE_TASKS[wish.task](wish.data)
    session = open_session(wish, task.size_px, models_dir)
    found: list[EpisodeFigures] = []
    for seed in range(wish.seeds):
        cues = CueMaker(wish.support, wish.style, seed)
        draw = Draw(wish.shots, seed, wish.episodes)
        found.append(measure_episodes(session, task, cues, draw, reporter))
    protocol = (
        f"{wish.episodes} episodes in each of four folds; IoU summed per class over all episodes; "
        "support and query differ"
    )
    notes = [task.partial] if task.partial else []
    figures = [asdict(one) for one in found]
    return _outcome(wish, session, figures, protocol, started, notes)


def _scribbled_outcome(
    wish: Wish, reporter: Reporter, models_dir: Path | None, started: float
) -> Outcome:
    found = grabcut50(wish.data)
    session = open_session(wish, SIZE_PX, models_dir)
    figures = [asdict(measure_scribbled(session, found, hand, reporter)) for hand in HANDS]
    protocol = (
        "each image answered from one person's scribbles on it, two persons (in place of seeds); "
        "unsure pixels left out; mean IoU is the object's"
    )
    plain = replace(wish, support="scribble", shots=1)
    done = _outcome(plain, session, figures, protocol, started)
    return replace(done, support="scribble (real)")


def _outcome(
    wish: Wish,
    session: FewShotSession,
    found: Sequence[Mapping[str, object]],
    protocol: str,
    started: float,
    notes: Sequence[str] = (),
) -> Outcome:
    means: dict[str, float] = {}
    spread: dict[str, float] = {}
    for name in ("weighted_iou", "mean_iou", "fb_iou"):
        values = [float(str(one[name])) for one in found if name in one]
        if values:
            means[name] = round(statistics.fmean(values), 3)
        if len(values) > 1:
            spread[name] = round(statistics.stdev(values), 3)
    return Outcome(
        task=wish.task,
        weighted_iou=means.get("weighted_iou"),
        mean_iou=means["mean_iou"],
        fb_iou=means["fb_iou"],
        spread=spread,
        per_seed=[dict(one) for one in found],
        method=session.method_card.name,
        backbone=session.backbone_card.name,
        pretraining=session.backbone_card.pretraining,
        shots=wish.shots,
        support=CueMaker(wish.support, wish.style).words,
        size_px=session.size_px,
        protocol=protocol,
        machine=machine_words(session.device),
        seconds=round(time.perf_counter() - started, 1),
        notes=list(notes),
    )


def machine_words(device: Device) -> str:
    """Processor, device, threads and torch: what a time was taken on."""
    return (
        f"{processor_name()}, {device.summary()}, torch {torch.__version__}, "
        f"Python {platform.python_version()}"
    )
