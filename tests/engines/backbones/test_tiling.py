"""Promises of tiles: no seam, no cell lost, the whole image's features where nothing is cut off."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from foreign_toys import backbone_of, drawn, pictures
from torch import Tensor, nn

from engines.backbones.backbone import Backbone, BackboneCard, FeatureMaps, MapSpec, Preprocessing
from engines.backbones.cache import FeatureCache
from engines.backbones.foreign import DenseNetwork
from engines.backbones.tiling import (
    FADED,
    TiledBackbone,
    axis_weights,
    grid_unit,
    tiled_where_large,
)
from engines.backbones.timm_nets import build_timm, dense_timm
from engines.device import choose_device
from engines.errors import EngineError
from engines.reporting import SilentReporter
from engines.sessions.encoding import ImageEncoder


class SmallNetwork(DenseNetwork):
    """Two strided convolutions and one more: strides 4 and 8; it sees 27 px around a place."""

    stretches = False
    multiple = 8
    specs = (MapSpec("fine", 4, 6), MapSpec("coarse", 8, 8))

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 6, 3, 2, 1), nn.ReLU()
        )
        self.second = nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 1, 1))
        self.load_state_dict(drawn(self))

    def forward(self, x: Tensor) -> list[Tensor]:
        fine = self.first(x)
        return [fine, self.second(fine)]


class Blank:
    """Ones, of several strides."""

    def __init__(self, *strides: int) -> None:
        specs = tuple(MapSpec(f"s{stride}", stride, 2) for stride in strides)
        self.card = BackboneCard("blank", "Blank", specs, Preprocessing(), "none", None)
        self.sizes: list[tuple[int, int]] = []

    def encode(self, images: Tensor) -> FeatureMaps:
        H, W = images.shape[-2:]
        self.sizes.append((int(H), int(W)))
        maps = (torch.ones(1, 2, -(-H // s.stride), -(-W // s.stride)) for s in self.card.maps)
        return FeatureMaps(tuple(maps), self.card.maps)


@pytest.mark.parametrize("size", [(192, 256), (200, 331), (64, 500)])
def test_tiled_equals_whole_where_the_overlap_reaches_as_far_as_the_network(
    size: tuple[int, int],
) -> None:
    backbone = backbone_of(SmallNetwork())
    tiled = TiledBackbone(backbone, tile=160, overlap=80)
    assert 80 * (1 - FADED) / 2 >= 27
    images = pictures(*size)
    for one, other in zip(backbone.encode(images).maps, tiled.encode(images).maps, strict=True):
        assert other.shape == one.shape
        assert (one - other).abs().max() < 1e-3 * one.abs().max()


def test_too_little_overlap_shows_so_the_test_above_can_fail() -> None:
    backbone = backbone_of(SmallNetwork())
    images = pictures(192, 256)
    whole = backbone.encode(images).maps[-1]
    cut = TiledBackbone(backbone, tile=96, overlap=0).encode(images).maps[-1]
    assert (whole - cut).abs().max() > 0.05 * whole.abs().max()


def test_tiles_of_a_transformer_stay_near_the_whole_and_show_no_seam() -> None:
    """Attention sees the tile alone, so features differ; steps between cells must not grow."""
    network = build_timm("test_vit")
    network.load_state_dict(drawn(network), strict=False)
    backbone = backbone_of(dense_timm(network, "test_vit"), style="half")
    images = nn.functional.interpolate(pictures(6, 8), size=(288, 384), mode="bicubic").clamp(0, 1)
    whole = backbone.encode(images).maps[-1]
    tiled = TiledBackbone(backbone, tile=192, overlap=96).encode(images).maps[-1]
    cosine = nn.functional.cosine_similarity(whole, tiled, dim=1)
    assert cosine.mean() > 0.8
    seams = (tiled[..., 1:] - tiled[..., :-1]).norm(dim=1).mean(dim=(0, 1))
    usual = (whole[..., 1:] - whole[..., :-1]).norm(dim=1).mean(dim=(0, 1))
    assert seams.max() < 1.5 * usual.max()


@pytest.mark.parametrize("strides", [(4, 8, 16), (7, 14), (8, 16, 16)])
@pytest.mark.parametrize("size", [(320, 97), (257, 640), (513, 130)])
def test_every_cell_counts_exactly_once(strides: tuple[int, ...], size: tuple[int, int]) -> None:
    blank = Blank(*strides)
    tiled = TiledBackbone(blank, tile=128, overlap=48)
    for one in tiled.encode(torch.zeros(1, 3, *size)).maps:
        assert torch.allclose(one, torch.ones_like(one), atol=1e-5)
    assert max(max(size) for size in blank.sizes) <= tiled.tile
    assert min(min(size) for size in blank.sizes) >= 32
    assert len(blank.sizes) > 1


def test_a_small_image_goes_through_whole() -> None:
    blank = Blank(4, 8)
    TiledBackbone(blank, tile=128, overlap=32).encode(torch.zeros(1, 3, 100, 128))
    assert blank.sizes == [(100, 128)]


def test_tiles_begin_at_whole_cells_and_reach_the_border() -> None:
    tiled = TiledBackbone(Blank(4, 32), tile=120, overlap=30)
    assert (tiled.tile, tiled.overlap) == (128, 32)
    for side in range(33, 700, 13):
        spans = tiled.spans(side)
        assert spans[0][0] == 0
        assert spans[-1][1] == side
        assert all(start % 32 == 0 for start, _ in spans)
        shared = [end - start for (_, end), (start, _) in pairwise(spans)]
        assert all(one >= tiled.overlap for one in shared)


def test_weights_add_up_to_one_even_where_three_tiles_meet() -> None:
    spans = [(0, 128), (64, 192), (96, 224)]
    total = torch.zeros(56)
    for (start, end), weight in zip(spans, axis_weights(spans, 224, 4), strict=True):
        total[start // 4 : end // 4] += weight
    assert torch.allclose(total, torch.ones(56))


def test_an_overlap_without_a_step_is_refused() -> None:
    with pytest.raises(EngineError, match="at most half a tile"):
        TiledBackbone(Blank(8), tile=128, overlap=96)


def test_maps_without_a_shared_grid_are_refused() -> None:
    assert grid_unit(Blank(7, 14).card) == 14
    with pytest.raises(EngineError, match="share no grid"):
        grid_unit(Blank(16, 17).card)


def test_tiled_features_have_a_key_of_their_own() -> None:
    blank = Blank(8)
    assert TiledBackbone(blank).card.weights_digest != blank.card.weights_digest
    assert TiledBackbone(blank).card.maps == blank.card.maps


def test_only_very_large_images_are_tiled() -> None:
    blank: Backbone = Blank(8)
    assert tiled_where_large(blank, (1024, 1024)) is blank
    assert isinstance(tiled_where_large(blank, (4096, 2048)), TiledBackbone)


@dataclass(frozen=True)
class Photograph:
    """Grey, of a given size."""

    size: tuple[int, int]
    digest: str = "photograph"

    def pixels(self) -> np.ndarray:
        return np.full((*self.size, 3), 128, np.uint8)


def test_a_session_encodes_what_is_too_large_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.backbones.tiling.WHOLE_LIMIT_PX", 1024 * 1024)
    blank = Blank(4, 8)
    device = choose_device("cpu", precision="float32")
    encoder = ImageEncoder(blank, device, FeatureCache(), size_px=2048)
    encoded = encoder.encode(Photograph((1536, 2048)), SilentReporter())
    assert encoded.features.maps[0].shape == (1, 2, 384, 512)
    assert max(max(size) for size in blank.sizes) == 1024
    blank.sizes.clear()
    encoder.encode(Photograph((512, 512), "another"), SilentReporter())
    assert blank.sizes == [(512, 512)]
