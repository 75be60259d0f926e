"""Networks of other libraries as backbones: any size in, maps of stated strides out.

Grids of patches are met by stretching the image to whole patches, at most one patch per side, so
that the maps still cover the image exactly; convolutional networks are met by repeating the last
row and column, and what lies beyond the image is cut off the maps.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import BackboneCard, FeatureMaps, MapSpec, Preprocessing
from engines.backbones.padding import check_images, pad_to_multiple
from engines.device import Device
from engines.errors import EngineError

LEVELS = 4  # blocks of a transformer that become maps
# What networks raise that were built for one size of image alone, or for another pooling.
SIZE_ERRORS = (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError)


class DenseNetwork(nn.Module):
    """A network that gives one map per spec for images whose sides ``multiple`` divides.

    ``stretches``: other sizes are stretched to a multiple, and the maps resized to their strides;
    else they are padded, and the maps cut.
    """

    specs: tuple[MapSpec, ...]
    multiple: int
    stretches: bool

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W), normalised, sides whole multiples -> one (B, C_i, h_i, w_i) per spec."""
        raise NotImplementedError


class ForeignBackbone:
    """A dense network on one device."""

    def __init__(self, network: DenseNetwork, card: BackboneCard, device: Device) -> None:
        """``network`` is taken over: it is moved to the device and frozen."""
        self._network = network.eval().requires_grad_(False).to(device.torch_device)
        self._card = card
        self._device = device

    @property
    def card(self) -> BackboneCard:
        """What it is."""
        return self._card

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        """images (B, 3, H, W) RGB in [0, 1] -> float32 maps (B, C, ceil(H / stride), ...)."""
        check_images(images)
        H, W = (int(side) for side in images.shape[-2:])
        x = prepared(images.to(self._device.torch_device), self._card.preprocessing)
        whole = _stretched if self._network.stretches else pad_to_multiple
        with self._device.autocast():
            maps = self._network(self._device.place(whole(x, self._network.multiple)))
        fitted = (
            self._fitted(one.float(), (-(-H // spec.stride), -(-W // spec.stride)))
            for one, spec in zip(maps, self._card.maps, strict=True)
        )
        return FeatureMaps(tuple(fitted), self._card.maps)

    def _fitted(self, features: Tensor, size: tuple[int, int]) -> Tensor:
        if tuple(features.shape[-2:]) == size:
            return features.contiguous()
        if self._network.stretches:
            return F.interpolate(features, size=size, mode="bilinear", align_corners=False)
        return features[..., : size[0], : size[1]].contiguous()


def prepared(images: Tensor, wish: Preprocessing) -> Tensor:
    """images (B, 3, H, W) RGB in [0, 1] -> (order(x) * scale - mean) / std, float32."""
    x = images.float()
    if wish.order == "bgr":
        x = x.flip(1)
    mean = x.new_tensor(wish.mean).reshape(1, 3, 1, 1)
    std = x.new_tensor(wish.std).reshape(1, 3, 1, 1)
    return (x * wish.scale - mean) / std


def check_dense(network: DenseNetwork, name: str) -> None:
    """Raise `EngineError` unless the network, on the meta device, takes any size as it promises."""
    H, W = 3 * network.multiple, 5 * network.multiple
    try:
        maps = network.eval()(torch.zeros(1, 3, H, W, device="meta"))
    except SIZE_ERRORS as error:
        raise EngineError(
            f"'{name}' takes images of one size alone ({type(error).__name__}: "
            f"{str(error)[:80]}); choose another network."
        ) from error
    told = [spec.channels for spec in network.specs]
    found = [int(one.shape[1]) for one in maps]
    if told != found:
        raise EngineError(f"'{name}' gives maps of {found} channels but tells of {told}.")


def quarters(depth: int) -> tuple[int, ...]:
    """Which blocks of a transformer become maps: the last of each quarter, counted from 0."""
    ends = (depth * (part + 1) // LEVELS - 1 for part in range(LEVELS))
    return tuple(dict.fromkeys(max(0, end) for end in ends))


def token_specs(blocks: Sequence[int], *, patch: int, channels: int) -> tuple[MapSpec, ...]:
    """Maps of blocks: the earliest on a grid twice as fine, so that its detail is not lost below.

    The other blocks stay on the grid of the patches: finer ones would only cost memory.
    """
    fine = patch // 2 if patch % 2 == 0 and len(blocks) > 1 else patch
    strides = [fine] + [patch] * (len(blocks) - 1)
    return tuple(
        MapSpec(f"block{block + 1}", stride, channels)
        for block, stride in zip(blocks, strides, strict=True)
    )


def tokens_as_map(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """(B, h * w, C) -> (B, C, h, w)."""
    B, _, C = tokens.shape
    return tokens.transpose(1, 2).reshape(B, C, *grid)


def _stretched(images: Tensor, multiple: int) -> Tensor:
    """(B, C, H, W) -> sides enlarged to multiples, bilinear."""
    H, W = images.shape[-2:]
    size = (-(-H // multiple) * multiple, -(-W // multiple) * multiple)
    if size == (H, W):
        return images
    return F.interpolate(images, size=size, mode="bilinear", align_corners=False)
