"""The table of costs says what the networks themselves say when they are asked."""

import pytest
import torch
from torch import Tensor, nn

from engines.backbones.architectures import Architecture, architectures
from engines.backbones.costs import work_of


def counted(plan: Architecture) -> list[float]:
    """Billions of multiply-adds in convolutions per stage, for 512 px; shapes alone, no values."""
    with torch.device("meta"):
        network, x = plan.build().eval(), torch.zeros(1, 3, 512, 512)
    adds = 0

    def count(module: nn.Conv2d, _given: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal adds
        adds += out.numel() * module.weight[0].numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    stages = []
    for stage in plan.stages:
        adds = 0
        for name in stage.modules:
            x = network.get_submodule(name)(x)
        stages.append(adds / 1e9)
    return stages


@pytest.mark.parametrize("name", list(architectures()))
def test_the_table_of_work_is_what_the_network_does(name: str) -> None:
    plan = architectures()[name]
    stages = counted(plan)
    for count in range(1, len(stages) + 1):
        assert work_of(name, count) == pytest.approx(sum(stages[:count]), abs=0.01 * count)


def test_nothing_is_claimed_of_a_network_nobody_counted() -> None:
    assert work_of("another", 2) is None
