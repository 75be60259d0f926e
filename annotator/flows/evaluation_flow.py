"""Evaluation from the door: a wish in, plain figures out; torch is loaded when measuring begins."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from annotator.flows.image_folder import QUIET
from annotator.flows.segment_flow import DEFAULT_BACKBONE
from engines.reporting import Reporter

if TYPE_CHECKING:
    from engines.evaluation.effort import Labeller
    from engines.evaluation.image_sets import ImageSet

EFFORT = "effort"
TASKS = (
    "faces", "faces3", "car_parts", "camvid11", "coco_mval", "coco20i", "pascal5i", "grabcut50",
    "folder",
)  # fmt: skip
RIVALS = ("forest", "ridge", "default")
TARGETS = (70, 80, 85, 90)


@dataclass(frozen=True, slots=True)
class EvaluationWish:
    """What to measure; see `engines.evaluation.bench.Wish`."""

    task: str
    data: Path
    method: str
    backbone: str
    shots: int = 1
    support: Literal["mask", "scribble", "box", "text", "none"] = "mask"
    seeds: int = 1
    style: Literal["robot", "strokes"] = "robot"
    episodes: int = 200
    size_px: int | None = None
    refine: bool = True
    device: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """``figures``: everything as plain values; ``header`` and ``row``: the same as markdown."""

    figures: dict[str, object]
    header: str
    row: str


@dataclass(frozen=True, slots=True)
class EffortWish:
    """Who works on which sets, for at most how many strokes."""

    data: Path
    names: tuple[str, ...]
    workers: tuple[str, ...] = RIVALS
    strokes: int = 60
    seed: int = 0
    backbone: str = DEFAULT_BACKBONE
    ridge_backbone: str = "resnet18_layer3"


@dataclass(frozen=True, slots=True)
class EffortReport:
    """One worker on one set: strokes and seconds waited to reach each target, None if not."""

    set_name: str
    worker: str
    reached: dict[int, tuple[int, float] | None]
    curve: tuple[float, ...]
    seconds_per_stroke: float


def evaluate(
    wish: EvaluationWish, reporter: Reporter = QUIET, *, models_dir: Path | None = None
) -> EvaluationReport:
    """Measure one task. Raises `EngineError` with a sentence for data or weights that lack."""
    from engines.evaluation.bench import HEADER, Wish
    from engines.evaluation.bench import evaluate as measure

    outcome = measure(
        Wish(
            task=wish.task, data=wish.data, method=wish.method, backbone=wish.backbone,
            shots=wish.shots, support=wish.support, seeds=wish.seeds, style=wish.style,
            episodes=wish.episodes, size_px=wish.size_px, refine=wish.refine, device=wish.device,
        ),
        reporter,
        models_dir=models_dir,
    )  # fmt: skip
    return EvaluationReport(outcome.as_json(), HEADER, outcome.markdown())


def effort_set_names() -> tuple[str, ...]:
    """Sets on which effort can be measured."""
    return ("faces", "car_parts", "nuclei", "magnetic_tile", "cwfid", "camvid")


def measure_effort(
    wish: EffortWish, reporter: Reporter = QUIET, *, models_dir: Path | None = None
) -> Iterator[EffortReport]:
    """Every worker on every set, one after the other, as each is done."""
    from engines.evaluation.effort import Sitting
    from engines.evaluation.effort import measure_effort as measure
    from engines.evaluation.effort_sets import POOL, TEST, effort_sets

    for name in wish.names:
        chosen = effort_sets()[name]
        found = chosen.load(wish.data)
        sitting = Sitting(found.stems[:POOL], found.stems[-TEST:], wish.strokes, wish.seed)
        for worker in wish.workers:
            shelf = wish.ridge_backbone if worker == "ridge" else wish.backbone
            labeller = _labeller(worker, shelf, chosen.size_px, models_dir)
            done = measure(labeller, _checked(found), sitting, reporter)
            yield EffortReport(
                name, done.title, dict(done.reached), done.curve, done.seconds_per_stroke
            )


def _checked(found: "ImageSet") -> "ImageSet":
    from engines.errors import EngineError

    if len(found.stems) < 2:
        raise EngineError(f"{found.folder} holds too few images to work on.")
    return found


def _labeller(worker: str, backbone: str, size_px: int, models_dir: Path | None) -> "Labeller":
    from engines.device import choose_device
    from engines.evaluation.bench import Wish, open_session
    from engines.evaluation.effort import SessionLabeller

    if worker == "forest":
        from engines.evaluation.forest import ForestLabeller

        return ForestLabeller(choose_device())
    wish = Wish("effort", Path(), backbone=backbone, refine=worker != "ridge", polish=False)
    session = open_session(wish, size_px, models_dir)
    plain = f"ridge on {backbone}, no refinement"
    return SessionLabeller(session, plain if worker == "ridge" else f"probe on {backbone}")
