"""Promise of the rival: a forest learns from strokes."""

import numpy as np

from engines.device import choose_device
from engines.evaluation.forest import ForestLabeller
from engines.exchange import ArrayImage, Mark, Shot, SupportSet


def test_a_forest_learns_two_colours_from_two_strokes() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, 32:] = (200, 80, 40)
    image = ArrayImage(pixels)
    left = Mark(0, (4, 10), np.ones((3, 12), np.bool_))
    right = Mark(1, (44, 10), np.ones((3, 12), np.bool_))
    labeller = ForestLabeller(choose_device("cpu"))
    labeller.learn(SupportSet((1,), ("right",), (Shot(image, (left, right)),)))
    answer = labeller.answer(image)
    assert (answer[:, 40:] == 1).mean() > 0.95
    assert (answer[:, :24] == 0).mean() > 0.95
