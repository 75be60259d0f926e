"""Promises of checkpoints: whole or not at all, the newest counts, nothing altered is taken."""

from pathlib import Path

import pytest
import torch

from engines.checkpoints import latest_checkpoint, load_checkpoint, save_checkpoint
from engines.errors import UnusableWeights

PARTS = {"model": {"a": torch.arange(6.0).reshape(2, 3)}, "average": {"a": torch.ones(2)}}


def test_what_was_saved_comes_back_and_older_ones_go(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "nowhere") is None
    for step in (5, 20):
        save_checkpoint(tmp_path, step, PARTS, {"seconds": 1.5})
    place = latest_checkpoint(tmp_path)
    assert place is not None
    assert [one.name for one in tmp_path.iterdir()] == ["step-000000020"]
    parts, state = load_checkpoint(place)
    assert (state["step"], state["seconds"]) == (20, 1.5)
    assert torch.equal(parts["model"]["a"], PARTS["model"]["a"])


def test_a_part_that_is_empty_as_yet_is_left_out(tmp_path: Path) -> None:
    place = save_checkpoint(tmp_path, 0, {**PARTS, "momentum": {}}, {})
    assert set(load_checkpoint(place)[0]) == {"model", "average"}


def test_no_file_outgrows_sixteen_mebibytes(tmp_path: Path) -> None:
    draw = torch.Generator().manual_seed(0)
    large = {f"t{n}": torch.rand(1 << 20, generator=draw) for n in range(9)}  # 4 MiB each
    place = save_checkpoint(tmp_path, 1, {"model": large, "average": {"t": large["t0"]}}, {})
    sizes = [file.stat().st_size for file in place.glob("*.safetensors")]
    assert max(sizes) < 16 << 20
    assert len(sizes) == 4
    back = load_checkpoint(place)[0]
    assert list(back) == ["model", "average"]
    assert all(torch.equal(back["model"][name], one) for name, one in large.items())


def test_a_checkpoint_of_uncut_files_is_read_as_well(tmp_path: Path) -> None:
    place = save_checkpoint(tmp_path, 1, PARTS, {})
    for file in place.glob("*.safetensors"):
        file.rename(file.with_name(file.name.replace(".part0", "")))
    state = place / "state.json"
    state.write_text(state.read_text().replace(".part0", ""))
    assert set(load_checkpoint(place)[0]) == {"model", "average"}


def test_the_same_step_may_be_saved_again(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 3, PARTS, {"seconds": 1})
    place = save_checkpoint(tmp_path, 3, PARTS, {"seconds": 2})
    assert load_checkpoint(place)[1]["seconds"] == 2


def test_what_a_kill_left_half_written_does_not_count(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 4, PARTS, {})
    (tmp_path / ".growing-77").mkdir()
    (tmp_path / ".growing-77" / "model.safetensors").write_bytes(b"half")
    place = latest_checkpoint(tmp_path)
    assert place is not None
    assert place.name == "step-000000004"


def test_an_altered_or_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    place = save_checkpoint(tmp_path, 4, PARTS, {})
    file = place / "model.part0.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UnusableWeights, match="altered"):
        load_checkpoint(place)
    (place / "state.json").write_text("{}")
    with pytest.raises(UnusableWeights, match="cannot be read"):
        load_checkpoint(place)


def test_a_part_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    outside = save_checkpoint(tmp_path / "other", 1, {"secret": {"a": torch.ones(1)}}, {})
    place = save_checkpoint(tmp_path / "run", 1, PARTS, {})
    text = (place / "state.json").read_text().replace('"model.part0"', f'"{outside}/secret"')
    (place / "state.json").write_text(text)
    with pytest.raises(UnusableWeights):
        load_checkpoint(place)
