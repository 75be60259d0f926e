"""Networks of timm: DINOv2, DINOv3, ConvNeXt and whatever else gives intermediate features."""

import re
from typing import Any

import torch
from torch import Tensor, nn

from engines.backbones.backbone import MapSpec
from engines.backbones.debias import PositionalDebias
from engines.backbones.families import FAMILIES, require
from engines.backbones.foreign import DenseNetwork, quarters, token_specs
from engines.backbones.preprocessing import preprocessing_name
from engines.errors import EngineError, UnknownName

FINEST_STRIDE = 4  # finer maps of timm's networks cost much memory and say little
_SELF_TAUGHT = re.compile(r"dino", re.IGNORECASE)


def build_timm(name: str) -> nn.Module:
    """timm's network of that name without classifier, weights drawn; it takes images of any size.

    Raises `UnknownName` for a name timm does not list: nothing is ever looked up elsewhere.
    """
    require(FAMILIES["timm"])
    import timm

    if not re.fullmatch(r"[\w.]+", name) or not timm.is_model(name):
        raise UnknownName(f"timm has no network called '{name}'; timm.list_models() shows them.")
    wish: dict[str, Any] = {"pretrained": False, "num_classes": 0}
    network: nn.Module
    try:
        network = timm.create_model(name, **wish, dynamic_img_size=True)
    except TypeError:  # only networks with a grid of patches know that word
        network = timm.create_model(name, **wish)
    return network


def timm_preprocessing(name: str) -> str:
    """How the publisher prepares images, by a name of ours; ``imagenet`` where nobody says."""
    require(FAMILIES["timm"])
    import timm

    told = timm.get_pretrained_cfg(name)
    if told is None or told.mean is None:
        return "imagenet"
    return preprocessing_name(tuple(told.mean), tuple(told.std)) or "imagenet"


def dense_timm(network: nn.Module, name: str) -> DenseNetwork:
    """The maps of a network: quarters of a transformer, or every stage from stride 4 on.

    Raises `EngineError` for a network that tells no intermediate features.
    """
    rows = _stages(network, name)
    reductions = {stride for stride, _ in rows}
    if len(reductions) == 1 and len(rows) > 1:
        return TokenNetwork(network, rows, debias=_SELF_TAUGHT.search(name) is not None)
    return PyramidNetwork(network, rows)


class PyramidNetwork(DenseNetwork):
    """Stages of ever coarser stride, as convolutional networks have them."""

    stretches = False

    def __init__(self, network: nn.Module, stages: list[tuple[int, int]]) -> None:
        """``stages``: (stride, channels) of each that ``network`` can give, finest first."""
        super().__init__()
        self.network: Any = network
        self._indices = [i for i, (stride, _) in enumerate(stages) if stride >= FINEST_STRIDE]
        self.specs = tuple(MapSpec(f"stage{i + 1}", *stages[i]) for i in self._indices)
        self.multiple = max(spec.stride for spec in self.specs)

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W) -> one map per stage."""
        maps: list[Tensor] = self.network.forward_intermediates(
            x, indices=self._indices, intermediates_only=True
        )
        return maps


class TokenNetwork(DenseNetwork):
    """Blocks of a transformer, normalised as its last one; class and register tokens left out.

    With ``debias`` the deepest map is freed of its positional part: networks taught without labels
    tell position so strongly that tokens match places instead of things.
    """

    stretches = True

    def __init__(self, network: nn.Module, stages: list[tuple[int, int]], *, debias: bool) -> None:
        """``stages``: (stride, channels) of each block."""
        super().__init__()
        self.network: Any = network
        self._blocks = quarters(len(stages))
        self.multiple, channels = stages[-1]
        self.specs = token_specs(self._blocks, patch=self.multiple, channels=channels)
        self._debias = PositionalDebias(self._constant_map) if debias else None

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W) -> one map (B, C, H / patch, W / patch) per block."""
        maps = self._maps(x, list(self._blocks))
        if self._debias is not None and not x.is_meta:
            maps[-1] = self._debias(maps[-1])
        return maps

    def _maps(self, x: Tensor, blocks: list[int]) -> list[Tensor]:
        maps: list[Tensor] = self.network.forward_intermediates(
            x, indices=blocks, norm=True, intermediates_only=True
        )
        return list(maps)

    def _constant_map(self, grid: tuple[int, int]) -> Tensor:
        """Of an image of nothing but the mean colour: zeros once it is prepared."""
        place = next(self.network.parameters()).device
        h, w = (side * self.multiple for side in grid)
        return self._maps(torch.zeros(1, 3, h, w, device=place), [self._blocks[-1]])[0]


def _stages(network: nn.Module, name: str) -> list[tuple[int, int]]:
    """(stride, channels) of each intermediate that timm tells of."""
    told = getattr(network, "feature_info", None)
    if not told or not hasattr(network, "forward_intermediates"):
        raise EngineError(
            f"timm's {name} gives no intermediate features, so it cannot be a backbone; choose "
            "another network."
        )
    rows = told.get_dicts() if hasattr(told, "get_dicts") else told
    return [(int(row["reduction"]), int(row["num_chs"])) for row in rows]
