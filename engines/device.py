"""Where torch works on this machine, in which precision: decided once, with the reason told."""

import os
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from engines.errors import EngineError, UnknownName
from engines.folders import cache_folder
from engines.precision import bfloat16_finding, has_bfloat16_units, processor_name

Precision = Literal["auto", "float32", "bfloat16", "float16"]
_SEED_LIMIT = 2**64
_WISH = re.compile(r"auto|cpu|mps|cuda(?::(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class Device:
    """One place to compute.

    ``autocast_dtype`` is None where networks run in float32. ``memory_bytes`` is the memory of the
    place, 0 where the system does not tell.
    """

    torch_device: torch.device
    autocast_dtype: torch.dtype | None
    channels_last: bool
    name: str
    title: str
    reason: str
    threads: int
    memory_bytes: int

    @property
    def precision(self) -> str:
        """``float32``, ``bfloat16`` or ``float16``."""
        return str(self.autocast_dtype or torch.float32).removeprefix("torch.")

    def autocast(self) -> AbstractContextManager[object]:
        """A context in which convolutions and products run in the precision chosen."""
        if self.autocast_dtype is None:
            return nullcontext()
        return torch.autocast(self.torch_device.type, dtype=self.autocast_dtype)

    def place(self, images: Tensor) -> Tensor:
        """images (B, C, H, W) -> the same on this device, laid out as its convolutions like it."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return images.to(self.torch_device, memory_format=layout)

    def summary(self) -> str:
        """One line for a person."""
        memory = f"{self.memory_bytes / 2**30:.1f} GiB" if self.memory_bytes else "memory unknown"
        threads = f"{self.threads} thread" + ("s" if self.threads != 1 else "")
        return f"{self.name}: {self.title}, {memory}, {threads}, {self.precision} ({self.reason})"


def choose_device(
    wish: str | None = None, *, precision: Precision = "auto", folder: Path | None = None
) -> Device:
    """Decide where to compute: ``auto`` (or None), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    ``precision`` overrules the choice, for measuring; ``folder`` remembers what was measured.
    Raises `UnknownName` for a name nobody has, `EngineError` for one this machine lacks.
    """
    name = (wish or "auto").strip().lower()
    known = _WISH.fullmatch(name)
    if known is None:
        raise UnknownName(f"No device is called '{wish}'. Choose auto, cpu, cuda, cuda:1 or mps.")
    if name == "auto":
        name = _best_name()
    if name == "cpu":
        return _processor(precision, folder or cache_folder())
    if name == "mps":
        return _apple(precision)
    return _cuda(int(known.group(1) or 0), precision)


def seeded_generator(seed: int, device: Device | None = None) -> torch.Generator:
    """A generator on ``device`` (the processor where None) that starts at ``seed``, in [0, 2^64).

    Different kinds of device draw different numbers from one seed.
    """
    if not 0 <= seed < _SEED_LIMIT:
        raise EngineError(f"The seed {seed} is not between 0 and 2^64 - 1.")
    place = device.torch_device if device else torch.device("cpu")
    return torch.Generator(device=place).manual_seed(seed)


def _best_name() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _processor(precision: Precision, folder: Path) -> Device:
    dtype, reason = _processor_precision(precision, folder)
    return Device(
        torch_device=torch.device("cpu"),
        autocast_dtype=dtype,
        channels_last=True,
        name="cpu",
        title=processor_name(),
        reason=reason,
        threads=torch.get_num_threads(),
        memory_bytes=_machine_memory(),
    )


def _processor_precision(precision: Precision, folder: Path) -> tuple[torch.dtype | None, str]:
    if precision != "auto":
        return _forced(precision), "as asked"
    if not has_bfloat16_units():
        return None, "no AMX or AVX512-BF16"
    finding = bfloat16_finding(folder)
    told = f"bfloat16 measured {finding.gain:.1f} times as fast as float32"
    return (torch.bfloat16 if finding.worth_it else None), told


def _cuda(index: int, precision: Precision) -> Device:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= count:
        raise EngineError(
            f"The device cuda:{index} is not on this machine ({count} CUDA device(s) found). "
            "Check the driver and the CUDA build of torch, or choose cpu."
        )
    native = torch.cuda.get_device_capability(index) >= (8, 0)  # older ones emulate bfloat16
    dtype = torch.bfloat16 if native else torch.float16
    facts = torch.cuda.get_device_properties(index)
    return Device(
        torch_device=torch.device("cuda", index),
        autocast_dtype=dtype if precision == "auto" else _forced(precision),
        channels_last=True,
        name=f"cuda:{index}",
        title=facts.name,
        reason=("native bfloat16" if native else "tensor cores")
        if precision == "auto"
        else "as asked",
        threads=torch.get_num_threads(),
        memory_bytes=facts.total_memory,
    )


def _apple(precision: Precision) -> Device:
    if not torch.backends.mps.is_available():
        raise EngineError(
            "The device mps is only on Apple computers with Metal; choose cpu or auto."
        )
    return Device(
        torch_device=torch.device("mps"),
        autocast_dtype=None if precision == "auto" else _forced(precision),
        channels_last=False,
        name="mps",
        title="Apple Metal",
        reason="float32 on Metal" if precision == "auto" else "as asked",
        threads=torch.get_num_threads(),
        memory_bytes=_machine_memory(),
    )


def _forced(precision: Precision) -> torch.dtype | None:
    if precision == "float32":
        return None
    return torch.bfloat16 if precision == "bfloat16" else torch.float16


def _machine_memory() -> int:
    """Bytes of memory in the machine; 0 where the system does not say (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
