"""Promises of the networks: torchvision's own numbers, sizes as stated, weights never guessed."""

import math

import pytest
import torch
from torch import Tensor, nn

from engines.backbones.architectures import architecture, architectures, tensor_shapes
from engines.backbones.backbone import BackboneCard
from engines.backbones.mobilenet_v1 import NORM_EPSILON, from_keras_name, mobilenet_v1
from engines.backbones.networks import (
    NetworkBackbone,
    build_network,
    fold_normalisation,
)
from engines.backbones.preprocessing import preprocessing_named
from engines.device import Precision, choose_device
from engines.errors import UnknownName, UnusableWeights

QUICK = ["resnet18", "resnet50", "vgg16", "mobilenet_v1", "mobilenet_v2"]
QUICK += ["mobilenet_v3_large", "mobilenet_v3_small", "squeezenet1_1"]


def random_weights(name: str) -> dict[str, Tensor]:
    """Every tensor of a network, with normalisation that does something."""
    draw = torch.Generator().manual_seed(11)
    weights = {}
    for tensor_name, shape in tensor_shapes(name).items():
        values = torch.randn(shape, generator=draw)
        if len(shape) == 4:
            values *= math.sqrt(2 / (shape[1] * shape[2] * shape[3]))
        elif tensor_name.endswith("running_var"):
            values = values.abs() + 0.5
        else:
            values = values * 0.1 + (1.0 if tensor_name.endswith("weight") else 0.0)
        weights[tensor_name] = values
    return weights


def backbone(
    name: str,
    weights: dict[str, Tensor] | None = None,
    *,
    style: str = "imagenet",
    precision: Precision = "float32",
) -> NetworkBackbone:
    plan = architecture(name)
    specs = tuple(stage.spec for stage in plan.stages)
    card = BackboneCard(name, plan.title, specs, preprocessing_named(style), "none", None)
    multiple = specs[-1].stride if plan.whole_strides else 1
    device = choose_device("cpu", precision=precision)
    return NetworkBackbone(build_network(name, weights), card, device, size_multiple=multiple)


def maps_of_the_publisher(name: str, weights: dict[str, Tensor], images: Tensor) -> list[Tensor]:
    """What the whole, unfolded network computes on its way to its own classifier."""
    plan = architecture(name)
    with torch.device("meta"):
        network = plan.build()
    for head in ("fc", "classifier"):
        if hasattr(network, head):
            setattr(network, head, nn.Identity())
    network.to_empty(device="cpu")
    network.load_state_dict(weights, strict=False)
    seen: list[Tensor] = []
    for stage in plan.stages:
        last = network.get_submodule(stage.modules[-1])
        last.register_forward_hook(lambda _module, _inputs, out: seen.append(out.clone()))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.inference_mode():
        network.eval()((images - mean[:, None, None]) / std[:, None, None])
    return seen


@pytest.mark.parametrize("name", QUICK)
def test_the_maps_are_those_of_the_publishers_network(name: str) -> None:
    weights = random_weights(name)
    images = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    ours = backbone(name, weights).encode(images).maps
    theirs = maps_of_the_publisher(name, weights, images)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(other.abs().max()))


@pytest.mark.parametrize("name", list(architectures()))
def test_strides_and_channels_are_as_the_card_says(name: str) -> None:
    with torch.device("meta"):
        network = architecture(name).build()
        x = torch.zeros(1, 3, 64, 128)
    for stage in architecture(name).stages:
        for module in stage.modules:
            x = network.get_submodule(module).eval()(x)
        spec = stage.spec
        assert x.shape == (1, spec.channels, 64 // spec.stride, 128 // spec.stride)


@pytest.mark.parametrize("name", ["resnet18", "vgg16", "mobilenet_v3_small", "squeezenet1_1"])
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (70, 95)])
def test_every_size_gives_maps_of_the_rounded_up_size(name: str, size: tuple[int, int]) -> None:
    features = backbone(name).encode(torch.rand(1, 3, *size))
    for one, spec in zip(features.maps, features.specs, strict=True):
        h, w = math.ceil(size[0] / spec.stride), math.ceil(size[1] / spec.stride)
        assert one.shape == (1, spec.channels, h, w)
        assert one.dtype == torch.float32
        assert not one.requires_grad


