"""Promises of reading several strides as one vector."""

import torch

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.fewshot.levels import (
    CHANNEL_LIMIT,
    Level,
    apply_head,
    enlarge,
    gather,
    narrowed,
    plan_levels,
    unit,
    unit_maps,
    window_mean,
)

SPECS = (MapSpec("a", 4, 5), MapSpec("b", 8, 7), MapSpec("c", 16, 3))


def _maps() -> FeatureMaps:
    draw = torch.Generator().manual_seed(0)
    sizes = ((16, 24), (8, 12), (4, 6))
    maps = tuple(
        torch.randn(1, spec.channels, *size, generator=draw)
        for spec, size in zip(SPECS, sizes, strict=True)
    )
    return FeatureMaps(maps, SPECS)


def test_reading_cells_equals_reading_the_upsampled_maps() -> None:
    maps = unit_maps(_maps(), plan_levels(SPECS, context=3))
    stacked = torch.cat([enlarge(one, (16, 24)) for one in maps], 1)[0].flatten(1).T
    torch.testing.assert_close(gather(maps, torch.arange(16 * 24)), stacked)


def test_a_head_at_native_resolution_equals_the_naive_way() -> None:
    maps = unit_maps(_maps(), plan_levels(SPECS, context=3))
    draw = torch.Generator().manual_seed(1)
    weights, bias = torch.randn(18, 4, generator=draw), torch.randn(4, generator=draw)
    stacked = torch.cat([enlarge(one, (16, 24)) for one in maps], 1)
    naive = torch.einsum("bchw,ck->bkhw", stacked, weights) + bias[None, :, None, None]
    torch.testing.assert_close(apply_head(maps, weights, bias), naive, atol=1e-5, rtol=1e-5)


def test_window_mean_equals_pooling_without_padding() -> None:
    x = torch.randn(2, 3, 7, 10, generator=torch.Generator().manual_seed(0))
    for window in (1, 3, 9, 25):
        naive = (
            torch.nn.functional.avg_pool2d(x, window, 1, window // 2, count_include_pad=False)
            if window <= 9
            else x.mean((2, 3), keepdim=True).expand_as(x)
        )
        torch.testing.assert_close(window_mean(x, window), naive, atol=1e-5, rtol=1e-5)


def test_unit_vectors_have_length_one_and_zero_stays_zero() -> None:
    x = torch.randn(1, 4, 3, 3)
    x[..., 0, 0] = 0
    lengths = unit(x).norm(dim=1)
    assert float(lengths[0, 0, 0]) == 0
    torch.testing.assert_close(lengths.flatten()[1:], torch.ones(8))


def test_context_adds_the_deepest_map_once_more() -> None:
    assert plan_levels(SPECS, context=1) == (Level(0), Level(1), Level(2))
    assert plan_levels(SPECS, context=9)[-1] == Level(2, 9)


def test_maps_of_few_channels_are_not_narrowed() -> None:
    few = torch.rand(1, CHANNEL_LIMIT, 3, 3)
    assert narrowed(few) is few


def test_narrowing_keeps_angles_nearly_and_is_always_the_same() -> None:
    draw = torch.Generator().manual_seed(0)
    own, shared = (torch.randn(1, 2048, side, side, generator=draw) for side in (8, 1))
    many = unit(own + shared)
    narrow = narrowed(many)
    assert narrow.shape == (1, CHANNEL_LIMIT, 8, 8)
    assert torch.equal(narrow, narrowed(many))
    wide_cosines = torch.einsum("bchw,bcij->hwij", many, many)
    kept_cosines = torch.einsum("bchw,bcij->hwij", narrow, narrow)
    assert (wide_cosines - kept_cosines).abs().mean() < 0.1


def test_narrowing_commutes_with_a_head_on_other_grids() -> None:
    """A narrowed map is still read the same way whether a head comes before or after enlarging."""
    maps = [narrowed(unit(torch.rand(1, 300, 4, 4)))]
    weights, bias = torch.randn(CHANNEL_LIMIT, 3), torch.zeros(3)
    first = enlarge(apply_head(maps, weights, bias), (8, 8))
    second = apply_head([enlarge(maps[0], (8, 8))], weights, bias)
    assert torch.allclose(first, second, atol=1e-5)
