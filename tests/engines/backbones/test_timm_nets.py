"""Promises of timm's networks: its own numbers, any size, extra tokens left out, bias taken out."""

import math

import pytest
import timm
import torch
from foreign_toys import backbone_of, drawn, pictures
from torch import nn

from engines.backbones.backbone import FeatureMaps
from engines.backbones.foreign import check_dense, prepared, quarters, token_specs
from engines.backbones.preprocessing import preprocessing_named
from engines.backbones.timm_nets import (
    TokenNetwork,
    build_timm,
    dense_timm,
    timm_preprocessing,
)
from engines.errors import EngineError, UnknownName

# class token; none; class and four registers; rotary positions and registers, as DINOv3 has
TOKENS = ["test_vit", "test_vit2", "test_vit3", "vit_tiny_patch16_dinov3_qkvb"]
PYRAMIDS = ["test_convnext", "test_resnet", "test_efficientnet"]


def network_of(name: str) -> nn.Module:
    network = build_timm(name)
    network.load_state_dict(drawn(network), strict=False)
    return network.eval().requires_grad_(False)


def encoded(name: str, height: int, width: int) -> FeatureMaps:
    return backbone_of(dense_timm(network_of(name), name), style="half").encode(
        pictures(height, width)
    )


@pytest.mark.parametrize("name", [*TOKENS[:3], *PYRAMIDS])
@pytest.mark.parametrize("size", [(64, 96), (50, 33)])
def test_every_map_has_the_size_and_channels_its_spec_tells(
    name: str, size: tuple[int, int]
) -> None:
    features = encoded(name, *size)
    for one, spec in zip(features.maps, features.specs, strict=True):
        cells = tuple(math.ceil(side / spec.stride) for side in size)
        assert one.shape == (1, spec.channels, *cells)
        assert bool(one.isfinite().all())


@pytest.mark.parametrize("name", PYRAMIDS)
def test_the_stages_are_those_timm_computes(name: str) -> None:
    network = network_of(name)
    images = pictures(64, 96)
    x = prepared(images, preprocessing_named("half"))
    theirs = network.forward_intermediates(x, intermediates_only=True)[-4:]  # type: ignore[operator]
    ours = backbone_of(dense_timm(network, name), style="half").encode(images).maps
    assert [int(one.shape[1]) for one in ours] == [int(one.shape[1]) for one in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


@pytest.mark.parametrize("name", TOKENS)
def test_class_and_register_tokens_are_left_out(name: str) -> None:
    with torch.device("meta"):
        dense = dense_timm(build_timm(name), name)
        check_dense(dense, name)
        assert isinstance(dense, TokenNetwork)


def test_the_last_block_is_what_the_network_says_of_its_patches() -> None:
    network = network_of("test_vit3")
    images = pictures(160, 160)  # the size it was built for
    x = prepared(images, preprocessing_named("half"))
    every = network.forward_features(x)  # type: ignore[operator]
    wanted = every[:, network.num_prefix_tokens :].transpose(1, 2).reshape(1, -1, 10, 10)  # type: ignore[index]
    last = backbone_of(dense_timm(network, "test_vit3"), style="half").encode(images).maps[-1]
    assert torch.allclose(last, wanted, atol=1e-4)


def test_an_odd_size_is_stretched_so_that_maps_cover_the_image_exactly() -> None:
    backbone = backbone_of(dense_timm(network_of("test_vit"), "test_vit"), style="half")
    images = pictures(60, 70)
    whole = nn.functional.interpolate(images, size=(64, 80), mode="bilinear")
    stretched = backbone.encode(whole).maps
    for one, other in zip(backbone.encode(images).maps[1:], stretched[1:], strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_networks_taught_without_labels_lose_their_positions() -> None:
    network = network_of("test_vit")
    plain = dense_timm(network, "test_vit")
    freed = TokenNetwork(network, [(16, 64)] * 6, debias=True)
    # All but grey to them, with less content than position: tokens differ mostly by place.
    grey = torch.zeros(1, 3, 96, 128)
    with torch.inference_mode():
        before, after = (
            nn.functional.normalize(one.eval()(grey)[-1].flatten(2), dim=1)
            for one in (plain, freed)
        )
    assert after.var(dim=2).sum() < 0.25 * before.var(dim=2).sum()


def test_only_names_of_the_dino_kind_are_debiased() -> None:
    with torch.device("meta"):
        dino = dense_timm(build_timm("vit_small_patch14_dinov2"), "vit_small_patch14_dinov2")
        other = dense_timm(build_timm("test_vit"), "test_vit")
    assert isinstance(dino, TokenNetwork)
    assert isinstance(other, TokenNetwork)
    assert dino._debias is not None
    assert other._debias is None
    assert [spec.stride for spec in dino.specs] == [7, 14, 14, 14]


def test_a_network_of_one_size_alone_is_refused() -> None:
    with torch.device("meta"):
        dense = dense_timm(build_timm("test_maxvit"), "test_maxvit")
    with pytest.raises(EngineError, match="one size alone"):
        check_dense(dense, "timm:test_maxvit")


@pytest.mark.parametrize("name", ["resnet999", "hf-hub:timm/test_vit", "local-dir:x", "../x", ""])
def test_names_timm_does_not_list_are_never_looked_up_elsewhere(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timm, "create_model", None)
    with pytest.raises(UnknownName, match="no network called"):
        build_timm(name)


def test_images_are_prepared_as_the_publisher_tells() -> None:
    assert timm_preprocessing("convnext_tiny") == "imagenet"
    assert timm_preprocessing("test_vit") == "half"
    assert timm_preprocessing("vit_base_patch16_clip_224.openai") == "clip"


def test_levels_are_the_ends_of_quarters() -> None:
    assert quarters(12) == (2, 5, 8, 11)
    assert quarters(24) == (5, 11, 17, 23)
    assert quarters(2) == (0, 1)
    assert quarters(1) == (0,)
    assert [spec.stride for spec in token_specs((0,), patch=16, channels=8)] == [16]
    assert [spec.stride for spec in token_specs((0, 1), patch=7, channels=8)] == [7, 7]
