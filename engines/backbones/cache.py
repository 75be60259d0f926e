"""Features that were computed once: in memory while they are wanted often, on disk after that."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from engines.backbones.cache_files import FeatureFolder
from engines.backbones.cached_features import CachedFeatures, FeatureKey

__all__ = ["CacheCounts", "CachedFeatures", "FeatureCache", "FeatureKey"]

RAM_LIMIT_BYTES = 512 * 2**20
DISK_LIMIT_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """What happened so far. ``dropped`` counts files that were damaged or foreign."""

    ram_hits: int = 0
    disk_hits: int = 0
    misses: int = 0
    dropped: int = 0
    unwritten: int = 0


class FeatureCache:
    """Features by key, bounded in bytes on both floors; safe to share between threads.

    Without a folder only memory is used. What is least recently used goes first.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        ram_limit_bytes: int = RAM_LIMIT_BYTES,
        disk_limit_bytes: int = DISK_LIMIT_BYTES,
    ) -> None:
        self._ram_limit_bytes = ram_limit_bytes
        self._ram: OrderedDict[FeatureKey, CachedFeatures] = OrderedDict()
        self._ram_bytes = 0
        self._disk = None if folder is None else FeatureFolder(folder, limit_bytes=disk_limit_bytes)
        self._counts = CacheCounts()
        self._lock = threading.Lock()

    @property
    def ram_bytes(self) -> int:
        """Bytes held in memory."""
        return self._ram_bytes

    @property
    def disk_bytes(self) -> int:
        """Bytes held on disk, as the folder stands now."""
        return self._disk.total_bytes() if self._disk else 0

    @property
    def counts(self) -> CacheCounts:
        """Hits, misses and losses so far."""
        with self._lock:
            disk = self._disk
            lost = (disk.dropped, disk.unwritten) if disk else (0, 0)
            return replace(self._counts, dropped=lost[0], unwritten=lost[1])

    def get(self, key: FeatureKey) -> CachedFeatures | None:
        """What is known under ``key``; a damaged file is deleted and counts as nothing."""
        with self._lock:
            held = self._ram.get(key)
            if held is not None:
                self._ram.move_to_end(key)
                self._counts = replace(self._counts, ram_hits=self._counts.ram_hits + 1)
                return held
        found = self._disk.read(key) if self._disk else None
        with self._lock:
            if found is None:
                self._counts = replace(self._counts, misses=self._counts.misses + 1)
                return None
            self._counts = replace(self._counts, disk_hits=self._counts.disk_hits + 1)
            self._keep(key, found)
        return found

    def put(self, key: FeatureKey, features: CachedFeatures) -> None:
        """Remember ``features``; what does not fit on a floor is not kept on that floor."""
        with self._lock:
            self._keep(key, features)
        if self._disk:
            self._disk.write(key, features)

    def get_or_make(self, key: FeatureKey, make: Callable[[], CachedFeatures]) -> CachedFeatures:
        """What is known under ``key``, else what ``make`` returns, which is then remembered.

        Two threads that miss at the same moment both make it.
        """
        known = self.get(key)
        if known is not None:
            return known
        made = make()
        self.put(key, made)
        return made

    def release_memory(self) -> None:
        """Forget what is in memory; the disk keeps its own."""
        with self._lock:
            self._ram.clear()
            self._ram_bytes = 0

    def _keep(self, key: FeatureKey, features: CachedFeatures) -> None:
        """Hold in memory; the caller has the lock. Room is made before, never after."""
        replaced = self._ram.pop(key, None)
        if replaced is not None:
            self._ram_bytes -= replaced.byte_count
        if features.byte_count > self._ram_limit_bytes:
            return
        while self._ram_bytes + features.byte_count > self._ram_limit_bytes:
            _, oldest = self._ram.popitem(last=False)
            self._ram_bytes -= oldest.byte_count
        self._ram[key] = features
        self._ram_bytes += features.byte_count
