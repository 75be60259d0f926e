"""One training run from a wish to a card on the shelf: what the command line calls."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engines.backbones.backbone import BackboneCard
from engines.backbones.catalog import open_backbone
from engines.device import choose_device
from engines.reporting import Reporter
from engines.vocabulary.shelf import store_vocabulary
from engines.vocabulary_training.cells import CellReader, all_views, judged_views, read_all
from engines.vocabulary_training.offsets import word_offsets
from engines.vocabulary_training.plan import VocabularyPlan
from engines.vocabulary_training.sheet import word_sheet
from engines.vocabulary_training.sources import OpenSource, open_sources
from engines.vocabulary_training.teaching import Teaching, teaching
from engines.vocabulary_training.text_vectors import held_out_names, narrowed_names, read_names
from engines.vocabulary_training.threshold import best_threshold
from engines.vocabulary_training.trainer import Lesson, VocabularyTrainer
from engines.weights import WeightsCard, check_name


@dataclass(frozen=True, slots=True)
class Place:
    """``data`` labelled sets, ``texts`` the folder of text vectors, ``out`` checkpoints."""

    data: Path
    texts: Path
    out: Path
    device: str | None = None
    models_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class TrainedVocabulary:
    """What a run left: the ``card`` on the shelf, and how it went."""

    card: WeightsCard
    words: int
    held_out: tuple[str, ...]
    threshold: float
    score: float  # mean IoU of words alone on pictures nothing was learned from
    steps: int
    seconds: float


def train_vocabulary(
    plan: VocabularyPlan, place: Place, name: str, reporter: Reporter
) -> TrainedVocabulary:
    """Train, or go on with the run in ``place.out``, and put the result on the shelf as ``name``.

    Raises what opening a backbone and reading data raise, and `Cancelled` after a checkpoint.
    """
    check_name(name)
    device = choose_device(place.device)
    backbone = open_backbone(plan.backbone, device, place.models_dir)
    sources = open_sources(place.data)
    known = narrowed_names(read_names(place.texts), plan.dimension)
    held_out = held_out_names(known, plan.hold_out)
    taught = teaching(known, sources, held_out)
    reader = CellReader(sources, taught, backbone, device, plan)
    print_of = _fingerprint(plan, backbone.card, sources, taught)
    views = all_views(sources, plan.views)
    cells = read_all(reader, views, place.out / f"cells-{print_of}", reporter)
    trainer = VocabularyTrainer(plan, Lesson(cells, taught, print_of), place.out)
    trainer.run(reporter)
    judged = judged_views(sources)
    threshold, score = best_threshold(trainer.vocabulary(), taught, reader, judged, reporter)
    found = trainer.vocabulary(threshold)
    found = replace(found, offsets=word_offsets(found, cells.inputs))
    word_sheet(found, taught, reader, judged, place.out / "samples.png")
    card = store_vocabulary(
        found, backbone.card, place.models_dir, name=name,
        origin=_origin(trainer, sources, held_out),
        source=_command(plan),
    )  # fmt: skip
    return TrainedVocabulary(
        card, len(taught.names), tuple(sorted(held_out)), threshold, score,
        trainer.step, trainer.seconds,
    )  # fmt: skip


def _command(plan: VocabularyPlan) -> str:
    out = f" --hold-out {plan.hold_out}" if plan.hold_out else ""
    return f"annotator train vocabulary --backbone {plan.backbone}{out} --seed {plan.seed}"


def _origin(
    trainer: VocabularyTrainer, sources: Sequence[OpenSource], held_out: frozenset[str]
) -> str:
    sets = ", ".join(f"{one.name} ({len(one.stems)})" for one in sources)
    out = f"{len(held_out)} names held out" if held_out else "no name held out"
    return f"CLIP-RN50 text vectors and labels of {sets}; {trainer.step} steps; {out}"


def _fingerprint(
    plan: VocabularyPlan, card: BackboneCard, sources: Sequence[OpenSource], taught: Teaching
) -> str:
    """Of all that decides what the cells are."""
    text = hashlib.blake2b(digest_size=12)
    text.update(repr((card.name, card.weights_digest, plan.views, plan.cells)).encode())
    text.update(repr((plan.size_px, plan.seed, taught.names, taught.class_of)).encode())
    for one in sources:
        text.update(repr((one.name, one.stems)).encode())
    return text.hexdigest()
