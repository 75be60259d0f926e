"""Promises of OpenCLIP's towers: its own numbers, any size, and a map in the space of texts."""

import math
from typing import Any

import pytest
import torch
from foreign_toys import backbone_of, drawn, pictures, register_tiny_clips
from torch import nn
from torch.nn import functional as F  # noqa: N812

from engines.backbones.foreign import prepared
from engines.backbones.open_clip_nets import (
    alone,
    build_clip,
    clip_preprocessing,
    dense_clip,
    resized_positions,
)
from engines.backbones.preprocessing import preprocessing_named
from engines.errors import EngineError, UnknownName

TOWERS = ["tiny-vit", "tiny-rn", "tiny-siglip", "tiny-convnext"]


@pytest.fixture(autouse=True)
def _tiny_models() -> None:
    register_tiny_clips()


def model_of(name: str) -> Any:
    model: Any = build_clip(name)
    model.load_state_dict(drawn(model), strict=False)
    return model.eval().requires_grad_(False)


@pytest.mark.parametrize("name", TOWERS)
@pytest.mark.parametrize("size", [(64, 96), (50, 33), (131, 70)])
def test_every_map_has_the_size_and_channels_its_spec_tells(
    name: str, size: tuple[int, int]
) -> None:
    backbone = backbone_of(dense_clip(model_of(name), name))
    features = backbone.encode(pictures(*size, count=2))
    assert features.specs[-1].name == "text"
    for one, spec in zip(features.maps, features.specs, strict=True):
        cells = tuple(math.ceil(side / spec.stride) for side in size)
        assert one.shape == (2, spec.channels, *cells)
        assert one.dtype == torch.float32
        assert bool(one.isfinite().all())


def test_the_blocks_of_a_transformer_are_those_open_clip_computes() -> None:
    model = model_of("tiny-vit")
    images = pictures(64, 64)  # the size it was built for
    x = prepared(images, preprocessing_named("clip"))
    theirs = model.visual.forward_intermediates(x, intermediates_only=True)["image_intermediates"]
    maps = backbone_of(dense_clip(model, "tiny-vit")).encode(images).maps
    for ours, other in zip(maps[1:4], theirs[1:], strict=True):
        wanted = F.layer_norm(other.movedim(1, -1), other.shape[1:2]).movedim(-1, 1)
        assert torch.allclose(ours, wanted, atol=1e-4)


def test_the_first_block_comes_on_a_grid_twice_as_fine() -> None:
    dense = dense_clip(model_of("tiny-vit"), "tiny-vit")
    assert [(spec.name, spec.stride) for spec in dense.specs] == [
        ("block1", 8), ("block2", 16), ("block3", 16), ("block4", 16), ("text", 16),
    ]  # fmt: skip


def test_the_text_map_is_the_value_path_of_the_last_attention() -> None:
    model = model_of("tiny-vit")
    visual = model.visual
    images = pictures(64, 64)
    text = backbone_of(dense_clip(model, "tiny-vit")).encode(images).maps[-1]
    x = prepared(images, preprocessing_named("clip"))
    tokens = visual._embeds(x)
    for block in visual.transformer.resblocks[:-1]:
        tokens = block(tokens)
    last = visual.transformer.resblocks[-1]
    width = tokens.shape[-1]
    weight, bias = last.attn.in_proj_weight[2 * width :], last.attn.in_proj_bias[2 * width :]
    values = last.attn.out_proj(F.linear(last.ln_1(tokens), weight, bias))
    places = tokens + values
    places = places + last.mlp(last.ln_2(places))
    wanted = (visual.ln_post(places) @ visual.proj)[:, 1:]
    assert torch.allclose(text.flatten(2).transpose(1, 2), wanted, atol=1e-4)


def test_a_token_alone_attends_to_itself() -> None:
    block = model_of("tiny-vit").visual.transformer.resblocks[0]
    tokens = torch.randn(2, 5, 48, generator=torch.Generator().manual_seed(1))
    every = alone(block, tokens)
    assert torch.allclose(every[1, 3], block(tokens[1:2, 3:4])[0, 0], atol=1e-5)
    assert not torch.allclose(every, block(tokens), atol=1e-3), "the others were not heard at all"


def test_the_text_map_of_a_resnet_is_its_pool_at_every_place() -> None:
    model = model_of("tiny-rn")
    visual = model.visual
    images = pictures(64, 96)
    x = prepared(images, preprocessing_named("clip"))
    deep = visual.layer4(visual.layer3(visual.layer2(visual.layer1(visual.stem(x)))))
    visual.attnpool.positional_embedding = nn.Parameter(torch.zeros(2, deep.shape[1]))
    wanted = visual.attnpool(deep[:, :, 1:2, 2:3])  # one place: it and their mean are the same
    maps = backbone_of(dense_clip(model, "tiny-rn")).encode(images).maps
    assert torch.allclose(maps[-1][:, :, 1, 2], wanted, rtol=1e-3, atol=1e-4)
    assert torch.allclose(maps[-2], deep, rtol=1e-3, atol=1e-3 * float(deep.abs().max()))


def test_a_tower_of_timm_pools_every_place_by_itself() -> None:
    model = model_of("tiny-convnext")
    images = pictures(64, 96)
    x = prepared(images, preprocessing_named("clip"))
    deep = model.visual.trunk.forward_features(x)
    wanted = model.visual.head(model.visual.trunk.forward_head(deep[:, :, 1:2, 2:3]))
    text = backbone_of(dense_clip(model, "tiny-convnext")).encode(images).maps[-1]
    assert torch.allclose(text[:, :, 1, 2], wanted, atol=1e-4)


def test_positions_are_resized_with_the_grid() -> None:
    whole = torch.randn(1 + 16, 6, generator=torch.Generator().manual_seed(2))
    larger = resized_positions(whole, (4, 4), (8, 8))
    assert larger.shape == (65, 6)
    assert torch.equal(larger[0], whole[0])
    ramp = torch.arange(4.0).repeat(4)[:, None].repeat(1, 6)  # grows to the right
    grown = resized_positions(torch.cat([whole[:1], ramp]), (4, 4), (4, 8))[1:].reshape(4, 8, 6)
    assert bool((grown[:, 1:] >= grown[:, :-1] - 1e-5).all())
    assert torch.allclose(grown[0], grown[3], atol=1e-5)


@pytest.mark.parametrize("name", ["tiny-vit", "tiny-rn"])
def test_bfloat16_answers_almost_alike(name: str) -> None:
    images = pictures(64, 64)
    exact = backbone_of(dense_clip(model_of(name), name)).encode(images).maps
    rough = backbone_of(dense_clip(model_of(name), name), precision="bfloat16")
    for one, other in zip(exact, rough.encode(images).maps, strict=True):
        assert (one - other).norm() < 0.05 * one.norm()


def test_names_that_cannot_be_served_say_so_and_fetch_nothing() -> None:
    with pytest.raises(UnknownName, match="no model called 'ViT-Z'"):
        build_clip("ViT-Z")
    with pytest.raises(EngineError, match="transformers"):
        build_clip("tiny-bert")
    with pytest.raises(EngineError, match="captions"), torch.device("meta"):
        build_clip("coca_ViT-B-32")


def test_images_are_prepared_as_the_publisher_tells() -> None:
    assert clip_preprocessing("RN50") == "clip"
    assert clip_preprocessing("ViT-B-16-SigLIP") == "half"
    assert clip_preprocessing("tiny-vit") == "clip"
