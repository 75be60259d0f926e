"""Convolutional networks as backbones: the trunk cut into stages, frozen, with weights checked."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engines.backbones.architectures import Architecture, Stage, architecture, tensor_shapes
from engines.backbones.backbone import BackboneCard, FeatureMaps, Preprocessing
from engines.backbones.padding import check_images, pad_like_tensorflow, pad_to_multiple
from engines.device import Device, seeded_generator
from engines.errors import UnusableWeights


class StagedNetwork(nn.Module):
    """A trunk that gives one map per stage. ``parts`` are the stages in order."""

    def __init__(self, parts: list[nn.Sequential]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> list[Tensor]:
        """x (B, 3, H, W), normalised -> one (B, C_i, h_i, w_i) per stage."""
        maps = []
        for part in self.parts:
            x = part(x)
            maps.append(x)
        return maps


def build_network(
    name: str,
    weights: Mapping[str, Tensor] | None,
    *,
    stage_count: int | None = None,
    seed: int = 0,
) -> StagedNetwork:
    """The first ``stage_count`` stages (all where None) of a known network, float32, evaluation.

    ``weights`` must hold every tensor of these stages in its exact shape, else `UnusableWeights`.
    Only an explicit None draws random weights, from ``seed``: for tests and as the untrained bar.
    """
    plan = architecture(name)
    stages = plan.stages[:stage_count]
    with torch.device("meta"):  # the plan alone: values are loaded or drawn below
        whole = plan.build()
    network = StagedNetwork([_sequential(whole, stage) for stage in stages])
    if weights is None:
        _draw(network.to_empty(device="cpu"), seed)
    else:
        _load(whole, plan, stages, weights)
    return network.eval().requires_grad_(False)


class NetworkBackbone:
    """A staged network on one device, batch normalisation folded into its convolutions."""

    def __init__(
        self, network: StagedNetwork, card: BackboneCard, device: Device, *, size_multiple: int = 1
    ) -> None:
        """``network`` is taken over: padding is set and normalisation folded in place.

        Images are enlarged to multiples of ``size_multiple`` and the maps cut back.
        """
        if card.preprocessing.padding == "tensorflow":
            pad_like_tensorflow(network)
        fold_normalisation(network)
        layout = torch.channels_last if device.channels_last else torch.contiguous_format
        network.to(device.torch_device)
        self._network = network.to(memory_format=layout)
        self._card = card
        self._device = device
        self._multiple = size_multiple
        self._shift, self._gain = _affine(card.preprocessing, device.torch_device)

    @property
    def card(self) -> BackboneCard:
        """What it is."""
        return self._card

    @torch.inference_mode()
    def encode(self, images: Tensor) -> FeatureMaps:
        """images (B, 3, H, W) RGB in [0, 1] -> float32 maps (B, C, ceil(H / stride), ...)."""
        check_images(images)
        H, W = images.shape[-2:]
        with self._device.autocast():
            maps = self._network(self._normalised(images))
        cropped = (
            one[..., : -(-H // spec.stride), : -(-W // spec.stride)].float()
            for one, spec in zip(maps, self._card.maps, strict=True)
        )
        return FeatureMaps(tuple(cropped), self._card.maps)

    def _normalised(self, images: Tensor) -> Tensor:
        x = images.to(self._device.torch_device, torch.float32)
        if self._card.preprocessing.order == "bgr":
            x = x.flip(1)
        x = pad_to_multiple(x * self._gain + self._shift, self._multiple)
        return self._device.place(x)


def fold_normalisation(module: nn.Module) -> None:
    """Fold every batch normalisation that directly follows a convolution into it, in place."""
    before, convolution = "", None
    for name, child in list(module.named_children()):
        if convolution is not None and isinstance(child, nn.BatchNorm2d):
            setattr(module, before, fuse_conv_bn_eval(convolution, child))
            setattr(module, name, nn.Identity())
        else:
            fold_normalisation(child)
        before, convolution = name, child if isinstance(child, nn.Conv2d) else None


def _affine(wish: Preprocessing, place: torch.device) -> tuple[Tensor, Tensor]:
    """(order(x) * scale - mean) / std as x * gain + shift, each (1, 3, 1, 1)."""
    mean = torch.tensor(wish.mean, device=place).reshape(1, 3, 1, 1)
    std = torch.tensor(wish.std, device=place).reshape(1, 3, 1, 1)
    return -mean / std, wish.scale / std


def _draw(network: nn.Module, seed: int) -> None:
    """He's normal weights (2015) for every convolution, plain normalisation."""
    draw = seeded_generator(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", generator=draw)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()


def _sequential(network: nn.Module, stage: Stage) -> nn.Sequential:
    return nn.Sequential(*(network.get_submodule(name) for name in stage.modules))


def _load(
    network: nn.Module,
    plan: Architecture,
    stages: tuple[Stage, ...],
    weights: Mapping[str, Tensor],
) -> None:
    wanted = {
        name: shape
        for name, shape in tensor_shapes(plan.name).items()
        if any(stage.owns(name) for stage in stages)
    }
    for name, shape in wanted.items():
        held = tuple(weights[name].shape) if name in weights else None
        if held != shape:
            found = "is missing" if held is None else f"has shape {held}"
            raise UnusableWeights(f"{plan.title} needs {name} of shape {shape}, which {found}.")
    values = {name: weights[name].float() for name in wanted}
    counters = {name: torch.zeros((), dtype=torch.int64) for name in _counters(network)}
    network.load_state_dict(values | counters, strict=False, assign=True)


def _counters(network: nn.Module) -> list[str]:
    """Names of batch normalisation's step counters: unused, but they must not stay value-less."""
    return [name for name, _ in network.named_buffers() if name.endswith("num_batches_tracked")]
