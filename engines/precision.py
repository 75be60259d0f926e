"""Whether bfloat16 is really faster on this processor: asked once, measured, then remembered."""

import json
import logging
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.nn import functional as F  # noqa: N812  the name every reader of torch knows

_LOG = logging.getLogger(__name__)

WORTH_IT = 1.25  # below this gain the rounding of bfloat16 buys nothing
_LIMIT_BYTES = 64 * 1024  # a remembered measurement is some hundred bytes
_BUDGET_S = 0.2


@dataclass(frozen=True, slots=True)
class PrecisionFinding:
    """Milliseconds of one 3x3 convolution in both precisions, on one processor."""

    processor: str
    torch_version: str
    float32_ms: float
    bfloat16_ms: float

    @property
    def gain(self) -> float:
        """How many times faster bfloat16 is."""
        return self.float32_ms / max(self.bfloat16_ms, 1e-6)

    @property
    def worth_it(self) -> bool:
        """Whether bfloat16 should be used."""
        return self.gain >= WORTH_IT


def processor_name() -> str:
    """What the maker calls the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine() or "unknown processor"
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine() or "unknown processor")


def has_bfloat16_units() -> bool:
    """Whether the processor says it has AMX tiles or AVX512-BF16; without them it only emulates."""
    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    asked = (getattr(torch.cpu, probe, None) for probe in probes)
    return any(bool(probe()) for probe in asked if callable(probe))


def bfloat16_finding(folder: Path) -> PrecisionFinding:
    """The remembered measurement of this processor in ``folder``, else a fresh one (< 0.3 s).

    Only a clear gain is remembered: where a busy machine hid it, the next start looks again.
    """
    place = folder / "precision.json"
    known = _recall(place)
    if known is not None:
        return known
    fresh = measure()
    if fresh.worth_it:
        _remember(place, fresh)
    return fresh


def measure() -> PrecisionFinding:
    """Time a convolution of the size that fills most of a small ResNet, in both precisions.

    The two take turns on one thread for a fixed time and the best of each counts: other work on
    the machine then slows both or neither, where threads waiting for each other would hide the
    gain. The number of threads is put back.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        float32_ms, bfloat16_ms = _best_times()
    finally:
        torch.set_num_threads(threads)
    return PrecisionFinding(processor_name(), torch.__version__, float32_ms, bfloat16_ms)


def _best_times() -> tuple[float, float]:
    """Milliseconds of the convolution in float32 and in bfloat16."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(1, 64, 96, 96, generator=draw).contiguous(
        memory_format=torch.channels_last
    )
    kernel = torch.randn(64, 64, 3, 3, generator=draw)
    exact, rounded = (images, kernel), (images.bfloat16(), kernel.bfloat16())
    took: tuple[list[float], list[float]] = ([], [])
    with torch.inference_mode():
        for pair in (exact, rounded):
            F.conv2d(*pair, padding=1)  # the first call also compiles
        stop = time.perf_counter() + _BUDGET_S
        while not took[0] or time.perf_counter() < stop:
            for pair, seconds in zip((exact, rounded), took, strict=True):
                start = time.perf_counter()
                F.conv2d(*pair, padding=1)
                seconds.append(time.perf_counter() - start)
    return min(took[0]) * 1000, min(took[1]) * 1000


def _recall(place: Path) -> PrecisionFinding | None:
    """A measurement made here by this torch; None where there is none."""
    try:
        if place.stat().st_size > _LIMIT_BYTES:
            return None
        found = PrecisionFinding(**json.loads(place.read_text(encoding="utf-8")))
        same_torch = found.torch_version == torch.__version__
        same_processor = found.processor == processor_name()
        return found if same_torch and same_processor and found.worth_it else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None  # absent or damaged: measuring again costs a moment


def _remember(place: Path, finding: PrecisionFinding) -> None:
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(finding), indent=1), encoding="utf-8")
        part.replace(place)
    except OSError as error:
        _LOG.warning("The measurement of bfloat16 could not be kept in %s: %s", place, error)
