"""The lane with real engine processes: order, cancelling, and every way an engine can end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from lane_faults import faulty
from lane_questions import PLAIN, lesson, question
from pytestqt.qtbot import QtBot

from annotator.flows.engine_child import Watch
from annotator.flows.engine_lane import EngineLane, LaneLimits
from annotator.flows.engine_process import CANCEL, PULSE, PipeReporter
from annotator.flows.lane_messages import (
    Configure,
    EngineKind,
    EngineSettings,
    EngineState,
    LaneAnswer,
    Topic,
)
from annotator.flows.lane_queue import LaneQueue
from annotator.flows.segment_flow import SegmentOptions
from engines.errors import Cancelled

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to the engine")

LIMIT_MS = 60_000
SHARED = Path("/dev/shm")
Opened = Callable[..., EngineLane]


def shared_names(owner: int | None = None) -> set[str]:
    """Blocks of one process, this one if not said otherwise."""
    pattern = f"annotator_{owner or os.getpid()}_*"
    return {p.name for p in SHARED.glob(pattern)} if SHARED.is_dir() else set()


def alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process_id}/stat")
    return not (stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z")


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Opened]:
    """Lanes that are closed in the end, whatever happens, and that leave no memory behind."""
    lanes: list[EngineLane] = []

    def make(**how: Any) -> EngineLane:
        lane = EngineLane(**how)
        lanes.append(lane)
        lane.ask(Configure(EngineSettings(PLAIN)))
        lane.start()
        return lane

    yield make
    for lane in lanes:
        lane.close()
    assert not shared_names()


class Record:
    """Everything a lane said, in order."""

    def __init__(self, lane: EngineLane) -> None:
        self.answers: list[tuple[Topic, int, Any]] = []
        self.failures: list[tuple[Topic, int, str]] = []
        self.states: list[EngineState] = []
        lane.answered.connect(lambda *said: self.answers.append(said))
        lane.failed.connect(lambda *said: self.failures.append(said))
        lane.state_changed.connect(self.states.append)

    def images(self) -> list[int]:
        return [a.image_id for _, _, a in self.answers if isinstance(a, LaneAnswer)]

    def kinds(self) -> list[EngineKind]:
        return [state.kind for state in self.states]

    def restarts(self) -> list[str]:
        return [s.text for s in self.states if s.kind is EngineKind.RESTARTING]


def answer_of(record: Record, k: int) -> LaneAnswer:
    found: LaneAnswer = next(
        a for _, _, a in record.answers if isinstance(a, LaneAnswer) and a.image_id == k
    )
    return found


def wait_for_image(qtbot: QtBot, record: Record, *images: int) -> None:
    qtbot.waitUntil(lambda: set(images) <= set(record.images()), timeout=LIMIT_MS)


def test_an_answer_comes_with_rows_doubt_and_the_version_it_is_from(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    lane = opened()
    record = Record(lane)
    lane.ask(lesson(photographs, version=7))
    ticket = lane.ask(question(photographs, 1))
    wait_for_image(qtbot, record, 1)
    answer = answer_of(record, 1)
    assert record.answers[-1][:2] == (Topic.CURRENT, ticket)
    assert answer.rows.shape == (96, 128)
    assert answer.rows.sum() == pytest.approx(np.pi * 20**2, rel=0.15)
    assert answer.uncertainty.dtype == np.uint8
    assert 0 <= answer.doubt < 0.5
    assert answer.support_version == 7
    assert record.kinds()[0] is EngineKind.READY or EngineKind.READY in record.kinds()
    assert lane.state.kind is EngineKind.READY
    assert lane.state.text  # the device


def test_the_image_in_view_goes_first_and_the_newest_of_a_topic_wins(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    lane = opened()
    record = Record(lane)
    lane.ask(question(photographs, 5, Topic.REST))
    lane.ask(question(photographs, 4, Topic.VISIBLE))
    lane.ask(question(photographs, 3, Topic.REST))  # takes the place of 5
    lane.ask(question(photographs, 2, Topic.CURRENT))
    lane.ask(lesson(photographs))
    wait_for_image(qtbot, record, 3)
    assert record.images() == [2, 4, 3]
    assert record.failures == []


def test_a_running_request_stops_for_a_newer_one_and_lets_urgent_ones_pass(
    qtbot: QtBot, opened: Opened, photographs: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "began"
    lane = opened(opening=faulty("work_long", "disc_5.png", mark))
    record = Record(lane)
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 5, Topic.REST))  # works for a minute, the first time
    qtbot.waitUntil(mark.exists, timeout=LIMIT_MS)
    lane.ask(question(photographs, 1))
    wait_for_image(qtbot, record, 1, 5)
    assert record.images() == [1, 5]  # 5 came again after it had let 1 pass
    mark.unlink()
    old = lane.ask(question(photographs, 5, Topic.REST))
    qtbot.waitUntil(mark.exists, timeout=LIMIT_MS)
    lane.ask(question(photographs, 4, Topic.REST))
    wait_for_image(qtbot, record, 4)
    mark.unlink()
    lane.ask(question(photographs, 5))
    qtbot.waitUntil(mark.exists, timeout=LIMIT_MS)
    lane.cancel(Topic.CURRENT)
    lane.ask(question(photographs, 3, Topic.REST))
    wait_for_image(qtbot, record, 3)
    assert (Topic.REST, old) not in [said[:2] for said in record.answers]
    assert record.images() == [1, 5, 4, 3]
    assert record.failures == []


def test_a_killed_engine_comes_back_knowing_everything(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    lane = opened()
    record = Record(lane)
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 1))
    wait_for_image(qtbot, record, 1)
    before = lane.process_id
    assert before
    os.kill(before, signal.SIGKILL)
    lane.ask(question(photographs, 2))
    wait_for_image(qtbot, record, 2)
    assert lane.process_id != before
    (sentence,) = record.restarts()
    assert "nothing you made is lost" in sentence
    fresh = answer_of(record, 2)
    assert fresh.support_version == 1
    assert fresh.rows.sum() == pytest.approx(np.pi * 20**2, rel=0.15)


@pytest.mark.parametrize(
    ("fault", "limits", "cause"),
    [
        ("hold_everything", LaneLimits(beat_s=6, look_s=0.1), "no longer answered"),
        ("get_stuck", LaneLimits(work_s=12, look_s=0.1), "no longer answered"),
        pytest.param(
            "eat_all_memory",
            LaneLimits(),
            "ran out of memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS"),
        ),
    ],
)
def test_a_request_in_flight_is_asked_once_more(
    qtbot: QtBot,
    opened: Opened,
    photographs: Path,
    tmp_path: Path,
    fault: str,
    limits: LaneLimits,
    cause: str,
) -> None:
    lane = opened(opening=faulty(fault, "disc_2.png", tmp_path / "once"), limits=limits)
    record = Record(lane)
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 2))
    wait_for_image(qtbot, record, 2)
    (sentence,) = record.restarts()
    assert cause in sentence
    assert record.failures == []
    assert answer_of(record, 2).support_version == 1


def test_a_request_that_kills_twice_is_left_out_and_others_go_on(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    lane = opened(opening=faulty("die", "disc_2.png"))
    record = Record(lane)
    lane.ask(lesson(photographs))
    ticket = lane.ask(question(photographs, 2))
    lane.ask(question(photographs, 3, Topic.REST))
    wait_for_image(qtbot, record, 3)
    ((topic, failed, sentence),) = record.failures
    assert (topic, failed) == (Topic.CURRENT, ticket)
    assert "left out" in sentence
    assert len(record.restarts()) == 2


def test_bugs_and_unreadable_images_are_one_sentence_each_and_the_engine_lives(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    (photographs / "disc_4.png").write_bytes(b"no picture at all")
    lane = opened(opening=faulty("stumble", "disc_2.png"))
    record = Record(lane)
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 2))
    lane.ask(question(photographs, 4, Topic.VISIBLE))
    lane.ask(question(photographs, 3, Topic.REST))
    wait_for_image(qtbot, record, 3)
    bug, unreadable = (sentence for _, _, sentence in record.failures)
    assert "ZeroDivisionError: a bug of ours" in bug
    assert "disc_4.png" in unreadable
    assert record.restarts() == []


def test_missing_weights_are_told_and_another_choice_goes_on(
    qtbot: QtBot, opened: Opened, photographs: Path
) -> None:
    lane = opened()
    record = Record(lane)
    lane.ask(Configure(EngineSettings(SegmentOptions(backbone="nobody_has_it"))))
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 1))
    qtbot.waitUntil(lambda: lane.state.kind is EngineKind.FAILED, timeout=LIMIT_MS)
    assert "nobody_has_it" in lane.state.text
    assert record.images() == []
    lane.ask(Configure(EngineSettings(PLAIN)))
    wait_for_image(qtbot, record, 1)
    assert lane.state.kind is EngineKind.READY


def test_closing_takes_less_than_two_seconds_even_from_a_hanging_engine(
    qtbot: QtBot, opened: Opened, photographs: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "began"
    lane = opened(opening=faulty("hold_everything", "disc_2.png", mark))
    lane.ask(lesson(photographs))
    lane.ask(question(photographs, 2))
    qtbot.waitUntil(mark.exists, timeout=LIMIT_MS)
    process_id = lane.process_id
    assert process_id
    started = time.monotonic()
    lane.close()
    assert time.monotonic() - started < 2
    assert not alive(process_id)
    assert lane.state.kind is EngineKind.CLOSED


DESK = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from PySide6.QtCore import QCoreApplication, QTimer
from annotator.flows.engine_child import Watch
from annotator.flows.engine_process import CANCEL, PULSE, PipeReporter
from annotator.flows.engine_lane import EngineLane
import lane_questions as t
from annotator.flows.lane_messages import Configure, EngineSettings, LaneAnswer

def tell(topic, ticket, answer):
    if isinstance(answer, LaneAnswer):
        heavy = [m for m in ("torch", "PySide6.QtWidgets", "PySide6.QtGui") if m in sys.modules]
        print(lane.process_id, heavy, lane._block.name, flush=True)
        {then}

if __name__ == "__main__":
    app = QCoreApplication([])
    lane = EngineLane()
    lane.answered.connect(tell)
    lane.ask(Configure(EngineSettings(t.PLAIN)))
    lane.ask(t.lesson(Path({folder!r})))
    lane.ask(t.question(Path({folder!r}), 1))
    lane.start()
    app.exec()
"""


