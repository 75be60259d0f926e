"""A lock on a folder that the operating system lets go when its holder dies."""

import os
import sys
from pathlib import Path

LOCK_NAME = ".writing"


class FolderLock:
    """Held by one process at a time through a file in the folder; gone with the process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK_NAME
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; `BlockingIOError` or another `OSError` if somebody holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go and remove the file; nothing happens if it is not held."""
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        self._descriptor = None
        self._path.unlink(missing_ok=True)

    def abandoned(self) -> bool:
        """Whether nobody who lives holds it. False where the file system cannot tell."""
        try:
            self.acquire()
        except OSError:
            return False
        self.release()
        return True


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
