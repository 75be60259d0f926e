"""Promises of the temperature."""

import pytest
import torch

from engines.fewshot.calibration import (
    DEFAULT_TEMPERATURE,
    HeldOut,
    expected_calibration_error,
    fitted_temperature,
)
from engines.fewshot.ridge import LinearHead

HEAD = LinearHead(torch.eye(3), torch.zeros(3), torch.ones(3, dtype=torch.bool))


def _held_out(temperature: float, marks: int) -> tuple[list[HeldOut], torch.Tensor, torch.Tensor]:
    """Scores whose true rows are drawn from softmax(score / temperature)."""
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(marks * 40, 3, generator=draw)
    rows = torch.multinomial((x / temperature).softmax(1), 1, generator=draw)[:, 0]
    held = [HeldOut(x[rows == row], row, HEAD) for row in range(3)]
    # One mark per row and slice, as strokes would be.
    split = [HeldOut(part, one.row, HEAD) for one in held for part in one.x.split(20)]
    return split, x, rows


@pytest.mark.parametrize("true", [0.05, 0.14, 0.6])
def test_it_finds_the_temperature_the_data_were_made_with(true: float) -> None:
    found = fitted_temperature(_held_out(true, 300)[0])
    assert found == pytest.approx(true, rel=0.25)


@pytest.mark.parametrize("true", [0.04, 0.8])
def test_calibration_error_falls(true: float) -> None:
    held, x, rows = _held_out(true, 200)
    before = expected_calibration_error((x / DEFAULT_TEMPERATURE).softmax(1), rows)
    after = expected_calibration_error((x / fitted_temperature(held)).softmax(1), rows)
    assert after < 0.5 * before


def test_little_evidence_stays_near_the_default() -> None:
    assert fitted_temperature([]) == DEFAULT_TEMPERATURE
    few = fitted_temperature(_held_out(0.8, 200)[0][:1])
    assert abs(few / DEFAULT_TEMPERATURE - 1) < 0.5


def test_rows_the_other_half_never_saw_do_not_count() -> None:
    blind = LinearHead(torch.eye(3), torch.zeros(3), torch.tensor([True, True, False]))
    assert fitted_temperature([HeldOut(torch.rand(9, 3), 2, blind)]) == DEFAULT_TEMPERATURE


def test_the_error_of_known_numbers() -> None:
    sure = torch.tensor([[0.9, 0.1]] * 10)
    assert expected_calibration_error(sure, torch.zeros(10).long()) == pytest.approx(0.1)
    assert expected_calibration_error(sure, torch.ones(10).long()) == pytest.approx(0.9)
