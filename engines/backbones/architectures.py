"""Which networks are known: their stages, what each stage gives, and the names of their tensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from engines.backbones.backbone import MapSpec
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.errors import UnknownName

if TYPE_CHECKING:  # the table is read by the window; torch is loaded where a network is built
    from torch import nn

Shape = tuple[int, ...]
_EMBEDDED_TITLES = {
    "embedded": "Embedded network",
    "embedded_wide": "Embedded network, wide",
    "embedded_depthwise": "Embedded network, depthwise",
}
KEPT_BLOCKS = 12  # of MobileNetV1: the thirteenth repeats stride 32; files may lack it


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
    build: "Callable[[], nn.Module]"
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
    import torch

    plan = architecture(name)
    with torch.device("meta"):  # shapes without memory and without drawing numbers
        network = plan.build()
    return {
        tensor_name: tuple(tensor.shape)
        for tensor_name, tensor in network.state_dict().items()
        if any(stage.owns(tensor_name) for stage in plan.stages)
        and not tensor_name.endswith("num_batches_tracked")
    }


def _resnet(name: str, depth: int) -> Architecture:
    widen = 4 if depth >= 50 else 1  # bottleneck blocks give four times the channels
    stages = [
        Stage(MapSpec(f"layer{i}", 2 ** (i + 1), 2 ** (i + 5) * widen), (f"layer{i}",))
        for i in (2, 3, 4)
    ]
    stem = Stage(MapSpec("layer1", 4, 64 * widen), ("conv1", "bn1", "relu", "maxpool", "layer1"))
    return Architecture(name, f"ResNet-{depth}", partial(_of_zoo, name), (stem, *stages))


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
    return Architecture("mobilenet_v1", "MobileNetV1", _mobilenet, tuple(stages), "tf")


def _embedded(name: str, title: str) -> Architecture:
    widths = EMBEDDED_PLANS[name].widths
    stages = [
        Stage(MapSpec(f"stage{4 << i}", 4 << i, width), (f"stage{4 << i}",))
        for i, width in enumerate(widths)
    ]
    stages[0] = Stage(stages[0].spec, ("stem", "stage4"))
    return Architecture(name, title, partial(_own, name), tuple(stages), "centred")


@lru_cache(maxsize=1)
def _table() -> dict[str, Architecture]:
    plans = [_resnet(f"resnet{depth}", depth) for depth in (18, 34, 50, 101, 152)]
    plans += [
        Architecture(
            "vgg16",
            "VGG-16",
            partial(_of_zoo, "vgg16"),
            _features((16, 4, 256), (23, 8, 512), (30, 16, 512)),
            whole_strides=True,  # its pools drop an odd last row
        ),
        Architecture(
            "vgg16_panet",
            "VGG-16 of PANet",
            _dilated_vgg,
            _features((16, 4, 256), (23, 8, 512), (29, 8, 512)),
        ),
        _mobilenet_v1(),
        Architecture(
            "mobilenet_v2",
            "MobileNetV2",
            partial(_of_zoo, "mobilenet_v2"),
            _features((4, 4, 24), (7, 8, 32), (14, 16, 96), (18, 32, 320)),
        ),
        Architecture(
            "mobilenet_v3_large",
            "MobileNetV3 large",
            partial(_of_zoo, "mobilenet_v3_large"),
            _features((4, 4, 24), (7, 8, 40), (13, 16, 112), (16, 32, 160)),
        ),
        Architecture(
            "mobilenet_v3_small",
            "MobileNetV3 small",
            partial(_of_zoo, "mobilenet_v3_small"),
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
    plans += [_embedded(name, _EMBEDDED_TITLES[name]) for name in EMBEDDED_PLANS]
    return {plan.name: plan for plan in plans}


def _of_zoo(name: str) -> "nn.Module":
    """A network of torchvision without weights."""
    import torchvision.models as zoo

    network: nn.Module = getattr(zoo, name)(weights=None)
    return network


def _dilated_vgg() -> "nn.Module":
    from engines.backbones.dilated_vgg import DilatedVgg16

    return DilatedVgg16()


def _mobilenet() -> "nn.Module":
    from engines.backbones.mobilenet_v1 import mobilenet_v1

    return mobilenet_v1()


def _own(name: str) -> "nn.Module":
    from engines.backbones.embedded import embedded_network

    return embedded_network(name)


def _squeezenet() -> "nn.Module":
    """SqueezeNet 1.1 whose first convolution pads by 1, so that every map has its full size."""
    from torch import nn

    network = _of_zoo("squeezenet1_1")
    first = network.get_submodule("features.0")
    if isinstance(first, nn.Conv2d):
        first.padding = (1, 1)  # inner values stay as they were trained
    return network
