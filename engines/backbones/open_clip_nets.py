"""OpenCLIP's image towers as dense networks, whose last map lies in the space of the texts.

That map follows MaskCLIP (Zhou et al., 2022): of the last attention only its value path is kept,
so every place speaks for itself instead of for what it attends to.
"""

from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.backbone import MapSpec
from engines.backbones.families import FAMILIES, require
from engines.backbones.foreign import (
    SIZE_ERRORS,
    DenseNetwork,
    quarters,
    token_specs,
    tokens_as_map,
)
from engines.backbones.networks import fold_normalisation
from engines.backbones.preprocessing import preprocessing_name
from engines.backbones.text import TEXT_MAP
from engines.backbones.timm_nets import dense_timm
from engines.errors import EngineError, UnknownName

_KEPT_SIZES = 4  # positional embeddings held, one per grid


def build_clip(name: str) -> nn.Module:
    """Both towers of an OpenCLIP model by its name, weights drawn; nothing is fetched.

    Raises `UnknownName` for a name open_clip does not list, `EngineError` for one whose text tower
    is a network of yet another library.
    """
    require(FAMILIES["open_clip"])
    import open_clip

    wish = open_clip.get_model_config(name) if name in open_clip.list_models() else None
    if wish is None:
        raise UnknownName(
            f"open_clip has no model called '{name}'; open_clip.list_models() shows them."
        )
    if "hf_model_name" in wish.get("text_cfg", {}):
        raise EngineError(
            f"The text tower of '{name}' comes from the package transformers, which this program "
            "does not use; choose a model with a text tower of OpenCLIP's own."
        )
    if "multimodal_cfg" in wish:
        raise EngineError(f"'{name}' also writes captions; choose a model of images and texts.")
    kind = open_clip.CustomTextCLIP if wish.pop("custom_text", False) else open_clip.CLIP
    model: nn.Module = kind(**wish)
    _accept_any_size(model, wish["vision_cfg"].get("timm_model_name"))
    return model


def clip_preprocessing(name: str) -> str:
    """How the publisher prepares images; ``clip`` where nobody says."""
    require(FAMILIES["open_clip"])
    import open_clip

    for tag in open_clip.list_pretrained_tags_by_model(name):
        told = open_clip.get_pretrained_cfg(name, tag)
        if "mean" in told and "std" in told:
            return preprocessing_name(tuple(told["mean"]), tuple(told["std"])) or "clip"
    return "clip"


def dense_clip(model: nn.Module, name: str) -> DenseNetwork:
    """The dense image tower of a model made by `build_clip`; the text tower is let go.

    Raises `EngineError` for a tower whose parts are not known here.
    """
    visual: Any = model.visual
    kind = type(visual).__name__
    if kind == "ModifiedResNet":
        return ClipResNet(visual)
    if kind == "VisionTransformer" and visual.attn_pool is None:
        return ClipTransformer(visual)
    if kind == "TimmModel" and not hasattr(visual.head, "pool"):
        with suppress(*SIZE_ERRORS):
            return ClipTimm(visual.trunk, name, visual.head)
    raise EngineError(
        f"The image tower of '{name}' ends in a pooling that has no dense form here; choose RN50, "
        "RN101 or a ViT model."
    )


