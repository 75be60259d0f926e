"""What to give up, in which order, when the memory of a device runs out."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from engines.errors import OutOfMemory
from engines.reporting import Reporter

Answer = TypeVar("Answer")
SMALLEST_SIZE_PX = 128


def is_memory_error(error: BaseException) -> bool:
    """Whether a device or the machine had no memory left."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # The CPU allocator of torch raises a plain RuntimeError; only its text tells.
    return isinstance(error, RuntimeError) and "not enough memory" in str(error).lower()


def with_room(
    work: Callable[[], Answer],
    *,
    release: Callable[[], None],
    halve: Callable[[], int],
    reporter: Reporter,
) -> Answer:
    """Run ``work``; when memory runs out free caches, then halve the working size, then say so.

    ``release`` drops caches; ``halve`` returns the new working size in px. Raises `OutOfMemory`.
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
