"""Real scribbles: one object per image, two hands' scribbles, each image answered from its own.

The 50 images of GrabCut with scribbles drawn by people (1 object, 2 background). A band of unsure
pixels (128) is not scored. What is measured is the first answer to a person's first marks.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from engines.evaluation.image_sets import ImageSet, image_set
from engines.evaluation.parts import PartFigures
from engines.exchange import Mark, MarkKind, Query, Shot, SupportSet
from engines.metrics import Confusion
from engines.reporting import Reporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession

HANDS = ("scribbles1", "scribbles2")
SIZE_PX = 512


def grabcut50(data: Path) -> ImageSet:
    """The set; 255 is the object, 0 background, 128 unsaid."""
    return image_set(data / "grabcut50", {"object": (255,)})


def measure_scribbled(
    session: FewShotSession, found: ImageSet, hand: str, reporter: Reporter
) -> PartFigures:
    """Every image from the scribbles of one hand on it; ``hand`` is a folder of the set."""
    confusion, covered = Confusion(2), 0.0
    for number, stem in enumerate(found.stems):
        image = found.image(stem)
        marks = _marks(found.folder / hand, stem)
        covered += sum(int(mark.mask.sum()) for mark in marks) / (image.size[0] * image.size[1])
        session.set_support(SupportSet((1,), ("object",), (Shot(image, marks),)))
        answer = session.predict(Query(image, tuple(marks)))
        confusion.add(found.truth(stem), row_map(answer))
        reporter.progress((number + 1) / len(found.stems), stem)
        reporter.raise_if_cancelled()
    scores = confusion.iou()
    return PartFigures(
        weighted_iou=100 * confusion.weighted_iou(),
        mean_iou=100 * confusion.mean_iou(with_background=False),
        fb_iou=100 * confusion.foreground_background_iou(),
        per_class={"background": 100 * float(scores[0]), "object": 100 * float(scores[1])},
        coverage=100 * covered / len(found.stems),
    )


def _marks(folder: Path, stem: str) -> tuple[Mark, ...]:
    with Image.open(next(folder.glob(f"{stem}.*"))) as opened:
        drawn = np.asarray(opened)
    rows = {1: 1, 2: 0}  # as stored: 1 object, 2 background
    return tuple(
        Mark(row, (0, 0), drawn == value, MarkKind.STROKE)
        for value, row in rows.items()
        if (drawn == value).any()
    )