class ClipResNet(DenseNetwork):
    """CLIP's ResNet: four layers, then value and output projection of its pool at every place.

    The pool's positional embedding is left out, as MaskCLIP does: it was learned for a 7 x 7 grid.
    """

    stretches = False
    multiple = 32

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        tower: Any = visual
        pool, width = tower.attnpool, tower.conv1.out_channels * 2
        self.stem = nn.Sequential(
            *(
                tower.get_submodule(f"{kind}{i}")
                for i in (1, 2, 3)
                for kind in ("conv", "bn", "act")
            ),
            tower.avgpool,
        )
        self.layers = nn.ModuleList([tower.layer1, tower.layer2, tower.layer3, tower.layer4])
        self.value, self.out = _as_convolution(pool.v_proj), _as_convolution(pool.c_proj)
        self.specs = (
            *(MapSpec(f"layer{i + 1}", 4 << i, (width * 4) << i) for i in range(4)),
            MapSpec(TEXT_MAP, 32, pool.c_proj.out_features),
        )

    def eval(self) -> "ClipResNet":
        """For answering only: normalisation is folded into the convolutions before it."""
        super().eval()
        if not next(self.parameters()).is_meta:
            fold_normalisation(self)
        return self

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W) -> maps of strides 4, 8, 16, 32 and the one in the space of texts."""
        maps = []
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return [*maps, self.out(self.value(x))]


class ClipTransformer(DenseNetwork):
    """CLIP's ViT: quarters of its blocks, then the value path of the last block, projected."""

    stretches = True

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        tower: Any = visual
        self.visual: Any = tower
        self._layers = list(tower.transformer.resblocks)
        self._blocks = quarters(len(self._layers))
        self.multiple = int(tower.patch_size[0])
        width, texts = tower.proj.shape
        maps = token_specs(self._blocks, patch=self.multiple, channels=int(width))
        self.specs = (*maps, MapSpec(TEXT_MAP, self.multiple, int(texts)))
        self._positions: dict[tuple[int, int], Tensor] = {}

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W) -> one map (B, C, H / patch, W / patch) per spec."""
        tokens, grid = self._embedded(x)
        maps, last = [], len(self._layers) - 1
        texts = tokens
        for number, block in enumerate(self._layers):
            if number == last:
                texts = self.visual.ln_post(alone(block, tokens[:, 1:])) @ self.visual.proj
            tokens = block(tokens)
            if number in self._blocks:
                # Without the scale that training gave the norm for the class token alone.
                level = F.layer_norm(tokens[:, 1:], tokens.shape[-1:])
                maps.append(tokens_as_map(level, grid))
        return [*maps, tokens_as_map(texts, grid)]

    def _embedded(self, x: Tensor) -> tuple[Tensor, tuple[int, int]]:
        """Tokens (B, 1 + h * w, C) before the first block, and their grid (h, w)."""
        patches = self.visual.conv1(x)
        grid = (int(patches.shape[-2]), int(patches.shape[-1]))
        tokens = patches.flatten(2).transpose(1, 2)
        first = self.visual.class_embedding.to(tokens.dtype).expand(len(x), 1, -1)
        tokens = torch.cat([first, tokens], dim=1) + self._positions_on(grid).to(tokens.dtype)
        return self.visual.ln_pre(tokens), grid

    def _positions_on(self, grid: tuple[int, int]) -> Tensor:
        whole: Tensor = self.visual.positional_embedding
        if grid == tuple(self.visual.grid_size):
            return whole
        known = self._positions.get(grid)
        if known is None or known.device != whole.device:
            known = resized_positions(whole, tuple(self.visual.grid_size), grid)
            while len(self._positions) >= _KEPT_SIZES:
                del self._positions[next(iter(self._positions))]
            self._positions[grid] = known
        return known


class ClipTimm(DenseNetwork):
    """A tower that timm lends: its own maps, then its pool and head on every place by itself."""

    def __init__(self, trunk: nn.Module, name: str, head: nn.Module) -> None:
        super().__init__()
        self.trunk: Any = trunk
        self.head = head
        self.dense = dense_timm(trunk, name)
        self.stretches, self.multiple = self.dense.stretches, self.dense.multiple
        self._tokens = self.stretches
        last = self.dense.specs[-1]
        with torch.no_grad():
            places = torch.zeros(1, last.channels, 1, 1, device=_place(trunk))
            texts = self._texts(places)
        self.specs = (*self.dense.specs, MapSpec(TEXT_MAP, last.stride, int(texts.shape[1])))

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W) -> the trunk's maps and the one in the space of texts."""
        maps = self.dense(x)
        return [*maps, self._texts(self._before_last(x) if self._tokens else maps[-1])]

    def _before_last(self, x: Tensor) -> Tensor:
        """(B, C, h, w) as it enters the trunk's last block."""
        depth = len(self.trunk.blocks)
        maps: list[Tensor] = self.trunk.forward_intermediates(
            x, indices=[depth - 2], norm=False, stop_early=True, intermediates_only=True
        )
        return maps[0]

    def _texts(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, D, h, w), every place pooled as if it were the whole image."""
        B, C, h, w = features.shape
        if not self._tokens:
            places = features.permute(0, 2, 3, 1).reshape(-1, C, 1, 1)
            pooled = self.head(self.trunk.forward_head(places))
            return tokens_as_map(pooled.reshape(B, h * w, -1), (h, w))
        tokens = features.flatten(2).transpose(1, 2)
        single = self.trunk.norm(alone(self.trunk.blocks[-1], tokens)).reshape(-1, 1, C)
        attention = getattr(self.trunk, "attn_pool", None)
        pooled = attention(single) if attention is not None else single[:, 0]
        pooled = self.trunk.fc_norm(pooled.reshape(B * h * w, -1))
        pooled = self.head(self.trunk.head(pooled))
        return tokens_as_map(pooled.reshape(B, h * w, -1), (h, w))


def alone(block: nn.Module, tokens: Tensor) -> Tensor:
    """A block on every token (B, N, C) by itself -> (B, N, C).

    A token that can attend to nothing else gets its own value back: attention without queries and
    keys, which is MaskCLIP's value path, whatever the library calls its projections.
    """
    B, N, C = tokens.shape
    single: Tensor = block(tokens.reshape(B * N, 1, C))
    return single.reshape(B, N, C)


def resized_positions(whole: Tensor, old: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """Positional embedding (1 + h * w, C) of grid ``old`` -> of ``grid``, bicubic; class first."""
    square = whole[1:].float().reshape(1, *old, -1).permute(0, 3, 1, 2)
    fitted = F.interpolate(square, size=grid, mode="bicubic", align_corners=False)
    return torch.cat([whole[:1].float(), fitted[0].flatten(1).T])


def _accept_any_size(model: nn.Module, trunk_name: str | None) -> None:
    """OpenCLIP builds timm's transformers for one size; put the same one for any size in place."""
    visual: Any = model.visual
    if trunk_name is None or not hasattr(visual.trunk, "blocks"):
        return
    import timm

    old = visual.trunk
    wish = {"num_classes": old.num_classes, "global_pool": old.global_pool}
    new = timm.create_model(trunk_name, pretrained=False, dynamic_img_size=True, **wish)
    shapes = [{k: v.shape for k, v in one.state_dict().items()} for one in (old, new)]
    if shapes[0] == shapes[1]:
        visual.trunk = new


def _as_convolution(linear: nn.Linear) -> nn.Conv2d:
    """The same numbers at every place: a 1 x 1 convolution that shares the tensors."""
    one = nn.Conv2d(linear.in_features, linear.out_features, 1, device="meta")  # draws nothing
    one.weight = nn.Parameter(linear.weight.detach()[:, :, None, None], requires_grad=False)
    one.bias = (
        None if linear.bias is None else nn.Parameter(linear.bias.detach(), requires_grad=False)
    )
    return one


def _place(module: nn.Module) -> torch.device:
    return next(module.parameters()).device
