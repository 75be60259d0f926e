"""The project's own small networks: dense features at strides 4, 8 and 16, made for processors.

Three designs were compared (docs/benchmarks.md). All are trained by `engines.distillation`; the one
called ``embedded`` ships in assets/models. Dense 3 x 3 convolutions are used where processors have
units for them (AMX), since they fill those better than depthwise ones of as many parameters.
"""

from collections import OrderedDict

from torch import Tensor, nn

from engines.backbones.embedded_plans import EMBEDDED_PLANS, EmbeddedPlan, Kind


def embedded_network(name: str) -> nn.Module:
    """A design by name; (B, 3, H, W) -> the map of stride 16; `KeyError` for an unknown name."""
    plan = EMBEDDED_PLANS[name]
    layers: OrderedDict[str, nn.Module] = OrderedDict(stem=_stem(plan))
    width = plan.stem[1]
    for number, (out, count) in enumerate(zip(plan.widths, plan.blocks, strict=True)):
        layers[f"stage{4 << number}"] = _stage(plan.kind, width, out, count, first=number == 0)
        width = out
    return nn.Sequential(layers)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a short cut (He et al., 2016, figure 5 left)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(channels_in, channels, stride=stride)
        self.relu = nn.ReLU(inplace=True)
        self.second = _convolution(channels, channels)
        same = channels_in == channels and stride == 1
        shortcut = _convolution(channels_in, channels, kernel=1, stride=stride)
        self.shortcut: nn.Module = nn.Identity() if same else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C, H / stride, W / stride)."""
        y: Tensor = self.second(self.relu(self.first(x)))
        out: Tensor = self.relu(y + self.shortcut(x))
        return out


class DepthwiseBlock(nn.Module):
    """A 5 x 5 depthwise convolution, then a pointwise pair that widens by two, with a short cut."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(
            channels_in, channels_in, kernel=5, stride=stride, groups=channels_in
        )
        self.second = _convolution(channels_in, 2 * channels, kernel=1)
        self.relu = nn.ReLU(inplace=True)
        self.third = _convolution(2 * channels, channels, kernel=1)
        same = channels_in == channels and stride == 1
        shortcut = _convolution(channels_in, channels, kernel=1, stride=stride)
        self.shortcut: nn.Module = nn.Identity() if same else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C, H / stride, W / stride)."""
        y: Tensor = self.third(self.relu(self.second(self.first(x))))
        out: Tensor = self.relu(y + self.shortcut(x))
        return out


_BLOCKS: dict[Kind, type[ResidualBlock] | type[DepthwiseBlock]] = {
    "residual": ResidualBlock,
    "depthwise": DepthwiseBlock,
}


def _stem(plan: EmbeddedPlan) -> nn.Sequential:
    first, second = plan.stem
    return nn.Sequential(
        _convolution(3, first, stride=2),
        nn.ReLU(inplace=True),
        _convolution(first, second, stride=2),
        nn.ReLU(inplace=True),
    )


def _stage(kind: Kind, width: int, out: int, count: int, *, first: bool) -> nn.Sequential:
    block = _BLOCKS[kind]
    strides = [1 if first else 2] + [1] * (count - 1)
    widths = [width] + [out] * (count - 1)
    return nn.Sequential(*(block(w, out, s) for w, s in zip(widths, strides, strict=True)))


def _convolution(
    channels_in: int, channels: int, *, kernel: int = 3, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
    )
