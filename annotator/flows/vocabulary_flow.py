"""Training of a closed vocabulary from the door: a wish in, plain values out."""

from dataclasses import dataclass, replace
from pathlib import Path

from engines.reporting import Reporter


@dataclass(frozen=True, slots=True)
class VocabularyWish:
    """What `annotator train vocabulary` was asked for; None is the default of the plan.

    ``texts`` is the folder of names with their vectors; ``hold_out`` n keeps every n-th name of
    COCO out of training, 0 none.
    """

    data: Path
    texts: Path
    out: Path
    backbone: str
    name: str
    hold_out: int = 0
    steps: int | None = None
    batch: int | None = None
    rate: float | None = None
    seed: int | None = None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class TrainedWords:
    """What lies on the shelf now."""

    name: str
    pretraining: str
    words: int
    held_out: tuple[str, ...]
    threshold: float
    steps: int
    seconds: float
    log: Path
    samples: Path


def train_vocabulary(wish: VocabularyWish, reporter: Reporter) -> TrainedWords:
    """Train, or go on with the run in ``wish.out``; raises `EngineError` with what to do."""
    from engines.vocabulary_training.plan import VocabularyPlan
    from engines.vocabulary_training.run import Place
    from engines.vocabulary_training.run import train_vocabulary as train

    told = {"steps": wish.steps, "batch": wish.batch, "rate": wish.rate, "seed": wish.seed}
    plan = VocabularyPlan(wish.backbone, wish.hold_out)
    plan = replace(plan, **{name: value for name, value in told.items() if value is not None})  # type: ignore[arg-type]
    place = Place(wish.data, wish.texts, wish.out, wish.device)
    found = train(plan, place, wish.name, reporter)
    return TrainedWords(
        name=found.card.name,
        pretraining=found.card.pretraining,
        words=found.words,
        held_out=found.held_out,
        threshold=found.threshold,
        steps=found.steps,
        seconds=found.seconds,
        log=wish.out / "log.jsonl",
        samples=wish.out / "samples.png",
    )