def run_desk(folder: Path, script: Path, then: str) -> subprocess.CompletedProcess[str]:
    """A desk in a process of its own, that ends with ``then`` after the first answer."""
    tests = str(Path(__file__).parent)
    script.write_text(DESK.format(tests=tests, folder=str(folder), then=then), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_desk_never_imports_torch_and_ends_quietly(photographs: Path, tmp_path: Path) -> None:
    done = run_desk(photographs, tmp_path / "desk.py", "lane.close(); app.quit()")
    assert done.returncode == 0, done.stderr
    assert "[]" in done.stdout
    assert done.stderr == ""  # neither leaked memory nor tracebacks


@pytest.mark.skipif(not SHARED.is_dir(), reason="looks where Linux keeps shared memory")
def test_an_engine_whose_desk_was_killed_ends_by_itself_and_takes_its_memory_along(
    photographs: Path, tmp_path: Path
) -> None:
    done = run_desk(photographs, tmp_path / "desk.py", "os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    process_id, block = int(done.stdout.split()[0]), done.stdout.split()[-1]
    deadline = time.monotonic() + 20
    while alive(process_id) or (SHARED / block).exists():
        assert time.monotonic() < deadline, "the engine outlived its desk"
        time.sleep(0.05)  # who takes it along, engine or Python's own tracker, is their race


def test_settings_bring_the_support_along_and_a_dropped_request_never_comes_back() -> None:
    queue, folder = LaneQueue(), Path("photographs")
    queue.add(Configure(EngineSettings(PLAIN)))
    queue.add(lesson(folder))
    taken = [queue.take(), queue.take()]
    assert [p.topic for p in taken if p] == [Topic.CONFIGURE, Topic.FIT]
    queue.add(Configure(EngineSettings(PLAIN)))
    assert [p.topic for p in (queue.take(), queue.take()) if p] == [Topic.CONFIGURE, Topic.FIT]
    dropped = queue.add(question(folder, 1))
    queue.take()
    dropped.stopped = True
    queue.put_back(dropped)
    assert not queue


def test_the_watch_tells_silence_and_standstill_apart() -> None:
    watch = Watch(look_s=1, beat_s=3, work_s=6)
    child: Any = SimpleNamespace(beats=0, pulse=0)

    def looks(count: int, *, beating: bool, working: bool, opening: bool = False) -> list[bool]:
        told = []
        for _ in range(count):
            child.beats += beating
            told.append(watch.hangs(child, working=working, opening=opening))
        return told

    assert not any(looks(20, beating=True, working=False))  # idle for long
    assert looks(9, beating=True, working=True).count(True) == 2  # no step of work for over 6 s
    watch.restart()
    assert looks(5, beating=False, working=False) == [False] * 4 + [True]
    watch.restart()
    assert not any(looks(6, beating=False, working=True, opening=True))  # loading native libraries


def test_a_reporter_shows_every_step_and_stops_at_its_own_number_only() -> None:
    control, nobody = [0, 0, 0], cast(Any, None)
    reporter = PipeReporter(nobody, control, 5)
    control[CANCEL] = 4
    reporter.raise_if_cancelled()
    control[CANCEL] = 5
    with pytest.raises(Cancelled):
        reporter.raise_if_cancelled()
    assert control[PULSE] == 2
