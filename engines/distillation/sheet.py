"""The sheet of samples: pictures beside their features as colours, to see what training does."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.backbones.networks import StagedNetwork
from engines.device import Device


@torch.inference_mode()
def feature_sheet(network: StagedNetwork, crops: Tensor, file: Path, device: Device) -> None:
    """Write a PNG: every crop (n, 3, H, W) above the first three principal components of its map.

    The components are of the stride-16 maps of all crops together, so equal colours mean alike.
    """
    with device.autocast():
        maps = network(device.place(crops) - 0.5)[-1].float().cpu()
    n, C, h, w = maps.shape
    flat = F.normalize(maps, dim=1).permute(0, 2, 3, 1).reshape(-1, C)
    flat = flat - flat.mean(0)
    _, _, directions = torch.pca_lowrank(flat, q=3, center=False, niter=4)
    shown = flat @ directions[:, :3]
    low, high = shown.quantile(0.02, dim=0), shown.quantile(0.98, dim=0)
    colours = ((shown - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)
    colours = colours.reshape(n, h, w, 3).permute(0, 3, 1, 2)
    large = F.interpolate(colours, crops.shape[-2:], mode="nearest")
    rows = torch.cat([torch.cat(list(crops), 2), torch.cat(list(large), 2)], 1)
    picture = (rows.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    growing = file.with_name(f".{file.name}.growing")
    Image.fromarray(picture).resize((picture.shape[1] // 2, picture.shape[0] // 2)).save(
        growing, format="PNG"
    )
    growing.replace(file)
