"""One block of shared memory between two processes: messages in, arrays out, nothing left behind.

The desk's process owns the block: it makes it, grows it and takes it away. The engine's process
only looks in. As one side works at a time, a single block serves requests and answers in turn.
"""

import os
import pickle
import secrets
import shutil
import sys
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.errors import EngineError

Bytes = npt.NDArray[np.uint8]

SMALLEST_BYTES = 1 << 20
_SHARED_FOLDER = Path("/dev/shm")  # where Linux keeps shared memory; containers often keep it small
_HEAD = 2  # the first two numbers of a packed message: length of the pickle, count of arrays


class OwnedBlock:
    """The owner's side. `release` it when nobody looks in any more."""

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None

    @property
    def name(self) -> str:
        """How the other process finds the block."""
        return self._open().name

    def reserve(self, byte_count: int) -> None:
        """Have at least that much room; what stood there may be gone afterwards.

        Raises `EngineError` where the system has no room for it.
        """
        if self._memory is not None and self._memory.size >= byte_count:
            return
        self.release()
        wanted = max(SMALLEST_BYTES, 1 << (byte_count - 1).bit_length())
        _check_room(wanted)
        self._memory = _created(wanted)

    def write(self, message: object, *, room: int = 0) -> None:
        """Put a message there, with ``room`` bytes at least for the answer in its place."""
        parts = packed(message)
        self.reserve(max(room, sum(part.nbytes for part in parts)))
        _lay_out(parts, self._open())

    def read(self, *shapes: tuple[int, ...]) -> list[Bytes]:
        """Copies of the uint8 arrays that the other process laid there, one after the other."""
        return [np.array(array) for array in _arrays(self._open(), shapes)]

    def release(self) -> None:
        """Give the memory back to the system; a new block is made when one is needed."""
        if self._memory is not None:
            self._memory.close()
            self._memory.unlink()
            self._memory = None

    def _open(self) -> SharedMemory:
        if self._memory is None:
            raise EngineError("The engine's shared memory was used before anything was put there.")
        return self._memory


class VisitedBlock:
    """The other side: looks into whichever block it is told of."""

    def __init__(self) -> None:
        self._memory: SharedMemory | None = None

    def read(self, name: str) -> Any:
        """The message in the block of that name; its arrays are copies."""
        memory = self._visit(name)
        return unpacked(np.ndarray((memory.size,), np.uint8, memory.buf))

    def write(self, *arrays: Bytes) -> None:
        """Lay uint8 arrays one after the other into the block visited last."""
        if self._memory is None:
            raise EngineError("There is no shared memory to answer into.")
        places = _arrays(self._memory, tuple(array.shape for array in arrays))
        for place, array in zip(places, arrays, strict=True):
            place[...] = array

    def abandon(self) -> None:
        """Take the block away in the name of an owner that has died."""
        if self._memory is not None:
            self._memory.unlink()

    def _visit(self, name: str) -> SharedMemory:
        if self._memory is None or self._memory.name != name:
            if self._memory is not None:
                self._memory.close()
            self._memory = _attached(name)
        return self._memory


def packed(message: object) -> list[Bytes]:
    """A message as flat uint8 arrays: sizes, the pickled frame, then each array as it lies."""
    held: list[pickle.PickleBuffer] = []
    frame = pickle.dumps(message, protocol=5, buffer_callback=held.append)
    arrays = [np.frombuffer(one.raw(), np.uint8) for one in held]
    sizes = np.array([len(frame), len(arrays), *(a.nbytes for a in arrays)], np.int64)
    return [sizes.view(np.uint8), np.frombuffer(frame, np.uint8), *arrays]


def unpacked(block: Bytes) -> Any:
    """The message again. Only ever given what `packed` of this very program made."""
    length, count = (int(n) for n in block[: 8 * _HEAD].view(np.int64))
    start = 8 * (_HEAD + count)
    sizes = block[8 * _HEAD : start].view(np.int64)
    frame = block[start : start + length].tobytes()
    ends = start + length + np.cumsum(sizes)
    arrays = [block[end - size : end].copy() for end, size in zip(ends, sizes, strict=True)]
    return pickle.loads(frame, buffers=arrays)


def _lay_out(parts: list[Bytes], memory: SharedMemory) -> None:
    places = _arrays(memory, tuple(part.shape for part in parts))
    for place, part in zip(places, parts, strict=True):
        place[...] = part


def _arrays(memory: SharedMemory, shapes: tuple[tuple[int, ...], ...]) -> list[Bytes]:
    """Views into the block. They must be dropped before it is closed."""
    starts = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    return [
        np.ndarray(shape, np.uint8, memory.buf, int(start))
        for shape, start in zip(shapes, starts[:-1], strict=True)
    ]


def _created(byte_count: int) -> SharedMemory:
    """A block whose name tells whose it is; macOS allows some thirty letters."""
    name = f"annotator_{os.getpid()}_{secrets.token_hex(3)}"
    return SharedMemory(name=name, create=True, size=byte_count)


def _attached(name: str) -> SharedMemory:
    """Up to Python 3.12 a visitor is tracked too, in the owner's tracker, where it is known."""
    if sys.version_info >= (3, 13):
        return SharedMemory(name=name, track=False)
    return SharedMemory(name=name)


def _check_room(wanted: int) -> None:
    """Writing beyond the room there is would end the process without a word."""
    if not _SHARED_FOLDER.is_dir():
        return
    free = shutil.disk_usage(_SHARED_FOLDER).free
    if free < wanted:
        raise EngineError(
            f"The system's shared memory has {free >> 20} MiB free and {wanted >> 20} MiB are "
            "needed; close other programs, or give the container more (--shm-size)."
        )
