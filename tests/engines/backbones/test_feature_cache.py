"""Promises of the feature cache: bounds hold, damage is never read, a kill leaves no wrong file."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.backbones.cache import FeatureCache
from engines.backbones.cache_files import FeatureFolder, pack_features, unpack_features
from engines.backbones.cached_features import CachedFeatures, FeatureKey
from engines.backbones.filter_card import FILTERS_CARD
from engines.device import choose_device
from engines.errors import EngineError

DEVICE = choose_device("cpu", precision="float32")
SPECS = (MapSpec("fine", 2, 4), MapSpec("coarse", 4, 2))


def key(name: str = "a") -> FeatureKey:
    return FeatureKey(name, "toy", "digest", (16, 16))


def toy(value: float = 1.0) -> CachedFeatures:
    maps = (np.full((4, 8, 8), value, np.float16), np.full((2, 4, 4), value, np.float16))
    return CachedFeatures(maps, np.full((16, 16, 3), int(value), np.uint8))


def same(one: CachedFeatures | None, other: CachedFeatures) -> bool:
    return (
        one is not None
        and np.array_equal(one.guide, other.guide)
        and all(np.array_equal(a, b) for a, b in zip(one.maps, other.maps, strict=True))
    )


SIZE = toy().byte_count
FILE_SIZE = len(pack_features(key(), toy()))


def test_what_was_put_comes_back_from_memory_and_from_disk(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    assert cache.get(key()) is None
    cache.put(key(), toy(3))
    assert same(cache.get(key()), toy(3))
    cache.release_memory()
    assert same(cache.get(key()), toy(3))
    assert same(FeatureCache(tmp_path).get(key()), toy(3))
    counts = cache.counts
    assert (counts.misses, counts.ram_hits, counts.disk_hits, counts.dropped) == (1, 1, 1, 0)


def test_a_miss_is_made_once(tmp_path: Path) -> None:
    cache, made = FeatureCache(tmp_path), []
    for _ in range(3):
        cache.get_or_make(key(), lambda: made.append(1) or toy())  # type: ignore[func-returns-value]
    assert made == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"image_digest": "b"},
        {"backbone": "other"},
        {"weights_digest": "x"},
        {"size": (16, 17)},
        {"version": 2},
        {"precision": "bfloat16"},
    ],
)
def test_every_part_of_the_key_matters(change: dict[str, object], tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), toy())
    assert cache.get(replace(key(), **change)) is None  # type: ignore[arg-type]


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    evil = FeatureKey("../../evil", "a/b", "..", (16, 16))
    FeatureCache(tmp_path / "cache").put(evil, toy())
    assert [path.parent.name for path in tmp_path.rglob("*.safetensors")] == ["cache"]


def test_memory_never_exceeds_its_bound_and_forgets_the_least_recently_used() -> None:
    cache = FeatureCache(None, ram_limit_bytes=3 * SIZE + 10)
    for name in "abc":
        cache.put(key(name), toy())
    assert cache.get(key("a")) is not None
    cache.put(key("d"), toy())
    assert cache.ram_bytes == 3 * SIZE
    assert [n for n in "abcd" if cache.get(key(n)) is not None] == ["a", "c", "d"]
    cache.put(key("d"), toy(2))
    assert cache.ram_bytes == 3 * SIZE
    assert same(cache.get(key("d")), toy(2))


def test_what_is_larger_than_memory_may_be_goes_to_disk_alone(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, ram_limit_bytes=SIZE - 1)
    cache.put(key(), toy())
    assert cache.ram_bytes == 0
    assert same(cache.get(key()), toy())
    assert cache.ram_bytes == 0


def test_the_disk_never_exceeds_its_bound_and_forgets_the_least_recently_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 3 * FILE_SIZE + 10
    folder = FeatureFolder(tmp_path, limit_bytes=limit)
    seen: list[int] = []
    write = Path.write_bytes

    def watched(path: Path, content: bytes) -> int:
        written = write(path, content)
        seen.append(folder.total_bytes())  # with the part that is not yet in its place
        return written

    monkeypatch.setattr(Path, "write_bytes", watched)
    for used, name in enumerate("abc"):
        folder.write(key(name), toy())
        os.utime(tmp_path / f"{key(name).stem}.safetensors", (used, used))
    assert folder.read(key("a")) is not None  # now the most recently used
    folder.write(key("d"), toy())
    folder.write(key("d"), toy(2))
    assert max(seen) <= limit
    kept = [name for name in "abcd" if folder.read(key(name)) is not None]
    assert kept[-1] == "d"
    assert "b" not in kept
    assert "a" in kept


def test_what_is_larger_than_the_disk_may_be_is_not_written(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, disk_limit_bytes=FILE_SIZE - 1)
    cache.put(key(), toy())
    assert cache.disk_bytes == 0
    assert cache.get(key()) is not None


def test_parts_of_dead_processes_are_cleared_away_and_living_ones_are_left(tmp_path: Path) -> None:
    dead, living = tmp_path / "x.1.1.part", tmp_path / "y.2.2.part"
    for part in (dead, living):
        part.write_bytes(b"x" * 100)
    os.utime(dead, (0, 0))
    FeatureCache(tmp_path).put(key(), toy())
    assert not dead.exists()
    assert living.exists()


def test_other_files_of_the_folder_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("x" * 5000)
    cache = FeatureCache(tmp_path, disk_limit_bytes=FILE_SIZE)
    for name in "abc":
        cache.put(key(name), toy())
    assert (tmp_path / "letter.txt").exists()
    assert cache.disk_bytes <= FILE_SIZE


@pytest.mark.parametrize("at", [0, 3, 8, 20, 60, FILE_SIZE // 2, FILE_SIZE - 1])
def test_one_changed_byte_is_noticed_and_the_file_dropped(at: int, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), toy())
    cache.release_memory()
    (file,) = tmp_path.glob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[at] ^= 0x41
    file.write_bytes(content)
    assert cache.get(key()) is None
    assert not file.exists()
    assert cache.counts.dropped == 1
    cache.put(key(), toy())
    cache.release_memory()
    assert same(cache.get(key()), toy())


def test_every_single_changed_byte_is_noticed_or_harmless() -> None:
    content = bytearray(pack_features(key(), toy(2)))
    for at in range(0, len(content), 3):
        content[at] ^= 0x20
        found = unpack_features(bytes(content), key())
        assert found is None or same(found, toy(2))
        content[at] ^= 0x20


@pytest.mark.parametrize("keep", [0, 7, 8, 100, FILE_SIZE - 1])
def test_a_file_cut_off_is_dropped(keep: int, tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put(key(), toy())
    cache.release_memory()
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:keep])
    assert cache.get(key()) is None
    assert not file.exists()


def test_a_file_of_another_key_is_not_taken_for_this_one(tmp_path: Path) -> None:
    file = tmp_path / f"{key('a').stem}.safetensors"
    file.write_bytes(pack_features(key("b"), toy()))
    assert FeatureCache(tmp_path).get(key("a")) is None
    assert not file.exists()


def test_a_folder_that_refuses_costs_only_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    cache = FeatureCache(tmp_path)
    cache.put(key(), toy())
    assert same(cache.get(key()), toy())
    assert cache.counts.unwritten == 1
    assert "No space" in caplog.text


def test_threads_share_the_cache_without_mixing_anything_up(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, ram_limit_bytes=4 * SIZE, disk_limit_bytes=6 * FILE_SIZE)
    wrong: list[int] = []

    def work(first: int) -> None:
        for step in range(40):
            value = (first + step) % 12
            found = cache.get_or_make(key(str(value)), lambda value=value: toy(value))
            if not same(found, toy(value)) or cache.ram_bytes > 4 * SIZE:
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
    assert cache.disk_bytes <= 6 * FILE_SIZE
    assert cache.counts.dropped == 0


def test_features_go_to_torch_and_back_and_cannot_be_changed() -> None:
    draw = torch.Generator().manual_seed(1)
    maps = (torch.randn(1, 4, 8, 8, generator=draw), torch.full((1, 2, 4, 4), 1e6))
    kept = CachedFeatures.of(FeatureMaps(maps, SPECS), np.zeros((16, 16, 3), np.uint8))
    back = kept.on(DEVICE, SPECS)
    assert back.maps[0].dtype == torch.float32
    assert torch.allclose(back.maps[0], maps[0], atol=2e-3)
    assert back.maps[1].max() == 65504, "beyond float16 is clamped, not made infinite"
    with pytest.raises(ValueError, match="read-only"):
        kept.maps[0][0, 0, 0] = 1
    with pytest.raises(EngineError, match="maps"):
        kept.on(DEVICE, SPECS[:1])
    with pytest.raises(EngineError, match="batch of 2"):
        CachedFeatures.of(FeatureMaps((torch.zeros(2, 4, 8, 8),), SPECS[:1]), kept.guide)


def test_a_key_of_a_card_follows_its_weights() -> None:
    plain = FeatureKey.of(FILTERS_CARD, image_digest="x", size=(4, 5))
    other = FeatureKey.of(replace(FILTERS_CARD, weights_digest="w"), image_digest="x", size=(4, 5))
    assert plain.stem != other.stem
    assert plain == FeatureKey.of(FILTERS_CARD, image_digest="x", size=(4, 5))


NURSERY = """
import os, signal, sys, time
from pathlib import Path
import numpy as np
from engines.backbones.cache_files import FeatureFolder
from engines.backbones.cached_features import CachedFeatures, FeatureKey

