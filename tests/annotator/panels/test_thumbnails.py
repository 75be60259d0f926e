"""Thumbnails: bounded in memory and on disk, newest wish first, nothing hostile gets through."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from annotator.document.errors import UnreadableImage
from annotator.document.images import ImageId
from annotator.panels import thumbnails as thumbnails_module
from annotator.panels.byte_cache import ByteCache
from annotator.panels.newest_first import WAITING_LIMIT, NewestFirst
from annotator.panels.thumbnail_files import ThumbnailFiles
from annotator.panels.thumbnails import SIDE, Thumbnails, picture_of

A, B, C = ImageId(1), ImageId(2), ImageId(3)


def test_a_cache_forgets_what_was_used_longest_ago() -> None:
    cache: ByteCache[str] = ByteCache(10)
    for image_id in (A, B):
        cache.put(image_id, "x", 4)
    cache.get(A)
    cache.put(C, "x", 4)
    assert [cache.get(k) for k in (A, B, C)] == ["x", None, "x"]
    cache.put(ImageId(4), "huge", 11)
    assert (len(cache), cache.total_bytes) == (0, 0)


def test_the_newest_wish_is_served_first_and_a_withdrawn_one_never(qtbot: QtBot) -> None:
    desk, gate, served = NewestFirst(threads=1), threading.Event(), list[object]()
    desk.done.connect(lambda image_id, answer: served.append((image_id, answer)))
    desk.ask(A, gate.wait)
    qtbot.waitUntil(lambda: not desk._waiting, timeout=2000)  # under way
    for number in range(2, 6):
        desk.ask(ImageId(number), lambda n=number: n)
    desk.hurry((C, B))
    desk.withdraw(ImageId(4))
    gate.set()
    qtbot.waitUntil(lambda: len(served) == 4, timeout=2000)
    assert served == [(A, True), (C, 3), (B, 2), (ImageId(5), 5)]
    desk.close()
    desk.ask(A, gate.wait)
    assert A not in desk


def test_wishes_are_bounded_and_those_of_long_ago_can_be_asked_again(qtbot: QtBot) -> None:
    desk, gate = NewestFirst(threads=1), threading.Event()
    desk.ask(A, gate.wait)
    qtbot.waitUntil(lambda: not desk._waiting, timeout=2000)
    for number in range(10, 11 + WAITING_LIMIT):
        desk.ask(ImageId(number), int)
    assert ImageId(10) not in desk
    assert ImageId(11) in desk
    gate.set()
    desk.close()


def test_an_answer_from_before_clearing_is_not_told(qtbot: QtBot) -> None:
    desk, gate, served = NewestFirst(threads=1), threading.Event(), list[object]()
    desk.done.connect(lambda image_id, _answer: served.append(image_id))
    desk.ask(A, gate.wait)
    desk.clear()
    desk.ask(A, lambda: "new")
    gate.set()
    qtbot.waitUntil(lambda: bool(served), timeout=2000)
    desk.close()
    qtbot.wait(20)
    assert served == [A]


def save(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (640, 400)) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def fetched(thumbnails: Thumbnails, qtbot: QtBot) -> QColor:
    thumbnails.get(A)
    qtbot.waitUntil(lambda: thumbnails.get(A) is not None, timeout=5000)
    picture = thumbnails.get(A)
    assert picture is not None
    assert max(picture.width(), picture.height()) <= SIDE
    return picture.pixelColor(5, 5)


def test_a_second_opening_needs_no_image_to_be_decoded(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.png", (10, 200, 30))
    first = Thumbnails(lambda _image_id: (path, 0))
    first.keep_in(tmp_path / "cache")
    seen = fetched(first, qtbot)
    first.close()

    def fail(*_args: object, **_more: object) -> None:
        raise UnreadableImage("It was decoded again.")

    monkeypatch.setattr(thumbnails_module, "read_small", fail)
    second = Thumbnails(lambda _image_id: (path, 0))
    second.keep_in(tmp_path / "cache")
    again = fetched(second, qtbot)
    second.close()
    for one, other in zip(seen.getRgb(), again.getRgb(), strict=True):
        assert abs(int(one) - int(other)) <= 3  # JPEG


def test_a_changed_image_has_another_thumbnail(tmp_path: Path, qtbot: QtBot) -> None:
    path = save(tmp_path / "a.png", (200, 0, 0))
    thumbnails = Thumbnails(lambda _image_id: (path, 0))
    thumbnails.keep_in(tmp_path / "cache")
    assert fetched(thumbnails, qtbot).red() > 150
    save(path, (0, 0, 200), (300, 200))
    thumbnails.forget(A)
    assert fetched(thumbnails, qtbot).blue() > 150
    thumbnails.close()


def test_damaged_and_oversized_files_are_thrown_away_and_made_again(tmp_path: Path) -> None:
    files = ThumbnailFiles(tmp_path, SIDE)
    name = files.name_of(save(tmp_path / "a.png", (1, 2, 3)), 0)
    assert name is not None
    pixels = np.full((20, 30, 3), 90, np.uint8)
    files.write(name, pixels)
    kept = files.read(name)
    assert kept is not None
    assert abs(int(kept.mean()) - 90) <= 2
    (stored,) = (tmp_path / "thumbnails").glob("*/*.jpg")
    for damage in (b"", stored.read_bytes()[:-40], b"not a picture"):
        stored.write_bytes(damage)
        assert files.read(name) is None
        assert not stored.exists()
    save(stored, (1, 2, 3), (SIDE + 1, 2))
    assert files.read(name) is None


def test_the_oldest_files_make_room_and_foreign_ones_stay(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (64, 64, 3), np.uint8)
    foreign = tmp_path / "thumbnails" / "ab" / "mine.jpg"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"x" * 50_000)
    limit = 40_000
    files = ThumbnailFiles(tmp_path, SIDE, limit_bytes=limit)
    names = [f"{k:040x}" for k in range(20)]
    for age, name in enumerate(names):
        files.write(name, pixels)
        os.utime(files._path(name), (age + 1, age + 1))
    ours = [p for p in (tmp_path / "thumbnails").glob("*/*.jpg") if p != foreign]
    assert sum(p.stat().st_size for p in ours) <= limit
    assert files.read(names[-1]) is not None
    assert files.read(names[0]) is None
    assert foreign.exists()


def test_a_linked_or_unwritable_cache_is_done_without(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "thumbnails").symlink_to(elsewhere)
    linked = ThumbnailFiles(tmp_path, SIDE)
    linked.write("0" * 40, np.zeros((4, 4, 3), np.uint8))
    assert list(elsewhere.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    blocked = ThumbnailFiles(tmp_path / "file", SIDE)
    blocked.write("0" * 40, np.zeros((4, 4, 3), np.uint8))
    assert blocked.read("0" * 40) is None


def test_a_file_that_is_gone_is_told_once_as_a_problem(tmp_path: Path, qtbot: QtBot) -> None:
    thumbnails = Thumbnails(lambda _image_id: (tmp_path / "gone.png", 0))
    thumbnails.keep_in(tmp_path / "cache")
    with qtbot.waitSignal(thumbnails.failed, timeout=5000) as told:
        thumbnails.get(A)
    assert "gone.png" in told.args[1]
    assert thumbnails.problem(A) == told.args[1]
    assert thumbnails.get(A) is None
    assert A not in thumbnails._desk
    thumbnails.close()


def test_a_picture_keeps_its_colours() -> None:
    picture = picture_of(np.full((3, 5, 3), (10, 200, 30), np.uint8))
    assert (picture.width(), picture.height()) == (5, 3)
    assert picture.pixelColor(4, 2) == QColor(10, 200, 30)
