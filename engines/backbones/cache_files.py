"""The disk floor of the feature cache: one checked file per key in a folder bounded in bytes."""

import json
import logging
import os
import re
import struct
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from engines.backbones.cached_features import CachedFeatures, FeatureKey

_LOG = logging.getLogger(__name__)

_SUFFIX = ".safetensors"
_PART = ".part"
_OURS = re.compile(r"[0-9a-f]{40}\.safetensors|.+\.\d+\.\d+\.part")
_STALE_S = 600  # no write lasts ten minutes: an older part belongs to a process that died
_GUIDE = "guide"
_HEADER_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Held:
    """A file of the folder: when it was last used and how large it is."""

    used: float
    size: int
    path: Path

    @property
    def is_part(self) -> bool:
        """Whether somebody is writing it, or died while writing it."""
        return self.path.suffix == _PART

    @property
    def abandoned(self) -> bool:
        """Whether it is a part that nobody will finish."""
        return self.is_part and time.time() - self.used > _STALE_S


class FeatureFolder:
    """Files of features. Whoever is killed while writing leaves a part, never a wrong file."""

    def __init__(self, folder: Path, *, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._lock = threading.Lock()  # one writer at a time, so that the bound holds
        self.dropped = 0
        self.unwritten = 0

    def total_bytes(self) -> int:
        """Bytes of all features and parts in the folder."""
        return sum(held.size for held in self._held())

    def read(self, key: FeatureKey) -> CachedFeatures | None:
        """The features of ``key``; a file that is damaged or of another key is deleted."""
        path = self._path(key)
        try:
            fits = path.stat().st_size <= self._limit_bytes
            content = path.read_bytes() if fits else b""
        except OSError:
            return None
        features = unpack_features(content, key)
        if features is None:
            self._drop(path)
        else:
            self._touch(path)
        return features

    def write(self, key: FeatureKey, features: CachedFeatures) -> None:
        """Keep ``features``; older files go first, until there is room for this one."""
        content = pack_features(key, features)
        path = self._path(key)
        part = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}{_PART}")
        with self._lock:
            if not self._make_room(len(content)):
                return
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                part.write_bytes(content)
                part.replace(path)
            except OSError as error:
                self.unwritten += 1
                _LOG.warning("Features could not be kept in %s: %s", self._folder, error)
                _remove(part)

    def _path(self, key: FeatureKey) -> Path:
        return self._folder / (key.stem + _SUFFIX)

    def _touch(self, path: Path) -> None:
        try:
            os.utime(path)  # the time of change serves as the time of last use
        except OSError:
            _LOG.debug("%s went away while it was read", path)

    def _drop(self, path: Path) -> None:
        self.dropped += 1
        _LOG.warning("The cached features %s are damaged; they are computed anew.", path.name)
        _remove(path)

    def _make_room(self, wanted: int) -> bool:
        """Delete the least recently used until ``wanted`` bytes fit; False if they never will."""
        if wanted > self._limit_bytes:
            return False
        held = sorted(self._held(), key=lambda one: one.used)
        total = sum(one.size for one in held)
        for one in held:
            if one.abandoned or (total + wanted > self._limit_bytes and not one.is_part):
                total -= one.size if _remove(one.path) else 0
        return total + wanted <= self._limit_bytes

    def _held(self) -> list[_Held]:
        """The folder as it is now: other processes may use it too."""
        found = []
        try:
            entries = list(os.scandir(self._folder))
        except OSError:  # not there, no folder, or not ours to look into
            return []
        for entry in entries:
            if _OURS.fullmatch(entry.name):  # whatever else lies here is never deleted
                try:
                    facts = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                found.append(_Held(facts.st_mtime, facts.st_size, Path(entry.path)))
        return found


def _remove(path: Path) -> bool:
    """Delete a file; False where the system keeps it, as Windows does while somebody reads it."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("%s could not be deleted: %s", path, error)
        return False
    return True


def pack_features(key: FeatureKey, features: CachedFeatures) -> bytes:
    """A safetensors file: the arrays, with key and checksum in its metadata."""
    arrays = _named(features)
    facts = {"key": key.text, "crc32": str(_checksum(arrays))}
    return safetensors.numpy.save(arrays, metadata=facts)


def unpack_features(content: bytes, key: FeatureKey) -> CachedFeatures | None:
    """The features in ``content``, or None where it is damaged, foreign or of another key."""
    facts = _metadata(content)
    if facts is None or facts.get("key") != key.text:
        return None
    try:
        arrays = safetensors.numpy.load(content)
    except (SafetensorError, KeyError, ValueError, TypeError):
        return None
    if facts.get("crc32") != str(_checksum(arrays)) or _GUIDE not in arrays:
        return None
    maps = tuple(arrays[name] for name in sorted(arrays) if name != _GUIDE)
    shaped = all(one.ndim == 3 and one.dtype == np.float16 for one in maps)
    guide = arrays[_GUIDE]
    if not shaped or not maps or guide.dtype != np.uint8 or guide.ndim != 3:
        return None
    return CachedFeatures(maps, guide)


def _named(features: CachedFeatures) -> dict[str, np.ndarray]:
    maps = {f"map{index:02}": one for index, one in enumerate(features.maps)}
    return {
        name: np.ascontiguousarray(one) for name, one in {**maps, _GUIDE: features.guide}.items()
    }


def _checksum(arrays: dict[str, np.ndarray]) -> int:
    """Over names, shapes and values: safetensors itself checks only lengths."""
    total = 0
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(f"{name}{array.dtype}{array.shape}".encode(), total)
        total = zlib.crc32(np.ascontiguousarray(array).data, total)
    return total


def _metadata(content: bytes) -> dict[str, str] | None:
    """The texts in the header, which `safetensors.numpy.load` does not hand out."""
    if len(content) < 8:
        return None
    (length,) = struct.unpack("<Q", content[:8])
    if length > min(_HEADER_LIMIT_BYTES, len(content) - 8):
        return None
    try:
        facts = json.loads(content[8 : 8 + length])["__metadata__"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None
