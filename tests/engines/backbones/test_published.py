"""Promises of the table of published weights: safe addresses, licences, and maps that are true."""

from urllib.parse import urlsplit

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from engines.backbones.architectures import architectures
from engines.backbones.families import foreign_name, is_foreign
from engines.backbones.open_clip_nets import build_clip, clip_preprocessing, dense_clip
from engines.backbones.preprocessing import PREPROCESSINGS
from engines.backbones.published import PUBLISHED, Published, published_as
from engines.backbones.timm_nets import build_timm, dense_timm, timm_preprocessing
from engines.weights import check_name

HOSTS = {"download.pytorch.org", "huggingface.co"}
FOREIGN = [one for one in PUBLISHED.values() if is_foreign(one.architecture)]


@pytest.mark.parametrize("one", PUBLISHED.values(), ids=lambda one: one.name)
def test_every_row_has_a_safe_address_and_a_licence(one: Published) -> None:
    check_name(one.name)
    where = urlsplit(one.url)
    assert where.scheme == "https"
    assert where.hostname in HOSTS
    assert where.path.endswith((".pth", ".safetensors"))
    assert one.licence
    assert one.preprocessing in PREPROCESSINGS
    assert is_foreign(one.architecture) or one.architecture in architectures()
    assert all(letter in "0123456789abcdef" for letter in one.sha256)
    assert bool(one.sha256) == (where.hostname == "download.pytorch.org")


@pytest.mark.parametrize("one", FOREIGN, ids=lambda one: one.name)
def test_the_maps_of_the_table_are_those_of_the_network(one: Published) -> None:
    known = foreign_name(one.architecture)
    with torch.device("meta"):
        if known.family.name == "timm":
            dense = dense_timm(build_timm(known.network), known.network)
            told = timm_preprocessing(known.network)
        else:
            dense = dense_clip(build_clip(known.network), known.network)
            told = clip_preprocessing(known.network)
    assert one.maps == tuple((s.name, s.stride, s.channels) for s in dense.specs)
    assert one.preprocessing == told
    side = -(-512 // dense.multiple) * dense.multiple
    with FlopCounterMode(display=False) as counted, torch.inference_mode():
        dense.eval()(torch.zeros(1, 3, side, side, device="meta"))
    assert one.work == pytest.approx(counted.get_total_flops() / 2e9, rel=0.01)


def test_a_network_is_found_by_what_it_is() -> None:
    found = published_as("open_clip:RN50-quickgelu")
    assert found is not None
    assert found.name == "clip_rn50"
    assert published_as("timm:nothing") is None