@pytest.mark.parametrize("size", [(32, 32), (33, 47)])
def test_tensorflow_padding_gives_the_same_sizes(size: tuple[int, int]) -> None:
    features = backbone("mobilenet_v1", style="tf").encode(torch.rand(1, 3, *size))
    for one, spec in zip(features.maps, features.specs, strict=True):
        assert one.shape[-2:] == tuple(math.ceil(side / spec.stride) for side in size)


def test_bfloat16_answers_almost_alike() -> None:
    weights = random_weights("resnet18")
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    exact = backbone("resnet18", weights).encode(images).maps
    rounded = backbone("resnet18", weights, precision="bfloat16").encode(images).maps
    for one, other in zip(exact, rounded, strict=True):
        assert other.dtype == torch.float32
        assert not torch.equal(one, other), "bfloat16 was not used"
        assert (one - other).norm() < 0.03 * one.norm()


def test_random_weights_follow_their_seed_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (build_network("squeezenet1_1", None, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    images = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(first(images)[-1], again(images)[-1])
        assert not torch.equal(first(images)[-1], other(images)[-1])


def test_a_network_cut_short_needs_only_its_own_tensors() -> None:
    weights = random_weights("resnet18")
    short = {name: value for name, value in weights.items() if not name.startswith("layer4.")}
    network = build_network("resnet18", short, stage_count=3)
    with torch.inference_mode():
        assert [one.shape[1] for one in network(torch.zeros(1, 3, 32, 32))] == [64, 128, 256]
    with pytest.raises(UnusableWeights, match=r"layer4.*missing"):
        build_network("resnet18", short)


def test_a_misshaped_tensor_is_named() -> None:
    weights = random_weights("squeezenet1_1")
    weights["features.3.squeeze.weight"] = torch.zeros(16, 64, 3, 3)
    with pytest.raises(UnusableWeights, match=r"features\.3\.squeeze\.weight.*\(16, 64, 3, 3\)"):
        build_network("squeezenet1_1", weights)


def test_folding_leaves_no_normalisation_and_no_other_answer() -> None:
    network = build_network("mobilenet_v2", random_weights("mobilenet_v2"))
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        before = network(images)
        fold_normalisation(network)
        after = network(images)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    for one, other in zip(before, after, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


def test_images_are_prepared_as_each_publisher_does() -> None:
    pixel = torch.tensor([1.0, 0.5, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 32, 32)
    wanted = {
        "imagenet": [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0 - 0.406) / 0.225],
        "tf": [1.0, 0.0, -1.0],
        "caffe": [0 - 103.939, 127.5 - 116.779, 255 - 123.68],
    }
    for style, values in wanted.items():
        one = backbone("squeezenet1_1", style=style)
        seen: list[Tensor] = []
        first = next(m for m in one._network.modules() if isinstance(m, nn.Conv2d))
        first.register_forward_pre_hook(lambda _module, inputs, seen=seen: seen.append(inputs[0]))
        one.encode(pixel)
        assert seen[0][0, :, 5, 5].tolist() == pytest.approx(values, abs=1e-4)


def test_mobilenet_v1_has_the_epsilon_of_keras_and_its_layer_names() -> None:
    network = mobilenet_v1()
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {NORM_EPSILON}
    keras = ["conv_dw_12.depthwise_kernel", "conv_pw_1_bn.gamma", "conv1_bn.moving_variance"]
    assert {from_keras_name(name) for name in keras} <= set(network.state_dict())
    assert from_keras_name("layer1.0.bn1.weight") == "layer1.0.bn1.weight"


def test_names_nobody_has_are_refused() -> None:
    with pytest.raises(UnknownName, match="resnet18"):
        architecture("resnet19")
    with pytest.raises(UnknownName, match="imagenet, tf, centred, caffe"):
        preprocessing_named("keras")
