"""Pictures are fetched once, ahead of being wanted, and within their bytes."""

from pathlib import Path

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from annotator.document.images import ImageId
from annotator.window.review_pictures import LookAhead

IDS = [ImageId(k) for k in range(1, 7)]
WAIT_MS = 10_000
ONE = 96 * 128 * (3 + 4 / 3)  # bytes of one of the photographs


def look_ahead(photographs: Path, **limits: int) -> LookAhead:
    return LookAhead(lambda i: (photographs / f"disc_{i - 1}.png", 0), **limits)


def test_the_wanted_picture_comes_first_and_the_next_ones_follow(
    qtbot: QtBot, photographs: Path
) -> None:
    ahead, heard = look_ahead(photographs), []
    ahead.loaded.connect(lambda image_id, _pyramid: heard.append(image_id))
    ahead.show(IDS[0], IDS[1:3])
    qtbot.waitUntil(lambda: all(map(ahead.held, IDS[:3])), timeout=WAIT_MS)
    assert heard == IDS[:1], "nobody asked to see the others yet"
    ahead.show(IDS[2])
    assert heard == [IDS[0], IDS[2]], "it was there at once"
    ahead.close()


def test_a_picture_under_way_is_not_fetched_twice(qtbot: QtBot, photographs: Path) -> None:
    asked: list[ImageId] = []

    def locate(image_id: ImageId) -> tuple[Path, int]:
        asked.append(image_id)
        return photographs / f"disc_{image_id - 1}.png", 0

    ahead = LookAhead(locate)
    with qtbot.waitSignal(ahead.loaded, timeout=WAIT_MS):
        ahead.show(IDS[0])
        ahead.show(IDS[0], IDS[1:2])
    assert asked[0] == IDS[0]
    assert asked.count(IDS[0]) == 1
    ahead.close()


@pytest.mark.parametrize("room", [1, 2, 3])
def test_no_more_is_kept_than_there_is_room_for(qtbot: QtBot, photographs: Path, room: int) -> None:
    ahead = look_ahead(photographs, limit_bytes=round(room * ONE))
    for image_id in IDS:
        with qtbot.waitSignal(ahead.loaded, timeout=WAIT_MS):
            ahead.show(image_id)
    assert [ahead.held(one) for one in IDS] == [False] * (6 - room) + [True] * room
    ahead.close()


def test_a_broken_picture_ahead_is_told_only_when_it_is_wanted(
    qtbot: QtBot, photographs: Path
) -> None:
    (photographs / "disc_1.png").write_bytes(b"no picture")
    Image.new("RGB", (20, 10)).save(photographs / "disc_2.png")
    ahead, told = look_ahead(photographs), []
    ahead.failed.connect(lambda image_id, _sentence: told.append(image_id))
    ahead.show(IDS[0], IDS[1:3])
    qtbot.waitUntil(lambda: ahead.held(IDS[2]), timeout=WAIT_MS)
    assert told == []
    with qtbot.waitSignal(ahead.failed, timeout=WAIT_MS):
        ahead.show(IDS[1])
    assert told == [IDS[1]]
    ahead.close()
