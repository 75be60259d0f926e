"""Reading weights from files that nobody vouches for, and writing our own so that none is torn."""

import hashlib
import os
import pickle
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from engines.errors import UnusableWeights

SIZE_LIMIT_BYTES = 2 * 2**30
TENSOR_LIMIT = 20_000
SAFETENSORS_SUFFIX = ".safetensors"
TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin")
_NESTS = ("state_dict", "model", "model_state_dict")

# What a damaged or hostile file makes torch's restricted unpickler raise. No blind catch: a bug of
# ours shows as something else, a full memory as MemoryError.
_UNREADABLE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    AssertionError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_tensors(file: Path) -> dict[str, Tensor]:
    """All named tensors of a safetensors or torch file, as stored; no code of the file runs.

    Raises `UnusableWeights` for a file that is absent, too large, damaged or of another kind.
    """
    size = _size_of(file)
    if size > SIZE_LIMIT_BYTES:
        raise UnusableWeights(
            f"{file.name} has {size / 2**30:.1f} GiB; weights of more than "
            f"{SIZE_LIMIT_BYTES / 2**30:.0f} GiB are not read."
        )
    suffix = file.suffix.lower()
    if suffix == SAFETENSORS_SUFFIX:
        tensors = _read_safetensors(file)
    elif suffix in TORCH_SUFFIXES:
        tensors = _read_torch(file)
    else:
        kinds = ", ".join((SAFETENSORS_SUFFIX, *TORCH_SUFFIXES))
        raise UnusableWeights(f"{file.name} is not a weights file; choose one of {kinds}.")
    if not tensors:
        raise UnusableWeights(f"{file.name} holds no named tensors; save a state dict of weights.")
    if len(tensors) > TENSOR_LIMIT:
        raise UnusableWeights(
            f"{file.name} holds {len(tensors)} tensors; {TENSOR_LIMIT} is the limit."
        )
    return tensors


def read_verified(file: Path, *, sha256: str) -> dict[str, Tensor]:
    """Tensors of a safetensors file whose content has this digest, else `UnusableWeights`."""
    if _size_of(file) > SIZE_LIMIT_BYTES:
        raise UnusableWeights(f"{file.name} is larger than weights may be; import it again.")
    content = file.read_bytes()  # once: what is hashed is what is parsed
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UnusableWeights(
            f"{file.name} is not the file that was imported (its digest differs from the card); "
            "import it again."
        )
    try:
        return safetensors.torch.load(content)
    except (SafetensorError, KeyError, ValueError) as error:  # KeyError: a dtype torch lacks
        raise UnusableWeights(f"{file.name} is damaged ({error}); import it again.") from error


def pack(tensors: Mapping[str, Tensor]) -> bytes:
    """The content of a safetensors file with these tensors, the same bytes every time."""
    plain = {name: tensors[name].detach().contiguous().clone() for name in sorted(tensors)}
    return safetensors.torch.save(plain)


def write_whole(file: Path, content: bytes) -> None:
    """Write ``content`` so that ``file`` is either the old one or the new one, never half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def check_finite(tensors: Mapping[str, Tensor], *, source: str) -> None:
    """Raise `UnusableWeights` naming the first tensor with an infinity or a NaN."""
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise UnusableWeights(
                f"{source}: the tensor {name} holds values that are not finite; "
                "the file is damaged or its training diverged."
            )


def _size_of(file: Path) -> int:
    try:
        if not file.is_file():
            raise UnusableWeights(f"There is no file {file}.")
        return file.stat().st_size
    except OSError as error:
        raise UnusableWeights(f"{file} cannot be read: {error.strerror}.") from error


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(file)
    except (SafetensorError, OSError, ValueError) as error:
        raise UnusableWeights(f"{file.name} is not a whole safetensors file ({error}).") from error


def _read_torch(file: Path) -> dict[str, Tensor]:
    _refuse_inflating(file)
    try:
        with warnings.catch_warnings(action="ignore"):  # what it thinks of foreign files
            content = torch.load(file, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        reason = type(error).__name__
        raise UnusableWeights(
            f"{file.name} cannot be read without running code from it, or is damaged ({reason}); "
            "save its state dict alone, best as safetensors."
        ) from error
    except OSError as error:
        raise UnusableWeights(f"{file.name} cannot be read: {error}.") from error
    return _named_tensors(content)


def _refuse_inflating(file: Path) -> None:
    """torch writes its zip members uncompressed; a packed one may grow beyond any limit."""
    try:
        if not zipfile.is_zipfile(file):
            return  # the older format: its lengths are checked while it is read
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise UnusableWeights(f"{file.name} is a damaged torch file ({error}).") from error
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
    if packed or sum(member.file_size for member in members) > SIZE_LIMIT_BYTES:
        raise UnusableWeights(f"{file.name} is not a plain torch file: its content is compressed.")


def _named_tensors(content: object) -> dict[str, Tensor]:
    """The tensors of a state dict, looked for below the usual names, two levels deep."""
    for _ in range(2):
        if not isinstance(content, Mapping):
            return {}
        nested = next((content[nest] for nest in _NESTS if nest in content), None)
        if not isinstance(nested, Mapping):
            break
        content = nested
    if not isinstance(content, Mapping):
        return {}
    return {k: v.detach() for k, v in content.items() if isinstance(k, str) and _is_plain(v)}


def _is_plain(value: object) -> bool:
    """A dense tensor in memory: no sparse, quantised or value-less one."""
    if not isinstance(value, Tensor) or value.is_quantized:
        return False
    return value.layout == torch.strided and value.device.type == "cpu"
