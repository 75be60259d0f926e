"""Promises of the device: one decision, told with its reason, and numbers that follow a seed."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from engines import device as device_module
from engines import precision
from engines.device import choose_device, seeded_generator
from engines.errors import EngineError, UnknownName
from engines.precision import PrecisionFinding, bfloat16_finding, measure, processor_name

FAST = PrecisionFinding("toy", torch.__version__, 4.0, 1.0)
SLOW = replace(FAST, bfloat16_ms=4.0)


@pytest.fixture
def capable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without CUDA or Metal whose processor has bfloat16 units."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(device_module, "has_bfloat16_units", lambda: True)


def found(finding: PrecisionFinding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_module, "bfloat16_finding", lambda _folder: finding)


def test_a_processor_that_is_faster_in_bfloat16_uses_it(
    capable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(FAST, monkeypatch)
    device = choose_device()
    assert (device.name, device.precision) == ("cpu", "bfloat16")
    assert "4.0 times" in device.summary()
    with device.autocast():
        assert (torch.ones(8, 8) @ torch.ones(8, 8)).dtype == torch.bfloat16


def test_a_processor_that_gains_nothing_stays_exact(
    capable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(SLOW, monkeypatch)
    device = choose_device("auto")
    assert device.autocast_dtype is None
    with device.autocast():
        assert (torch.ones(8, 8) @ torch.ones(8, 8)).dtype == torch.float32


def test_a_processor_without_the_units_is_not_even_measured(
    capable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_module, "has_bfloat16_units", lambda: False)
    monkeypatch.setattr(device_module, "bfloat16_finding", lambda _folder: pytest.fail("measured"))
    assert choose_device("cpu").precision == "float32"


def test_a_precision_asked_for_is_taken(capable: None) -> None:
    assert choose_device("cpu", precision="bfloat16").precision == "bfloat16"
    assert choose_device("cpu", precision="float32").reason == "as asked"


@pytest.mark.parametrize("wish", ["gpu", "cuda:x", "cpu:0", "tpu", "cuda:-1"])
def test_names_nobody_has_are_refused(wish: str) -> None:
    with pytest.raises(UnknownName, match="Choose auto, cpu"):
        choose_device(wish)


@pytest.mark.parametrize("wish", ["cuda", "cuda:3", "mps"])
def test_a_device_that_is_not_here_is_refused_and_not_replaced(wish: str, capable: None) -> None:
    with pytest.raises(EngineError, match=wish):
        choose_device(wish)


@pytest.mark.parametrize(
    ("capability", "precision"), [((7, 5), "float16"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")]
)
def test_a_graphics_card_computes_in_the_half_it_has(
    capability: tuple[int, int], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = SimpleNamespace(name="Toy card", total_memory=2**34)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _index: capability)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _index: facts)
    device = choose_device("cuda:1")
    assert (device.precision, device.torch_device) == (precision, torch.device("cuda", 1))
    assert "Toy card, 16.0 GiB" in device.summary()
    assert choose_device().name == "cuda:0"
    with pytest.raises(EngineError, match="cuda:2"):
        choose_device("cuda:2")


def test_metal_computes_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    device = choose_device()
    assert (device.name, device.precision, device.channels_last) == ("mps", "float32", False)


def test_images_are_laid_out_as_the_device_likes(capable: None) -> None:
    device = choose_device("cpu", precision="float32")
    placed = device.place(torch.rand(2, 3, 8, 8))
    assert placed.is_contiguous(memory_format=torch.channels_last)
    plain = replace(device, channels_last=False).place(placed)
    assert plain.is_contiguous()


def test_the_memory_and_the_processor_are_told(capable: None) -> None:
    device = choose_device("cpu", precision="float32")
    assert device.memory_bytes == 0 or device.memory_bytes > 2**28
    assert device.title == processor_name() != ""
    assert "memory unknown" in replace(device, memory_bytes=0).summary()


def test_one_seed_gives_one_sequence() -> None:
    first, again, other = (torch.rand(4, generator=seeded_generator(seed)) for seed in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert seeded_generator(2**64 - 1).initial_seed() == 2**64 - 1
    for seed in (-1, 2**64):
        with pytest.raises(EngineError, match="seed"):
            seeded_generator(seed)


def test_a_clear_gain_is_measured_once_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = replace(FAST, processor=processor_name())
    monkeypatch.setattr(precision, "measure", lambda: fast)
    assert bfloat16_finding(tmp_path) == fast
    monkeypatch.setattr(precision, "measure", lambda: pytest.fail("measured again"))
    assert bfloat16_finding(tmp_path) == fast


def test_no_gain_is_looked_at_again_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = (replace(one, processor=processor_name()) for one in (SLOW, FAST))
    monkeypatch.setattr(precision, "measure", lambda: slow)
    assert bfloat16_finding(tmp_path) == slow
    monkeypatch.setattr(precision, "measure", lambda: fast)
    assert bfloat16_finding(tmp_path) == fast


@pytest.mark.parametrize("change", [{"torch_version": "1.0"}, {"processor": "other"}])
def test_what_another_machine_measured_does_not_count(
    change: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = replace(FAST, processor=processor_name())
    monkeypatch.setattr(precision, "measure", lambda: replace(fast, **change))
    bfloat16_finding(tmp_path)
    monkeypatch.setattr(precision, "measure", lambda: fast)
    assert bfloat16_finding(tmp_path) == fast


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"processor": 1}', "x" * 100_000, "[" * 60_000]
)
def test_a_damaged_note_is_measured_anew(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "precision.json").write_text(content)
    monkeypatch.setattr(precision, "measure", lambda: SLOW)
    assert bfloat16_finding(tmp_path) == SLOW


def test_measuring_takes_both_precisions_and_little_time() -> None:
    threads = torch.get_num_threads()
    finding = measure()
    assert finding.float32_ms > 0
    assert finding.bfloat16_ms > 0
    assert torch.get_num_threads() == threads
