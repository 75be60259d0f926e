"""Promises of reading foreign weights: limits hold, damage is told, our own files are whole."""

import contextlib
import hashlib
import random
from pathlib import Path

import pytest
import safetensors.torch
import torch

from engines import weight_files
from engines.errors import UnusableWeights
from engines.weight_files import check_finite, pack, read_tensors, read_verified, write_whole


def saved(folder: Path, count: int = 3) -> Path:
    file = folder / "net.safetensors"
    safetensors.torch.save_file({f"t{i}": torch.full((4,), float(i)) for i in range(count)}, file)
    return file


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableWeights, match=r"no file .*nowhere\.pt"):
        read_tensors(tmp_path / "nowhere.pt")
    with pytest.raises(UnusableWeights, match="no file"):
        read_tensors(tmp_path)


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"x")
    with pytest.raises(UnusableWeights, match="safetensors"):
        read_tensors(tmp_path / "net.onnx")


def test_too_large_a_file_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_files, "SIZE_LIMIT_BYTES", 10)
    with pytest.raises(UnusableWeights, match="GiB"):
        read_tensors(saved(tmp_path))
    with pytest.raises(UnusableWeights, match="larger"):
        read_verified(saved(tmp_path), sha256="0" * 64)


def test_too_many_tensors_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight_files, "TENSOR_LIMIT", 2)
    with pytest.raises(UnusableWeights, match="3 tensors"):
        read_tensors(saved(tmp_path, 3))


@pytest.mark.parametrize("keep", [0, 5, 40, -3])
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_file_cut_off_is_refused(tmp_path: Path, suffix: str, keep: int) -> None:
    file = tmp_path / f"net{suffix}"
    tensors = {"a": torch.ones(4)}
    file.write_bytes(pack(tensors))
    if suffix == ".pt":
        torch.save(tensors, file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(UnusableWeights, match="net"):
        read_tensors(file)


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {1: torch.ones(2)}, {}, torch.ones(3)])
def test_torch_files_without_named_tensors_are_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(UnusableWeights, match="no named tensors"):
        read_tensors(tmp_path / "net.pt")


def test_tensors_without_values_do_not_count(tmp_path: Path) -> None:
    content = {"dense": torch.ones(2), "empty": torch.ones(2, device="meta"), "epoch": 3}
    torch.save(content, tmp_path / "net.pt")
    assert list(read_tensors(tmp_path / "net.pt")) == ["dense"]


def test_a_changed_byte_breaks_the_digest(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    content = bytearray(pack({"a": torch.arange(6.0)}))
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    assert read_verified(file, sha256=digest)["a"].tolist() == [0, 1, 2, 3, 4, 5]
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(UnusableWeights, match="digest"):
        read_verified(file, sha256=digest)


def test_the_same_tensors_give_the_same_bytes() -> None:
    a, b = torch.arange(3.0), torch.ones(2, 2)
    assert pack({"a": a, "b": b}) == pack({"b": b, "a": a})


def test_shared_and_turned_tensors_can_be_packed() -> None:
    a = torch.arange(6.0).reshape(2, 3)
    kept = safetensors.torch.load(pack({"plain": a, "turned": a.T}))
    assert torch.equal(kept["turned"], a.T)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "card.json"
    write_whole(file, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_first_tensor_that_is_not_finite_is_named() -> None:
    check_finite({"a": torch.ones(3)}, source="net.pt")
    with pytest.raises(UnusableWeights, match=r"net\.pt: the tensor b"):
        check_finite({"a": torch.ones(3), "b": torch.tensor([1.0, float("inf")])}, source="net.pt")


def test_torch_files_with_any_byte_changed_are_read_or_refused_in_words(tmp_path: Path) -> None:
    draw = random.Random(0)
    for legacy in (True, False):
        file = tmp_path / f"{legacy}.pth"
        torch.save({"a": torch.zeros(2)}, file, _use_new_zipfile_serialization=not legacy)
        content = file.read_bytes()
        for _ in range(400):
            changed = bytearray(content)
            for _ in range(draw.choice((1, 2, 5))):
                changed[draw.randrange(len(changed))] = draw.randrange(256)
            file.write_bytes(changed)
            with contextlib.suppress(UnusableWeights):
                read_tensors(file)


def test_a_zip_of_a_later_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "net.pth"
    torch.save({"a": torch.zeros(2)}, file)
    content = bytearray(file.read_bytes())
    needed = content.rfind(b"PK\x01\x02") + 6
    content[needed : needed + 2] = b"\xff\x03"
    file.write_bytes(content)
    with pytest.raises(UnusableWeights, match="damaged torch file"):
        read_tensors(file)


def test_verified_content_of_a_dtype_that_torch_lacks_is_refused(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]}}'
    file = tmp_path / "net.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(3))
    with pytest.raises(UnusableWeights, match="damaged"):
        read_verified(file, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
