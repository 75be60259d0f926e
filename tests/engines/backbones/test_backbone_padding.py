"""Promises of the borders: sizes round up, and TensorFlow's odd zero goes after."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.padding import (
    SamePaddedConv2d,
    pad_like_tensorflow,
    pad_to_multiple,
    same_padding,
)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "wanted"),
    [
        (32, 3, 2, (0, 1)),
        (33, 3, 2, (1, 1)),
        (32, 3, 1, (1, 1)),
        (32, 5, 2, (1, 2)),
        (8, 1, 2, (0, 0)),
    ],
)
def test_zeros_are_split_as_tensorflow_does(
    size: int, kernel: int, stride: int, wanted: tuple[int, int]
) -> None:
    assert same_padding(size, kernel, stride) == wanted


@pytest.mark.parametrize("size", [(8, 8), (9, 9), (8, 11)])
def test_a_same_convolution_rounds_sizes_up(size: tuple[int, int]) -> None:
    convolution = SamePaddedConv2d(2, 4, 3, stride=2, padding=1)
    out = convolution(torch.rand(1, 2, *size))
    assert out.shape[-2:] == tuple(-(-side // 2) for side in size)


def test_a_same_convolution_starts_at_the_first_pixel() -> None:
    plain = nn.Conv2d(1, 1, 3, stride=2, padding=1)
    images = torch.rand(1, 1, 8, 8)
    wanted = F.conv2d(F.pad(images, (0, 1, 0, 1)), plain.weight, plain.bias, stride=2)
    network = nn.Sequential(plain)
    pad_like_tensorflow(network)
    assert torch.allclose(network(images), wanted)


def test_only_strided_padded_convolutions_change() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1, stride=2), nn.Conv2d(3, 3, 3, 2, 1)
    )
    pad_like_tensorflow(network)
    assert [isinstance(one, SamePaddedConv2d) for one in network] == [False, False, True]


def test_enlarging_repeats_the_last_row_and_column() -> None:
    images = torch.arange(6.0).reshape(1, 1, 2, 3)
    padded = pad_to_multiple(images, 4)
    assert padded.shape == (1, 1, 4, 4)
    assert torch.equal(padded[..., :2, :3], images)
    assert padded[0, 0, 3].tolist() == [3.0, 4.0, 5.0, 5.0]
    assert pad_to_multiple(padded, 4) is padded
