"""Which networks are known: their stages, what each stage gives, and the names of their tensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
import torchvision.models as zoo
from torch import nn

from engines.backbones.backbone import MapSpec
from engines.backbones.mobilenet_v1 import KEPT_BLOCKS, mobilenet_v1
from engines.errors import UnknownName

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """Modules of the network, run one after the other, whose last output is one map."""

    spec: MapSpec
    modules: tuple[str, ...]

    def owns(self, tensor_name: str) -> bool:
        """Whether a tensor of that name belongs to one of the modules."""
        return any(tensor_name.startswith(f"{module}.") for module in self.modules)


@dataclass(frozen=True, slots=True)
class Architecture:
    """A known network. ``whole_strides``: it wants sizes that its coarsest stride divides."""

    name: str
    title: str
    build: Callable[[], nn.Module]
    stages: tuple[Stage, ...]
    preprocessing: str = "imagenet"
    whole_strides: bool = False


def architectures() -> Mapping[str, Architecture]:
    """Every known network by name."""
    return _table()


def architecture(name: str) -> Architecture:
    """The network of that name, or `UnknownName`."""
    known = _table()
    if name not in known:
        raise UnknownName(f"No network is called '{name}'. Known are {', '.join(known)}.")
    return known[name]


@lru_cache(maxsize=32)
def tensor_shapes(name: str) -> Mapping[str, Shape]:
    """Names and shapes of all tensors that the stages of a network need.

    The counters of batch normalisation are left out: nothing reads them in evaluation.
    """
    plan = architecture(name)
    with torch.device("meta"):  # shapes without memory and without drawing numbers
        network = plan.build()
    return {
        tensor_name: tuple(tensor.shape)
        for tensor_name, tensor in network.state_dict().items()
        if any(stage.owns(tensor_name) for stage in plan.stages)
        and not tensor_name.endswith("num_batches_tracked")
    }


def _resnet(name: str, depth: int, build: Callable[..., nn.Module]) -> Architecture:
    widen = 4 if depth >= 50 else 1  # bottleneck blocks give four times the channels
    stages = [
        Stage(MapSpec(f"layer{i}", 2 ** (i + 1), 2 ** (i + 5) * widen), (f"layer{i}",))
        for i in (2, 3, 4)
    ]
    stem = Stage(MapSpec("layer1", 4, 64 * widen), ("conv1", "bn1", "relu", "maxpool", "layer1"))
    return Architecture(name, f"ResNet-{depth}", lambda: build(weights=None), (stem, *stages))


def _features(*ends: tuple[int, int, int]) -> tuple[Stage, ...]:
    """Stages of a network whose trunk is ``features``: (index after the last, stride, channels)."""
    starts = (0, *(end for end, _, _ in ends[:-1]))
    return tuple(
        Stage(
            MapSpec(f"features.{end - 1}", stride, channels),
            tuple(f"features.{index}" for index in range(start, end)),
        )
        for start, (end, stride, channels) in zip(starts, ends, strict=True)
    )


def _mobilenet_v1() -> Architecture:
    ends = ((3, 4, 128), (5, 8, 256), (11, 16, 512), (KEPT_BLOCKS, 32, 1024))
    starts = (0, *(end for end, _, _ in ends[:-1]))
    stages = []
    for start, (end, stride, channels) in zip(starts, ends, strict=True):
        modules = ["conv1", "conv1_bn", "conv1_relu"] if start == 0 else []
        for block in range(start + 1, end + 1):
            for kind in ("dw", "pw"):
                first = f"conv_{kind}_{block}"
                modules += [first, f"{first}_bn", f"{first}_relu"]
        stages.append(Stage(MapSpec(f"block{end}", stride, channels), tuple(modules)))
    return Architecture("mobilenet_v1", "MobileNetV1", mobilenet_v1, tuple(stages), "tf")


@lru_cache(maxsize=1)
def _table() -> dict[str, Architecture]:
    resnets = {18: zoo.resnet18, 34: zoo.resnet34, 50: zoo.resnet50}
    resnets |= {101: zoo.resnet101, 152: zoo.resnet152}
    plans = [_resnet(f"resnet{depth}", depth, build) for depth, build in resnets.items()]
    plans += [
        Architecture(
            "vgg16",
            "VGG-16",
            lambda: zoo.vgg16(weights=None),
            _features((16, 4, 256), (23, 8, 512), (30, 16, 512)),
            whole_strides=True,  # its pools drop an odd last row
        ),
        _mobilenet_v1(),
        Architecture(
            "mobilenet_v2",
            "MobileNetV2",
            lambda: zoo.mobilenet_v2(weights=None),
            _features((4, 4, 24), (7, 8, 32), (14, 16, 96), (18, 32, 320)),
        ),
        Architecture(
            "mobilenet_v3_large",
            "MobileNetV3 large",
            lambda: zoo.mobilenet_v3_large(weights=None),
            _features((4, 4, 24), (7, 8, 40), (13, 16, 112), (16, 32, 160)),
        ),
        Architecture(
            "mobilenet_v3_small",
            "MobileNetV3 small",
            lambda: zoo.mobilenet_v3_small(weights=None),
            _features((2, 4, 16), (4, 8, 24), (9, 16, 48), (12, 32, 96)),
        ),
        Architecture(
            "squeezenet1_1",
            "SqueezeNet 1.1",
            _squeezenet,
            _features((5, 4, 128), (8, 8, 256), (13, 16, 512)),
            whole_strides=True,  # its first convolution does not pad and its pools round
        ),
    ]
    return {plan.name: plan for plan in plans}


def _squeezenet() -> nn.Module:
    """SqueezeNet 1.1 whose first convolution pads by 1, so that every map has its full size."""
    network: nn.Module = zoo.squeezenet1_1(weights=None)
    first = network.get_submodule("features.0")
    if isinstance(first, nn.Conv2d):
        first.padding = (1, 1)  # inner values stay as they were trained
    return network