folder = FeatureFolder(Path(sys.argv[1]), limit_bytes=10**9)
made = [
    CachedFeatures((np.full((64, 128, 128), v, np.float16),), np.full((64, 64, 3), v, np.uint8))
    for v in range(4)
]
for delay_ms in (3, 7, 12, 18, 25, 33, 41, 50):
    child = os.fork()
    if child == 0:
        while True:
            for value in range(4):
                folder.write(FeatureKey("image", "toy", "", (64, 64)), made[value])
    time.sleep(delay_ms / 1000)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    found = folder.read(FeatureKey("image", "toy", "", (64, 64)))
    if found is not None:
        print(int(found.maps[0].min()), int(found.maps[0].max()), int(found.guide.max()))
print("dropped", folder.dropped)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the nursery forks")
def test_a_process_killed_while_writing_never_leaves_a_wrong_file(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", NURSERY, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    *reads, last = answer.stdout.splitlines()
    assert last == "dropped 0"
    assert reads, "no child lived long enough to write anything"
    for read in reads:
        assert len(set(read.split())) == 1, "every file is of one write alone"


def test_a_folder_that_is_none_costs_only_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        cache = FeatureCache(folder)
        cache.put(key(), toy(2))
        assert same(cache.get(key()), toy(2))
        assert (cache.counts.unwritten, cache.disk_bytes) == (1, 0)


def test_weights_that_lie_in_the_folder_are_neither_counted_nor_deleted(tmp_path: Path) -> None:
    weights = tmp_path / "resnet18.safetensors"
    weights.write_bytes(b"x" * 10 * FILE_SIZE)
    os.utime(weights, (0, 0))
    cache = FeatureCache(tmp_path, disk_limit_bytes=2 * FILE_SIZE)
    for name in "abc":
        cache.put(key(name), toy())
    assert weights.exists()
    assert cache.disk_bytes == 2 * FILE_SIZE


def test_values_that_are_no_numbers_are_never_kept() -> None:
    maps = FeatureMaps((torch.full((1, 4, 8, 8), torch.nan),), SPECS[:1])
    with pytest.raises(EngineError, match="no numbers"):
        CachedFeatures.of(maps, np.zeros((16, 16, 3), np.uint8))
