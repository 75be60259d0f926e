"""Zero-shot by words: foreground of each class from its word alone, held-out words beside trained.

    python benchmarks/text_table.py --data DIR [--backbone embedded] [--models DIR] [--size 320]

Every labelled picture of ``coco_mval`` (one instance each) and of ``voc_animals/val.txt`` (all
pixels of a class) is asked for one class at a time. Beside it: the floor, everything foreground;
and a control, the same pictures asked for another class of the same group (the next one by name),
so that what the word itself tells can be seen. IoU is summed per class over its pictures, then
averaged over classes. Words count as held out where the vocabulary says so.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.backbones.cache import FeatureCache
from engines.device import choose_device
from engines.evaluation.episodes import EpisodeTask, coco_mval, pascal5i
from engines.exchange import UNLABELLED_ROW, Query, RowMap, SupportSet
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions
from engines.vocabulary.shelf import open_vocabulary, vocabulary_card

HELD_OUT = 3  # as `Vocabulary.taught` marks words


@dataclass(frozen=True)
class Figures:
    """Mean IoU over the classes of a group, in percent."""

    classes: int
    word: float
    control: float
    floor: float


def measured(
    session: FewShotSession, task: EpisodeTask, groups: Mapping[str, list[int]]
) -> Iterator[tuple[str, Figures, dict[str, float]]]:
    """Every group of classes of a set."""
    for group, classes in groups.items():
        sums = np.zeros((len(classes), 3, 2))
        for place, index in enumerate(classes):
            other = task.names[classes[(place + 1) % len(classes)]]
            for stem in task.members[index]:
                truth = task.truth(stem, index)
                guesses = (
                    asked(session, task, stem, task.names[index]),
                    asked(session, task, stem, other),
                    np.ones_like(truth),
                )
                for kind, guess in enumerate(guesses):
                    sums[place, kind] += overlap(truth, guess)
        scores = 100 * sums[..., 0] / np.maximum(sums[..., 1], 1)
        mean = scores.mean(axis=0)
        each = {
            task.names[c]: round(float(s), 1) for c, s in zip(classes, scores[:, 0], strict=True)
        }
        yield group, Figures(len(classes), *(round(float(one), 1) for one in mean)), each


def asked(session: FewShotSession, task: EpisodeTask, stem: str, word: str) -> RowMap:
    """(H, W) rows of one picture for one word and nothing else."""
    session.set_support(SupportSet((1,), (word,), (), (word,)))
    return row_map(session.predict(Query(task.data.image(stem))))


def overlap(truth: RowMap, guess: RowMap) -> tuple[int, int]:
    """Intersection and union in pixels, void left out."""
    known = truth != UNLABELLED_ROW
    one, other = (truth == 1) & known, (guess == 1) & known
    return int((one & other).sum()), int((one | other).sum())


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", default="embedded")
    parser.add_argument("--models", type=Path, default=None)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--sets", nargs="+", default=("coco_mval", "voc_animals"))
    wish = parser.parse_args()
    session = FewShotSession(
        "text", wish.backbone, device=choose_device(), models_dir=wish.models,
        cache=FeatureCache(ram_limit_bytes=3 << 30), options=SessionOptions(size_px=wish.size),
    )  # fmt: skip
    makers = {"coco_mval": coco_mval, "voc_animals": pascal5i}
    print("| set | words | classes | IoU by the word | another word | all foreground |")
    print("|---|---|---|---|---|---|")
    for name in wish.sets:
        task = makers[name](wish.data)
        for group, found, each in measured(session, task, groups_of(session, task, wish.models)):
            print(f"| {name} | {group} | {found.classes} | {found.word} | {found.control} | "
                  f"{found.floor} |", flush=True)  # fmt: skip
            print("  " + json.dumps(each))


def groups_of(
    session: FewShotSession, task: EpisodeTask, models: Path | None
) -> dict[str, list[int]]:
    """Classes with pictures: those whose word was held out of training, and the others."""
    card = vocabulary_card(session.backbone_card, models)
    classes = sorted(task.members, key=lambda index: task.names[index])
    if card is None:
        return {"open vocabulary": classes}
    vocabulary = open_vocabulary(card, session.backbone_card, models)
    out = []
    for index in classes:
        places = vocabulary.words.find(task.names[index]).places
        if places and int(vocabulary.taught[list(places)].max()) == HELD_OUT:
            out.append(index)
    rest = [index for index in classes if index not in out]
    return {k: v for k, v in {"held out": out, "trained": rest}.items() if v}


if __name__ == "__main__":
    main()
