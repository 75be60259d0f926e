"""Borders of images and convolutions: what every backbone asks of its input, and how it pads."""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

from engines.errors import EngineError
from engines.tensors import check_shape

SMALLEST_SIDE = 32


def check_images(images: Tensor) -> None:
    """Raise `EngineError` unless images are (B, 3, H, W) float with H, W >= 32."""
    lengths = check_shape(images, "B 3 H W", what="The images for a backbone")
    if not images.is_floating_point():
        raise EngineError(f"A backbone needs float images in [0, 1] but got {images.dtype}.")
    if lengths["B"] < 1 or min(lengths["H"], lengths["W"]) < SMALLEST_SIDE:
        raise EngineError(
            f"A backbone needs at least one image with sides of {SMALLEST_SIDE} px or more but got "
            f"shape {tuple(images.shape)}; enlarge it first."
        )


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """(B, C, H, W) -> H and W rounded up to ``multiple``, repeating the last row and column."""
    H, W = images.shape[-2:]
    below, right = -H % multiple, -W % multiple
    if not (below or right):
        return images
    return F.pad(images, (0, right, 0, below), mode="replicate")


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis such that ceil(size / stride) outputs come out.

    TensorFlow's SAME: the odd one goes after, so a 3 x 3 kernel of stride 2 pads (0, 1) on even
    sizes and (1, 1) on odd ones, where torch's ``padding=1`` always pads (1, 1).
    """
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class SamePaddedConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's SAME instead of by its own ``padding``."""

    def forward(self, x: Tensor) -> Tensor:
        """x (B, C, H, W) -> (B, C', ceil(H / stride), ceil(W / stride))."""
        rows = same_padding(x.shape[-2], self.kernel_size[0], self.stride[0])
        columns = same_padding(x.shape[-1], self.kernel_size[1], self.stride[1])
        padded = F.pad(x, (*columns, *rows))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def pad_like_tensorflow(network: nn.Module) -> None:
    """Make every strided, padded convolution of ``network`` pad as TensorFlow's SAME, in place."""
    for module in network.modules():
        if type(module) is nn.Conv2d and module.stride != (1, 1) and module.padding != (0, 0):
            module.__class__ = SamePaddedConv2d  # same weights, same attributes, other border
