"""Weights that are published at a known address: a closed table, read without torch.

Digests: torchvision ends its file names with the first eight hexadecimal digits of the sha256.
Hugging Face's addresses carry none; there the digest is recorded at the first fetch.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MapRow = tuple[str, int, int]  # name, stride, channels
_TORCHVISION = "BSD-3-Clause (torchvision); ImageNet, its training set, is for research alone"
_CLIP = "MIT (OpenAI CLIP); its model card asks for research use"
_APACHE = "Apache-2.0"
_DINOV3 = "DINOv3 License: ai.meta.com/resources/models-and-libraries/dinov3-license"


@dataclass(frozen=True, slots=True)
class Published:
    """One file of weights. ``sha256`` may be the beginning of it, or empty where nobody tells.

    ``architecture`` is what it is imported as; ``maps`` what it gives (other libraries only);
    ``about_mb`` millions of bytes, to warn a person, not to check; ``work`` billions of
    multiply-adds for an image of 512 px (those of torchvision's networks stand in `costs`).
    """

    name: str
    title: str
    architecture: str
    url: str
    about_mb: float
    licence: str
    pretraining: str
    sha256: str = ""
    preprocessing: str = "imagenet"
    maps: tuple[MapRow, ...] = ()
    work: float | None = None


def published_as(architecture: str) -> Published | None:
    """The first that is imported as ``architecture``, such as ``open_clip:RN50-quickgelu``."""
    return next((one for one in PUBLISHED.values() if one.architecture == architecture), None)


def _zoo(name: str, title: str, file: str, about_mb: float) -> Published:
    return Published(
        name,
        title,
        name,
        f"https://download.pytorch.org/models/{file}.pth",
        about_mb,
        _TORCHVISION,
        "ImageNet-1k",
        sha256=file.rpartition("-")[2],
    )


def _hub(repository: str, file: str = "model.safetensors") -> str:
    return f"https://huggingface.co/timm/{repository}/resolve/main/{file}"


def _clip(
    name: str, net: str, hub: str, costs: tuple[float, float], maps: tuple[MapRow, ...]
) -> Published:
    """``costs``: millions of bytes, billions of multiply-adds."""
    url = _hub(hub, "open_clip_model.safetensors")
    return Published(
        name,
        f"OpenAI CLIP {net.removesuffix('-quickgelu')}",
        f"open_clip:{net}",
        url,
        costs[0],
        _CLIP,
        "400 million images with captions (OpenAI)",
        preprocessing="clip",
        maps=maps,
        work=costs[1],
    )


def _dino(
    version: int, name: str, net: str, tag: str, rows: tuple[float, int, int, float]
) -> Published:
    """``rows``: millions of bytes, patch, channels, billions of multiply-adds."""
    about_mb, patch, channels, work = rows
    return Published(
        name,
        f"DINOv{version} {net}",
        f"timm:{net}",
        _hub(f"{net}.{tag}"),
        about_mb,
        _APACHE if version == 2 else _DINOV3,
        f"{tag.upper()}, self-supervised",
        maps=_blocks(patch, channels),
        work=work,
    )


def _convnext(name: str, tag: str, licence: str, pretraining: str) -> Published:
    return Published(
        name,
        f"ConvNeXt tiny, {pretraining}",
        "timm:convnext_tiny",
        _hub(f"convnext_tiny.{tag}"),
        114,
        licence,
        pretraining,
        work=23.3,
        maps=tuple((f"stage{i + 1}", 4 << i, 96 << i) for i in range(4)),
    )


def _blocks(patch: int, channels: int) -> tuple[MapRow, ...]:
    return (
        ("block3", patch // 2, channels),
        *((f"block{block}", patch, channels) for block in (6, 9, 12)),
    )


def _layers(texts: int) -> tuple[MapRow, ...]:
    layers = tuple((f"layer{i + 1}", 4 << i, 256 << i) for i in range(4))
    return (*layers, ("text", 32, texts))


_ROWS = (
    _zoo("resnet18", "ResNet-18", "resnet18-f37072fd", 46.8),
    _zoo("resnet34", "ResNet-34", "resnet34-b627a593", 87.3),
    _zoo("resnet50", "ResNet-50", "resnet50-0676ba61", 102.5),
    _zoo("resnet101", "ResNet-101", "resnet101-63fe2227", 178.8),
    _zoo("resnet152", "ResNet-152", "resnet152-394f9c45", 241.6),
    _zoo("vgg16", "VGG-16", "vgg16-397923af", 553.4),
    _zoo("mobilenet_v2", "MobileNetV2", "mobilenet_v2-b0353104", 14.2),
    _zoo("mobilenet_v3_large", "MobileNetV3 large", "mobilenet_v3_large-8738ca79", 22.1),
    _zoo("mobilenet_v3_small", "MobileNetV3 small", "mobilenet_v3_small-047dcff4", 10.3),
    _zoo("squeezenet1_1", "SqueezeNet 1.1", "squeezenet1_1-b8a52dc0", 5.0),
    _clip("clip_rn50", "RN50-quickgelu", "resnet50_clip.openai", (408, 29.7), _layers(1024)),
    _clip("clip_rn101", "RN101-quickgelu", "resnet101_clip.openai", (479, 48.8), _layers(512)),
    _clip(
        "clip_vit_b16",
        "ViT-B-16-quickgelu",
        "vit_base_patch16_clip_224.openai",
        (599, 114.7),
        (*_blocks(16, 768), ("text", 16, 512)),
    ),
    _dino(2, "dinov2_vit_s14", "vit_small_patch14_dinov2", "lvd142m", (88, 14, 384, 46.7)),
    _dino(2, "dinov2_vit_b14", "vit_base_patch14_dinov2", "lvd142m", (346, 14, 768, 151.6)),
    _dino(2, "dinov2_vit_s14_reg", "vit_small_patch14_reg4_dinov2", "lvd142m", (88, 14, 384, 46.9)),
    _dino(3, "dinov3_vit_s16", "vit_small_patch16_dinov3", "lvd1689m", (86, 16, 384, 31.9)),
    _dino(3, "dinov3_vit_b16", "vit_base_patch16_dinov3", "lvd1689m", (343, 16, 768, 107.5)),
    _convnext("convnext_tiny", "in12k_ft_in1k", _APACHE, "ImageNet-12k, then ImageNet-1k"),
    _convnext("dinov3_convnext_tiny", "dinov3_lvd1689m", _DINOV3, "DINOv3 on LVD1689M"),
)

PUBLISHED: Mapping[str, Published] = {one.name: one for one in _ROWS}
