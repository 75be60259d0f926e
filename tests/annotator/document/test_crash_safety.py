"""The promise that a kill at any instant loses nothing acknowledged and breaks nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from document_gestures import TwinHistory, picture, step

from annotator.document.project_folder import OpenProject, create_project, open_project

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to raise victims")

KILLS = 200
LONGEST_LIFE_S = 0.1  # opening takes a fifth of it, so some die before their first gesture


@dataclass(frozen=True)
class Life:
    """What is known of a victim: the gestures it acknowledged."""

    acknowledged: list[int]
    was_killed: bool


class Nursery:
    """Speaks with the process that raises victims."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        self._process = subprocess.Popen(
            [sys.executable, str(here / "document_crash_nursery.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def live_and_die(self, order: dict[str, object], life_s: float) -> Life:
        """Let a victim edit for so long, kill it, and tell what it acknowledged."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        acknowledged = []
        for word, rest in self._words():
            match word:
                case "born":
                    time.sleep(life_s)
                    os.kill(int(rest), signal.SIGKILL)
                case "done":
                    acknowledged.append(int(rest))
                case "failed":
                    pytest.fail(json.loads(rest))
                case "gone":
                    return Life(acknowledged, os.WTERMSIG(int(rest)) == signal.SIGKILL)
        pytest.fail("The nursery died.")

    def _words(self) -> Iterator[tuple[str, str]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            yield word, rest


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


def agrees(opened: OpenProject, twin: TwinHistory) -> bool:
    names = opened.history.undo_name, opened.history.redo_name
    same_names = names == (twin.undo_name, twin.redo_name)
    return same_names and picture(opened.project) == picture(twin.project)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_two_hundred_kills_lose_no_acknowledged_gesture(
    tmp_path: Path, nursery: Nursery, record_property: Callable[[str, object], None]
) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    rng, twin = random.Random(11), TwinHistory()
    count = one_more = unborn = with_leftovers = 0
    for kill in range(KILLS):
        order = {"folder": str(folder), "seed": "crash", "first": count}
        life = nursery.live_and_die(order, rng.uniform(0.0, LONGEST_LIFE_S))
        assert life.was_killed
        assert life.acknowledged == list(range(count, count + len(life.acknowledged)))
        unborn += not life.acknowledged
        wal = folder / "project.annotator-wal"
        with_leftovers += wal.exists() and wal.stat().st_size > 0
        for number in life.acknowledged:
            step(twin.project, twin, number, "crash")
        count += len(life.acknowledged)
        with open_project(folder) as opened:
            if not agrees(opened, twin):
                step(twin.project, twin, count, "crash")  # committed, killed before it could say so
                count, one_more = count + 1, one_more + 1
            assert agrees(opened, twin), f"after kill {kill}, {count} gestures"
    assert count > 5 * KILLS, "the victims lived too short to show anything"
    assert unborn < KILLS / 2
    assert with_leftovers > KILLS / 4
    record_property("gestures", count)
    record_property("committed, but killed before saying so", one_more)


def test_undo_and_redo_reach_everything_after_a_kill(tmp_path: Path, nursery: Nursery) -> None:
    folder = tmp_path / "project"
    create_project(folder, tmp_path).close()
    life = nursery.live_and_die({"folder": str(folder), "seed": "undo", "first": 0}, 0.4)
    assert len(life.acknowledged) > 5
    with open_project(folder) as opened:
        while opened.history.redo():
            pass
        end = picture(opened.project)
        while opened.history.undo():
            pass
        assert not opened.project.images
        assert not opened.project.classes.rows
        while opened.history.redo():
            pass
        assert picture(opened.project) == end
