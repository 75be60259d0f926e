"""Promises of working sizes, rendering and the catalogue of the door."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from engines.errors import EngineError
from engines.fewshot.method import UNSEEN_LOGIT
from engines.reporting import SilentReporter
from engines.sessions.catalog import backbone_choices, method_cards
from engines.sessions.encoding import resized, working_size
from engines.sessions.memory_ladder import is_memory_error, with_room
from engines.sessions.rendering import output_size, probabilities, without_rows


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((512, 512), (512, 512)),
        ((3000, 4000), (384, 512)),
        ((64, 48), (192, 144)),
        ((300, 210), (304, 208)),
        ((10, 10_000), (32, 512)),
    ],
)
def test_working_sizes(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert working_size(size, limit_px=512) == expected


def test_shrinking_averages_and_never_touches_the_original() -> None:
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    kept = board.copy()
    small = resized(board, (16, 16))
    assert small.shape == (16, 16, 3)
    assert np.abs(small.astype(int) - 127).max() <= 12
    same = resized(board, (64, 64))
    same[:] = 0
    np.testing.assert_array_equal(board, kept)


def test_the_output_limit_is_kept() -> None:
    assert output_size((300, 400), limit_px=120_000) == (300, 400)
    h, w = output_size((10_000, 10_000), limit_px=2_000_000)
    assert h * w <= 2_000_000 < (h + 1) * (w + 1)


def test_probabilities_equal_the_softmax_of_the_upsampled() -> None:
    logits = torch.randn(1, 4, 9, 13)
    full = torch.nn.functional.interpolate(logits, size=(50, 61), mode="bilinear")
    np.testing.assert_allclose(
        probabilities(logits, (50, 61)), full.softmax(1)[0].numpy(), atol=1e-6
    )


def test_barred_rows_vanish_unless_nothing_would_be_left() -> None:
    logits = torch.zeros(1, 3, 2, 2)
    logits[:, 2] = UNSEEN_LOGIT
    assert (without_rows(logits, frozenset({1}))[:, 1] == UNSEEN_LOGIT).all()
    assert torch.equal(without_rows(logits, frozenset({0, 1})), logits)
    assert torch.equal(without_rows(logits, frozenset({9})), logits)


def test_other_faults_pass_through_the_ladder() -> None:
    def broken() -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        with_room(broken, release=lambda: None, halve=lambda: 512, reporter=SilentReporter())
    assert is_memory_error(MemoryError())
    assert is_memory_error(RuntimeError("DefaultCPUAllocator: not enough memory: you tried"))
    assert not is_memory_error(ValueError("not enough memory"))


def test_the_catalogue_names_methods_and_backbones() -> None:
    assert {card.name for card in method_cards()} == {"probe", "panet", "text"}
    choices = backbone_choices()
    assert {"filters", "embedded"} <= {choice.name for choice in choices if choice.ready}
    assert all(choice.ready or choice.advice for choice in choices)


def test_the_catalogue_and_row_map_need_no_torch() -> None:
    code = (
        "import sys, engines.sessions.catalog as c, engines.row_map; c.method_cards();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_full_memory_is_known_by_whatever_words_this_machine_says_it() -> None:
    with pytest.raises(RuntimeError) as told:
        torch.empty(10**15)
    assert is_memory_error(told.value)
    assert is_memory_error(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))
    assert is_memory_error(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"))


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(EngineError, match="0 x 7"):
        working_size((0, 7), limit_px=512)
