"""What to give up, in which order, when the memory of a device runs out."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from engines.errors import OutOfMemory
from engines.reporting import Reporter

Answer = TypeVar("Answer")
SMALLEST_SIZE_PX = 128

# A plain RuntimeError whose text alone tells: torch's allocator on Windows, on Linux and macOS,
# Apple's Metal, and the libraries of CUDA.
_TOLD_BY_TEXT = (
    "not enough memory",
    "can't allocate memory",
    "out of memory",
    "alloc_failed",
)


def is_memory_error(error: BaseException) -> bool:
    """Whether a device or the machine had no memory left."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    if not isinstance(error, RuntimeError):
        return False
    told = str(error).lower()
    return any(words in told for words in _TOLD_BY_TEXT)


def with_room(
    work: Callable[[], Answer],
    *,
    release: Callable[[], None],
    halve: Callable[[], int],
    reporter: Reporter,
) -> Answer:
    """Run ``work``; when memory runs out free caches, then halve the working size, then say so.

    ``release`` drops caches; ``halve`` returns the new working size in px, or one below
    `SMALLEST_SIZE_PX` having changed nothing. Raises `OutOfMemory`.
    """
    released = False
    while True:
        try:
            return work()
        except (RuntimeError, MemoryError) as error:
            if not is_memory_error(error):
                raise
        # Outside of the except block: the traceback held tensors of the failed attempt.
        release()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if not released:
            released = True
            reporter.progress(0.0, "Memory ran out; caches were freed.")
            continue
        size_px = halve()
        if size_px < SMALLEST_SIZE_PX:
            raise OutOfMemory(
                "The device ran out of memory even at a small working size; close other programs "
                "or choose the processor as device."
            )
        reporter.progress(0.0, f"Memory ran out; working at {size_px} px from now on.")
