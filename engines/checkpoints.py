"""Checkpoints of a training run: several safetensors files and one state, each put in place whole.

A checkpoint is a folder that appears under its final name only when it is complete, so a kill at
any moment leaves the one before. Files are cut where they would grow beyond 16 MiB, so that they
travel by any way; only a single tensor may be larger.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import safetensors.torch
from torch import Tensor

from engines.errors import UnusableWeights
from engines.weight_files import read_tensors

_NAME = re.compile(r"step-(\d{9})")
_STATE_LIMIT_BYTES = 1 << 20
_CUT = re.compile(r"(.+)\.part\d+")
FILE_LIMIT_BYTES = 15 << 20  # of tensors in one file; its head comes on top


def save_checkpoint(
    folder: Path, step: int, parts: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, object]
) -> Path:
    """Write ``parts`` (file stem -> tensors) and ``state``; older checkpoints go afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"step-{step:09d}"
    growing = folder / f".growing-{os.getpid()}"
    shutil.rmtree(growing, ignore_errors=True)
    growing.mkdir()
    digests = {}
    for stem, tensors in parts.items():
        for number, some in enumerate(_cut(tensors)):
            content = safetensors.torch.save(some)
            file = f"{stem}.part{number}"
            digests[file] = hashlib.sha256(content).hexdigest()
            _write(growing / f"{file}.safetensors", content)
    text = json.dumps({"step": step, "digests": digests, **state}, indent=1)
    _write(growing / "state.json", text.encode())
    if place.exists():
        shutil.rmtree(place)
    growing.rename(place)
    for other in folder.iterdir():
        if _NAME.fullmatch(other.name) and other != place:
            shutil.rmtree(other, ignore_errors=True)
    return place


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint; None where there is none."""
    if not folder.is_dir():
        return None
    found = sorted(one for one in folder.iterdir() if _NAME.fullmatch(one.name))
    return found[-1] if found else None


def load_checkpoint(place: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, object]]:
    """Parts and state as saved; `UnusableWeights` where something is missing or altered."""
    file = place / "state.json"
    try:
        if file.stat().st_size > _STATE_LIMIT_BYTES:
            raise ValueError("it is too large")
        state = json.loads(file.read_text(encoding="utf-8"))
        digests = dict(state["digests"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnusableWeights(f"The checkpoint {place.name} cannot be read: {error}.") from error
    parts: dict[str, dict[str, Tensor]] = {}
    for stem, digest in digests.items():
        part = place / f"{Path(str(stem)).name}.safetensors"
        tensors = read_tensors(part)
        if hashlib.sha256(part.read_bytes()).hexdigest() != digest:
            raise UnusableWeights(f"{part.name} of {place.name} was altered; start anew.")
        cut = _CUT.fullmatch(str(stem))
        parts.setdefault(cut.group(1) if cut else str(stem), {}).update(tensors)
    return parts, state


def _cut(tensors: Mapping[str, Tensor]) -> Iterator[dict[str, Tensor]]:
    """The tensors in groups of at most `FILE_LIMIT_BYTES`; nothing for no tensors."""
    group: dict[str, Tensor] = {}
    size = 0
    for name, one in tensors.items():
        if group and size + one.nbytes > FILE_LIMIT_BYTES:
            yield group
            group, size = {}, 0
        group[name] = one.detach().cpu().contiguous()
        size += one.nbytes
    if group:
        yield group


def _write(place: Path, content: bytes) -> None:
    with place.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
