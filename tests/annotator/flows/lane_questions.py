"""Requests about the six photographs, for tests of the lane; free of torch."""

from pathlib import Path

import numpy as np

from annotator.document.images import ImageId
from annotator.flows.lane_messages import (
    Ask,
    ImageRef,
    Learn,
    PackedMarks,
    ShotRef,
    SupportRef,
    Topic,
)
from annotator.flows.segment_flow import SegmentOptions
from engines.exchange import Mark

PLAIN = SegmentOptions(backbone="filters")  # small, and what it says of a disc is known


def image(folder: Path, k: int) -> ImageRef:
    return ImageRef(folder / f"disc_{k}.png", 0, (96, 128))


def lesson(folder: Path, version: int = 1) -> Learn:
    """A mark on the disc of the first photograph, and one beside it."""
    marks = [Mark(row, (x, 34), np.ones((12, 6), bool)) for row, x in ((1, 27), (0, 90))]
    shot = ShotRef.of(image(folder, 0), marks, present=frozenset(), absent=frozenset())
    return Learn(SupportRef((1,), ("disc",), (None,), (shot,), version))


def question(folder: Path, k: int, topic: Topic = Topic.CURRENT) -> Ask:
    return Ask(topic, ImageId(k), image(folder, k), PackedMarks.of(()))
