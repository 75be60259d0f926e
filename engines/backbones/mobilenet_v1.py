"""MobileNetV1, which torchvision does not have: thirteen depthwise separable blocks in a row.

Howard et al., "MobileNets", 2017, table 1, width 1.0. Modules carry the layer names of Keras
(``conv_dw_1``, ``conv_pw_1_bn`` ...), so a Keras file needs only its suffixes translated.
"""

from collections import OrderedDict

from torch import nn

NORM_EPSILON = 1e-3  # Keras' value; torch's own is 1e-5

# (channels out, stride) of the pointwise and depthwise half of every block.
_BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
)

_KERAS_SUFFIXES = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def mobilenet_v1() -> nn.Module:
    """Blocks 1 to 12 as one Sequential; (B, 3, H, W) -> (B, 1024, H / 32, W / 32)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    _add(layers, "conv1", nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False))
    width = 32
    for number, (out, stride) in enumerate(_BLOCKS, start=1):
        depthwise = nn.Conv2d(width, width, 3, stride, padding=1, groups=width, bias=False)
        _add(layers, f"conv_dw_{number}", depthwise)
        _add(layers, f"conv_pw_{number}", nn.Conv2d(width, out, 1, bias=False))
        width = out
    return nn.Sequential(layers)


def from_keras_name(name: str) -> str:
    """``conv_dw_1_bn.gamma`` -> ``conv_dw_1_bn.weight``; other names come back as they are."""
    layer, dot, suffix = name.rpartition(".")
    return f"{layer}{dot}{_KERAS_SUFFIXES.get(suffix, suffix)}"


def _add(layers: OrderedDict[str, nn.Module], name: str, convolution: nn.Conv2d) -> None:
    layers[name] = convolution
    layers[f"{name}_bn"] = nn.BatchNorm2d(convolution.out_channels, eps=NORM_EPSILON)
    layers[f"{name}_relu"] = nn.ReLU6(inplace=True)
