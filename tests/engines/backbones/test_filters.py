"""Promises of the filter bank: analytic answers, no preferred direction, sizes as stated."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.backbones.filter_card import CHANNELS_PER_SCALE, FILTERS_CARD, SCALES, Scale
from engines.backbones.filters import FilterBank
from engines.device import choose_device
from engines.errors import EngineError

LAPLACIAN, GRADIENT, LARGER_EDGE, SMALLER_EDGE, LARGER_BEND, SMALLER_BEND = 3, 6, 7, 8, 9, 10
COARSE = [scale for scale in SCALES if scale.kept == scale.grid]
BANK = FilterBank(choose_device("cpu", precision="float32"))


def channel(features: FeatureMaps, scale: Scale, index: int) -> Tensor:
    """(h, w) of one channel of one scale."""
    level = [spec.stride for spec in features.specs].index(scale.kept)
    before = [one for one in SCALES if one.kept == scale.kept].index(scale)
    return features.maps[level][0, before * CHANNELS_PER_SCALE + index]


def grey(of: Callable[[Tensor, Tensor], Tensor], side: int = 128) -> Tensor:
    """(1, 3, side, side) of a function of x and y; pixel centres lie at integers."""
    y, x = torch.meshgrid(torch.arange(float(side)), torch.arange(float(side)), indexing="ij")
    return of(x, y).expand(1, 3, side, side).contiguous()


def blob(*, at: float, size: float) -> Tensor:
    """A bright Gaussian of standard deviation ``size`` px, centred at (at, at)."""
    return grey(lambda x, y: torch.exp(-((x - at) ** 2 + (y - at) ** 2) / (2 * size**2)))


def centre_of(cell: int, stride: int) -> float:
    return stride * cell + (stride - 1) / 2


def bend_variance(scale: Scale) -> float:
    """The variance of a second difference's scale, in px²."""
    return scale.sigma**2 + scale.grid**2 / 6


