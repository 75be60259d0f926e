"""Self-evaluation: the annotations, handed to COCOeval as predictions, must score 1.0."""

import contextlib
import io
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from annotator.export.findings import Check, FindingsLog
from annotator.export.rle import PackedMask
from annotator.export.validate_json import Instances, Record

IMAGES_LIMIT = 500
ANNOTATIONS_LIMIT = 10_000
OBJECTS_LIMIT = 1_000  # of one category in one image: COCOeval compares each with each
PERFECT = 1.0 - 1e-9

Sound = dict[int, list[tuple[Record, PackedMask]]]  # image id -> annotations with their masks


class ScoreSample:
    """Gathers a bounded, evenly spread part of a dataset while the other checks walk over it."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances
        self._every = max(1, -(-len(instances.images) // IMAGES_LIMIT))
        self._seen = 0
        self._records: list[Record] = []
        self._image_ids: list[int] = []

    def offer(self, image_id: int, sound: Sequence[tuple[Record, PackedMask]]) -> None:
        """Keep the image if it is one of the sample and not too crowded."""
        self._seen += 1
        crowded = len(sound) > OBJECTS_LIMIT
        full = len(self._records) + len(sound) > ANNOTATIONS_LIMIT
        if (self._seen - 1) % self._every or crowded or full:
            return
        self._image_ids.append(image_id)
        self._records += [_with_packed(record, packed) for record, packed in sound]

    def check(self, log: FindingsLog) -> None:
        """Score the sample and note how much it covers."""
        scored = [record for record in self._records if not record["iscrowd"]]
        if not scored:
            return
        log.examined(Check.SCORE, len(self._image_ids))
        if len(self._image_ids) < len(self._instances.images):
            total = len(self._instances.images)
            text = f"scored on {len(self._image_ids)} of {total} images of a file"
            log.note(Check.SCORE, text)
        images = [self._instances.images[image_id] for image_id in self._image_ids]
        categories = list(self._instances.categories.values())
        precision = average_precision(images, self._records, categories)
        if precision < PERFECT:
            text = f"Its own annotations score an average precision of {precision:.4f}, not 1.0."
            log.error(Check.SCORE, self._instances.name, text)


def average_precision(
    images: list[Record], annotations: list[Record], categories: list[Record]
) -> float:
    """AP over IoU 0.5 to 0.95 of ``annotations`` against themselves; -1 where nothing counts.

    Every ``segmentation`` is a packed RLE.
    """
    content = {"info": {}, "images": images, "annotations": annotations, "categories": categories}
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = COCO()
        truth.dataset = deepcopy(content)
        truth.createIndex()
        guesses = [
            {key: record[key] for key in ("image_id", "category_id", "segmentation")}
            | {"score": 1.0}
            for record in annotations
            if not record["iscrowd"]
        ]
        answered = truth.loadRes(guesses)
        evaluation = COCOeval(truth, answered, "segm")
        evaluation.params.maxDets = [1, 100, OBJECTS_LIMIT]
        evaluation.evaluate()
        evaluation.accumulate()
    precision: np.ndarray[Any, Any] = evaluation.eval["precision"][:, :, :, 0, -1]
    counted = precision[precision > -1]
    return float(counted.mean()) if counted.size else -1.0


def _with_packed(record: Record, packed: PackedMask) -> Record:
    kept = {key: record[key] for key in ("id", "image_id", "category_id", "area", "bbox")}
    return kept | {"iscrowd": record.get("iscrowd", 0), "segmentation": packed}
