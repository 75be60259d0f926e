"""The log: file and ring hold the same, nothing grows without bound, and Qt is heard."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning
from pytestqt.qtbot import QtBot

from annotator import log_file, log_lines
from annotator.log_file import Log, LogRing, hear_qt, log_folder, start_logging, tail


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    made = start_logging(tmp_path / "logs")
    yield made
    made.close()


def test_a_line_is_in_the_file_and_in_memory(log: Log) -> None:
    logging.getLogger("annotator.flows.engine_lane").warning("The engine stopped (code %d)", 3)
    text = log.path.read_text(encoding="utf-8")
    assert "WARNING  annotator.flows.engine_lane  The engine stopped (code 3)" in text
    (line,) = log.ring.since(0)
    assert (line.level_name, line.headline) == ("WARNING", "The engine stopped (code 3)")
    assert "annotator.flows.engine_lane" in line.whole()


def test_a_traceback_belongs_to_its_line(log: Log) -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("annotator").exception("It failed")
    (line,) = log.ring.since(0)
    assert line.headline == "It failed"
    assert line.text.rstrip().endswith("ValueError: odd")


def test_after_closing_nothing_is_heard_and_the_file_is_free(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    made = start_logging(tmp_path)
    made.close()
    assert (root.level, list(root.handlers)) == before
    made.path.unlink()


def test_a_folder_that_cannot_be_written_costs_only_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    made = start_logging(tmp_path / "file" / "logs")
    try:
        logging.getLogger("annotator").info("still heard")
        assert made.ring.newest(1)[0].text == "still heard"
        assert "cannot be written" in (made.note or "")
    finally:
        made.close()


def test_the_file_rolls_over_and_only_few_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "FILE_BYTES", 2000)
    made = start_logging(tmp_path)
    for number in range(300):
        logging.getLogger("annotator").info("line %d of many", number)
    made.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 1 + log_file.OLD_FILES
    assert all(path.stat().st_size <= 2000 for path in files)
    assert "line 299" in made.path.read_text(encoding="utf-8")


def test_the_ring_holds_the_newest_and_counts_all() -> None:
    ring = LogRing(kept=5)
    for number in range(12):
        ring.handle(logging.makeLogRecord({"msg": f"m{number}", "levelno": 20}))
    assert [line.text for line in ring.since(0)] == ["m7", "m8", "m9", "m10", "m11"]
    assert [line.number for line in ring.since(10)] == [10, 11]
    assert ring.since(12) == ()
    assert [line.text for line in ring.newest(2)] == ["m10", "m11"]
    assert ring.count == 12


def test_many_threads_lose_no_line() -> None:
    ring = LogRing()

    def shout() -> None:
        for _ in range(500):
            ring.handle(logging.makeLogRecord({"msg": "x", "levelno": 20}))

    threads = [threading.Thread(target=shout) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.number for line in ring.since(0)] == list(range(2000))


def test_what_qt_says_is_logged_under_its_name(qtbot: QtBot, log: Log) -> None:
    stop = hear_qt()
    qWarning("QWidget: something odd")
    stop()
    line = log.ring.newest(1)[0]
    assert (line.source, line.level, line.text) == ("qt", logging.WARNING, "QWidget: something odd")


def test_the_tail_of_a_file_is_its_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"\xff\xfe\n" + b"".join(b"line %d\n" % k for k in range(1000)))
    assert tail(path, 2) == ("line 998", "line 999")
    assert tail(path, 5, most_bytes=20)[-1] == "line 999"
    assert tail(tmp_path / "none", 5) == ()


def test_another_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANNOTATOR_LOGS", str(tmp_path))
    assert log_folder() == tmp_path
    monkeypatch.delenv("ANNOTATOR_LOGS")
    assert "annotator" in str(log_folder())


def test_what_happens_is_told_in_plain_lines(log: Log, tmp_path: Path) -> None:
    folder = tmp_path / "cars"
    log_lines.project_opened(folder, images=412, classes=5)
    log_lines.images_added(folder, added=3, problems=1)
    log_lines.picture_problem("a.png", "It is cut off.")
    log_lines.exported(folder, images=4, seconds=1.25)
    log_lines.imported(folder, images=2)
    log_lines.gave_up("export", "The folder is full.")
    log_lines.engine_is("restarting", "It ran out of memory.")
    for kind in ("ready", "busy", "ready", "busy", "ready"):
        log_lines.engine_is(kind, "CPU")
    log_lines.project_closed(folder)
    assert not log_lines.answer_took(80.0)
    assert log_lines.answer_took(1500.0)
    lines = log.ring.since(0)
    assert [line.text for line in lines] == [
        "Opened 'cars': 412 images, 5 classes",
        "Added 3 images to 'cars', 1 with problems",
        "'a.png': It is cut off.",
        "Exported 4 images to 'cars' in 1.2 s",
        "Imported labels of 2 images from 'cars'",
        "Export gave up: The folder is full.",
        "Engine restarting: It ran out of memory.",
        "Engine ready: CPU",
        "Closed 'cars'",
        "The answer for the picture in view took 1500 ms",
    ]
    assert str(tmp_path) not in "".join(line.text for line in lines)