@pytest.mark.parametrize("scale", COARSE, ids=lambda scale: f"sigma{scale.sigma}")
def test_a_bright_blob_answers_the_laplacian_as_calculus_says(scale: Scale) -> None:
    at, size = centre_of(64 // scale.kept, scale.kept), 6.0
    answer = channel(BANK.encode(blob(at=at, size=size)), scale, LAPLACIAN)
    along, across = size**2 + bend_variance(scale), size**2 + scale.sigma**2
    wanted = -2 * bend_variance(scale) * size**2 / (along * math.sqrt(along * across))
    assert answer.min().item() == pytest.approx(wanted, rel=0.05)
    assert divmod(int(answer.argmin()), answer.shape[1]) == (64 // scale.kept, 64 // scale.kept)


def test_the_scale_of_strongest_laplacian_tells_the_size_of_a_blob() -> None:
    at = centre_of(64 // 8, 8)
    for wanted in (SCALES[3], SCALES[5]):
        features = BANK.encode(blob(at=at, size=wanted.sigma))
        strength = {scale: -channel(features, scale, LAPLACIAN).min().item() for scale in SCALES}
        assert max(strength, key=lambda scale: strength[scale]) == wanted


def test_a_dark_blob_is_positive_and_a_flat_image_is_silent() -> None:
    dark = grey(lambda x, y: 1 - torch.exp(-((x - 60) ** 2 + (y - 60) ** 2) / 50))
    assert channel(BANK.encode(dark), SCALES[4], LAPLACIAN).max() > 0.3
    flat = BANK.encode(torch.full((1, 3, 64, 64), 0.3))
    for scale in SCALES:
        assert channel(flat, scale, 0).sub(0.3).abs().max() < 1e-5
        quiet = [channel(flat, scale, index).abs().max() for index in range(1, 11)]
        assert max(quiet) < 1e-5


@pytest.mark.parametrize("scale", COARSE, ids=lambda scale: f"sigma{scale.sigma}")
def test_an_edge_has_the_same_gradient_at_every_scale(scale: Scale) -> None:
    edge = grey(lambda x, y: (x >= 64).float())
    answer = channel(BANK.encode(edge), scale, GRADIENT)[64 // scale.kept]
    away = scale.kept / 2  # of the nearest cell centre from the edge at x = 63.5
    variance = scale.sigma**2 + scale.grid**2 / 3
    wanted = math.exp(-(away**2) / (2 * variance)) / math.sqrt(2 * math.pi)
    assert answer.max().item() == pytest.approx(wanted, rel=0.05)
    assert int(answer.argmax()) in {64 // scale.kept - 1, 64 // scale.kept}


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("scale", COARSE, ids=lambda scale: f"sigma{scale.sigma}")
def test_a_bright_line_bends_across_and_not_along(scale: Scale, upright: bool) -> None:
    at, size = centre_of(64 // scale.kept, scale.kept), 5.0
    line = grey(lambda x, y: torch.exp(-(((x if upright else y) - at) ** 2) / (2 * size**2)))
    features, middle = BANK.encode(line), 64 // scale.kept
    variance = bend_variance(scale)
    wanted = -variance * size / (size**2 + variance) ** 1.5
    across = channel(features, scale, SMALLER_BEND)[middle, middle].item()
    assert across == pytest.approx(wanted, rel=0.05)
    assert abs(channel(features, scale, LARGER_BEND)[middle, middle].item()) < 1e-4


def test_the_structure_tensor_tells_an_edge_from_a_corner() -> None:
    edge = BANK.encode(grey(lambda x, y: (x >= 64).float()))
    corner = BANK.encode(grey(lambda x, y: ((x >= 64) & (y >= 64)).float()))
    for scale in SCALES:
        middle = 64 // scale.kept
        strong = channel(edge, scale, LARGER_EDGE)[middle, middle]
        assert strong > 0.15
        assert channel(edge, scale, SMALLER_EDGE)[middle, middle] < 1e-3 * strong
        assert channel(corner, scale, SMALLER_EDGE)[middle, middle] > 0.1 * strong


def test_colour_edges_of_equal_luminance_are_seen() -> None:
    images = grey(lambda x, y: torch.full_like(x, 0.5))
    images[:, 0, :, 64:] += 0.2
    images[:, 1, :, 64:] -= 0.2 * 0.299 / 0.587
    features = BANK.encode(images)
    assert channel(features, SCALES[3], GRADIENT).max() < 1e-4
    assert channel(features, SCALES[3], LAPLACIAN + 1).abs().max() > 0.02


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_image_turns_the_answer_and_nothing_else(turns: int) -> None:
    images = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(5))
    upright = BANK.encode(images)
    turned = BANK.encode(torch.rot90(images, turns, (2, 3)))
    for before, after in zip(upright.maps, turned.maps, strict=True):
        assert torch.allclose(torch.rot90(before, turns, (2, 3)), after, atol=2e-5)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (100, 64), (65, 129)])
def test_every_size_gives_maps_of_the_rounded_up_size(size: tuple[int, int]) -> None:
    features = BANK.encode(torch.rand(2, 3, *size))
    for one, spec in zip(features.maps, FILTERS_CARD.maps, strict=True):
        h, w = math.ceil(size[0] / spec.stride), math.ceil(size[1] / spec.stride)
        assert one.shape == (2, spec.channels, h, w)
        assert one.dtype == torch.float32
        assert torch.isfinite(one).all()


def test_an_image_is_seen_alike_alone_and_in_a_batch() -> None:
    images = torch.rand(3, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    together = BANK.encode(images)
    for index in range(3):
        alone = BANK.encode(images[index : index + 1])
        for one, many in zip(alone.maps, together.maps, strict=True):
            assert torch.allclose(one[0], many[index], atol=1e-6)


def test_a_512_px_image_takes_less_than_8_mib_of_halves() -> None:
    features = BANK.encode(torch.zeros(1, 3, 512, 512))
    assert sum(one.numel() * 2 for one in features.maps) < 8 * 2**20


def test_a_low_precision_device_does_not_round_the_filters() -> None:
    images = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(2))
    rounded = FilterBank(choose_device("cpu", precision="bfloat16")).encode(images)
    for one, other in zip(rounded.maps, BANK.encode(images).maps, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("shape", [(3, 64, 64), (1, 1, 64, 64), (1, 3, 31, 64), (0, 3, 64, 64)])
def test_images_it_cannot_see_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="backbone"):
        BANK.encode(torch.zeros(shape))


def test_integer_images_are_refused() -> None:
    with pytest.raises(EngineError, match="float"):
        BANK.encode(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))
