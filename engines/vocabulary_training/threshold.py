"""The threshold of words against the background: chosen on pictures nothing was learned from."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engines.reporting import Reporter
from engines.vocabulary.model import Vocabulary
from engines.vocabulary_training.cells import CellReader, View
from engines.vocabulary_training.teaching import UNSAID, Teaching

CANDIDATES = torch.linspace(-6.0, 6.0, 49)  # log odds
SMALLEST_OBJECT = 8  # cells


def best_threshold(
    vocabulary: Vocabulary,
    teaching: Teaching,
    reader: CellReader,
    views: Sequence[View],
    reporter: Reporter,
) -> tuple[float, float]:
    """Which threshold gives the best mean IoU over classes, each looked for by its word alone.

    That mean IoU is the second number.

    Intersections and unions are summed over pictures per class, as `coco_mval` is measured. 0 where
    no picture shows a class.
    """
    count = len(teaching.classes)
    both, either = torch.zeros(count, len(CANDIDATES)), torch.zeros(count, len(CANDIDATES))
    for number, view in enumerate(views):
        reporter.raise_if_cancelled()
        reporter.progress(number / len(views), "Choosing the threshold")
        inputs, found = reader.whole(view, np.random.default_rng(0))
        places = vocabulary.projection.on_map(inputs.cpu().float())
        classes = torch.from_numpy(found)
        for one in torch.unique(classes).tolist():
            if one == UNSAID or not teaching.classes[one].places:
                continue
            _count(vocabulary, teaching, places, classes, (int(one), both, either))
    seen = either[:, 0] > 0
    if not bool(seen.any()):
        return 0.0, 0.0
    scores = (both[seen] / either[seen].clamp_min(1)).mean(dim=0)
    return float(CANDIDATES[scores.argmax()]), float(scores.max())


def _count(
    vocabulary: Vocabulary,
    teaching: Teaching,
    places: Tensor,
    classes: Tensor,
    sums: tuple[int, Tensor, Tensor],
) -> None:
    one, both, either = sums
    truth = classes == one
    if int(truth.sum()) < SMALLEST_OBJECT:
        return
    vector = vocabulary.mean_vector(teaching.classes[one].places)
    logits = vocabulary.logits(places, vector[None])[0].flatten(1)
    guess = (logits[1] - logits[0])[None] > CANDIDATES[:, None]
    known = classes != UNSAID
    both[one] += (guess & truth & known).sum(dim=1)
    either[one] += ((guess | truth) & known).sum(dim=1)
