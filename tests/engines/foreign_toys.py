"""Tiny networks of the real classes of OpenCLIP and timm, with weights drawn from a seed."""

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import open_clip
import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard
from engines.backbones.foreign import DenseNetwork, ForeignBackbone
from engines.backbones.preprocessing import preprocessing_named
from engines.device import Precision, choose_device

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
TINY_CLIPS: dict[str, dict[str, Any]] = {
    "tiny-vit": {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 64, "layers": 4, "width": 48, "patch_size": 16, "head_width": 16
        },
        "text_cfg": TEXT,
    },
    "tiny-rn": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "head_width": 32},
        "text_cfg": TEXT,
    },
    "tiny-siglip": {
        "embed_dim": 64,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 160, "timm_model_name": "test_vit", "timm_model_pretrained": False,
            "timm_pool": "token", "timm_proj": "linear",
        },
        "text_cfg": TEXT,
    },
    "tiny-convnext": {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 160, "timm_model_name": "test_convnext",
            "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear",
        },
        "text_cfg": TEXT,
    },
    "tiny-bert": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 64, "layers": 1, "width": 32, "patch_size": 16},
        "text_cfg": {"hf_model_name": "roberta-base", "hf_tokenizer_name": "roberta-base"},
    },
}  # fmt: skip


@cache
def register_tiny_clips() -> None:
    """Tell open_clip of the models above, by its own way for models of others."""
    folder = Path(mkdtemp(prefix="tiny-clips-"))
    for name, wish in TINY_CLIPS.items():
        (folder / f"{name}.json").write_text(json.dumps(wish))
    open_clip.add_model_config(folder)


def drawn(network: torch.nn.Module, seed: int = 3) -> dict[str, Tensor]:
    """Weights of every tensor of ``network``, with normalisation and biases that do something."""
    draw = torch.Generator().manual_seed(seed)
    weights = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        values = torch.randn(tensor.shape, generator=draw)
        if tensor.ndim >= 2:
            values *= tensor[0].numel() ** -0.5
        elif name.endswith("running_var"):
            values = values.abs() + 0.5
        else:
            values = values * 0.1 + (1.0 if name.endswith(("weight", "gamma")) else 0.0)
        weights[name] = values.contiguous()
    return weights


def backbone_of(
    dense: DenseNetwork, *, style: str = "clip", precision: Precision = "float32"
) -> ForeignBackbone:
    """A dense network as a backbone on the processor."""
    card = BackboneCard("toy", "Toy", dense.specs, preprocessing_named(style), "none", "0" * 64)
    return ForeignBackbone(dense, card, choose_device("cpu", precision=precision))


def pictures(height: int, width: int, *, seed: int = 5, count: int = 1) -> Tensor:
    """(B, 3, H, W) in [0, 1]."""
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
