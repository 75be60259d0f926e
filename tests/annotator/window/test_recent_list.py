"""Recent projects: with a cover where there is one, dimmed where they are gone, by keyboard."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from annotator.settings import Settings, with_recent, without_recent
from annotator.window.covers import COVER_SIDE, Cover, read_cover, write_cover
from annotator.window.welcome import WelcomePage


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "cars-labels"
    folder.mkdir()
    (folder / "project.annotator").touch()
    return folder


def picture(width: int = 640, height: int = 480) -> QImage:
    made = QImage(width, height, QImage.Format.Format_RGB32)
    made.fill(QColor("#cc3300"))
    return made


def test_a_cover_comes_back_small_with_its_counts(project: Path, qapp: object) -> None:
    write_cover(project / "cache", picture(), images=1412, accepted=38)
    cover = read_cover(project)
    assert cover.summary == "1,412 images · 38 accepted"
    assert cover.picture is not None
    assert (cover.picture.width(), cover.picture.height()) == (COVER_SIDE, COVER_SIDE * 3 // 4)
    assert sorted(p.name for p in (project / "cache").iterdir()) == ["cover.json", "cover.png"]


def test_a_folder_of_images_shows_the_project_beside_it(project: Path, qapp: object) -> None:
    write_cover(project / "cache", None, images=1, accepted=0)
    (project.parent / "cars").mkdir()
    assert read_cover(project.parent / "cars").summary == "1 image"
    assert read_cover(project.parent / "trucks") == Cover(project.parent / "trucks", missing=True)
    (project.parent / "new").mkdir()
    assert read_cover(project.parent / "new") == Cover(project.parent / "new")


@pytest.mark.parametrize(
    "counts",
    [b"{", b"[]", b"[" * 100_000, b'{"images": -1}', b'{"images": true}', b'{"images": 1e99}',
     b" " * (2 << 20), b"\xff\xfe"],
)  # fmt: skip
def test_a_damaged_cover_is_as_good_as_none(project: Path, qapp: object, counts: bytes) -> None:
    cache = project / "cache"
    cache.mkdir()
    (cache / "cover.json").write_bytes(counts)
    (cache / "cover.png").write_bytes(b"\x89PNG\r\n\x1a\nrubbish")
    assert read_cover(project) == Cover(project)


def test_a_cover_that_claims_to_be_huge_is_not_decoded(project: Path, qapp: object) -> None:
    (project / "cache").mkdir()
    assert picture(4000, 4000).save(str(project / "cache" / "cover.png"))
    assert read_cover(project).picture is None


def test_the_list_fills_in_what_is_known_and_dims_what_is_gone(project: Path, qtbot: QtBot) -> None:
    write_cover(project / "cache", picture(), images=412, accepted=0)
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(1024, 700)
    page.show_recent([project, project.parent / "gone"])
    page.show()
    there, gone = page.recent.rows
    qtbot.waitUntil(lambda: "412 images" in there.button.accessibleName())
    qtbot.waitUntil(lambda: "not there any more" in gone.button.accessibleName())
    assert there._name.isEnabled()
    assert not gone._name.isEnabled()
    centre = there._picture.grab().toImage().pixelColor(30, 22)
    assert (centre.red(), centre.green(), centre.blue()) == (0xCC, 0x33, 0)


def test_the_list_is_walked_opened_and_cleared_by_keyboard(project: Path, qtbot: QtBot) -> None:
    page = WelcomePage()
    qtbot.addWidget(page)
    paths = [project, project.parent / "gone"]
    page.show_recent(paths)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    first, second = (row.button for row in page.recent.rows)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus()
    qtbot.keyClick(second, Qt.Key.Key_Down)
    qtbot.keyClick(second, Qt.Key.Key_Up)
    assert first.hasFocus()
    with qtbot.waitSignal(page.project_wished) as opened:
        qtbot.keyClick(first, Qt.Key.Key_Return)
    assert opened.args == [str(project)]
    with qtbot.waitSignal(page.forget_wished) as forgotten:
        qtbot.keyClick(second, Qt.Key.Key_Delete)
    assert forgotten.args == [str(paths[1])]
    with qtbot.waitSignal(page.forget_wished):
        page.recent.rows[0].forget.click()


def test_a_new_list_replaces_the_old_one_whatever_is_still_being_read(
    project: Path, qtbot: QtBot
) -> None:
    page = WelcomePage()
    qtbot.addWidget(page)
    page.show_recent([project] * 1)
    page.show_recent([])
    assert page.recent.rows == []
    page.show_recent([project])
    assert len(page.recent.findChildren(QPushButton)) == 1
    assert json.dumps([row.path.name for row in page.recent.rows]) == '["cars-labels"]'


def test_forgetting_leaves_the_others(project: Path) -> None:
    settings = with_recent(with_recent(Settings(), Path("a")), project)
    assert without_recent(settings, Path("a")).recent_projects == (str(project),)
