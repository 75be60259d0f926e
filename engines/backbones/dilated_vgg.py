"""VGG-16 as PANet uses it (Wang et al., ICCV 2019, section 3.2 and released settings): stride 8.

Pools are 3 x 3 with a border of 1, so that odd sides round up; the fourth does not shrink, and the
convolutions behind it reach twice as far instead. The last convolution has no ReLU, for cosines
want features of both signs. Tensors have the names and shapes of torchvision's VGG-16, whose
weights it therefore takes.
"""

from torch import Tensor, nn

WIDTHS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions per stage
UNSHRUNK_POOL = 3  # counted from 0: the fourth


class DilatedVgg16(nn.Module):
    """``features`` are numbered as torchvision numbers them; there is no classifier."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for stage, (width, count) in enumerate(WIDTHS):
            reach = 2 if stage > UNSHRUNK_POOL else 1
            for _ in range(count):
                layers.append(nn.Conv2d(channels, width, 3, padding=reach, dilation=reach))
                layers.append(nn.ReLU(inplace=True))
                channels = width
            stride = 1 if stage == UNSHRUNK_POOL else 2
            layers.append(nn.MaxPool2d(3, stride=stride, padding=1))
        self.features = nn.Sequential(*layers[:-2])  # nothing after the last convolution

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 3, H, W), normalised -> (B, 512, ceil(H / 8), ceil(W / 8))."""
        features: Tensor = self.features(x)
        return features
