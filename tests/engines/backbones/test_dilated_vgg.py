"""PANet's VGG-16: torchvision's tensors, its own strides."""

import pytest
import torch
import torchvision.models as zoo
from torch import nn

from engines.backbones.architectures import architecture, tensor_shapes
from engines.backbones.dilated_vgg import DilatedVgg16
from engines.backbones.networks import build_network


def test_it_takes_the_tensors_of_torchvisions_vgg16() -> None:
    with torch.device("meta"):
        theirs = zoo.vgg16(weights=None).state_dict()
    ours = tensor_shapes("vgg16_panet")
    assert len(ours) == 26
    assert ours == {k: tuple(v.shape) for k, v in theirs.items() if k in ours}
    assert sum(int(torch.Size(shape).numel()) for shape in ours.values()) == 14_714_688


def test_a_side_of_417_gives_53_cells_and_odd_sides_round_up() -> None:
    with torch.device("meta"):
        network = DilatedVgg16()
        assert network(torch.zeros(1, 3, 417, 417)).shape == (1, 512, 53, 53)
        assert network(torch.zeros(1, 3, 33, 50)).shape == (1, 512, 5, 7)


def test_the_maps_are_where_their_card_says() -> None:
    network = build_network("vgg16_panet", None, seed=1)
    specs = [stage.spec for stage in architecture("vgg16_panet").stages]
    maps = network(torch.rand(1, 3, 49, 66, generator=torch.Generator().manual_seed(0)))
    for one, spec in zip(maps, specs, strict=True):
        shape = (1, spec.channels, -(-49 // spec.stride), -(-66 // spec.stride))
        assert tuple(one.shape) == shape
    assert bool((maps[-1] < 0).any())  # no ReLU after the last convolution
    assert not bool((maps[-2] < 0).any())


def test_the_fourth_pool_keeps_the_size_and_the_fifth_stage_reaches_twice_as_far() -> None:
    layers = list(DilatedVgg16().features)
    pools = [one for one in layers if isinstance(one, nn.MaxPool2d)]
    assert [(p.kernel_size, p.stride, p.padding) for p in pools] == [
        (3, 2, 1), (3, 2, 1), (3, 2, 1), (3, 1, 1),
    ]  # fmt: skip
    reach = [one.dilation for one in layers if isinstance(one, nn.Conv2d)]
    assert reach == [(1, 1)] * 10 + [(2, 2)] * 3


@pytest.mark.parametrize("wanted", ["vgg16", "vgg16_panet"])
def test_a_file_of_vgg16_is_either_by_name(wanted: str) -> None:
    from engines.backbones.importing import find_fit

    tensors = {name: torch.zeros(shape) for name, shape in tensor_shapes("vgg16").items()}
    assert find_fit(tensors, "file", None).plan.name == "vgg16"
    assert find_fit(tensors, "file", wanted).plan.name == wanted
