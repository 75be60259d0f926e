"""Promises of the shape check: what fits passes, what does not is told by axis."""

import pytest
import torch

from engines.tensors import ShapeError, check_shape


def test_lengths_come_back_by_letter() -> None:
    lengths = check_shape(torch.zeros(2, 3, 5, 7), "B 3 H W", what="images")
    assert (lengths["B"], lengths["H"], lengths["W"]) == (2, 5, 7)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("B 1 H W", r"images must be \(B, 1, H, W\) but is \(2, 3, 5, 7\): axis 1 \(1\) has 3"),
        ("B C H", "3 axes are needed, 4 are there"),
        ("B C H H", r"axis 3 \(H\) has 7 instead of 5"),
    ],
)
def test_the_wrong_axis_is_named(pattern: str, told: str) -> None:
    with pytest.raises(ShapeError, match=told):
        check_shape(torch.zeros(2, 3, 5, 7), pattern, what="images")
