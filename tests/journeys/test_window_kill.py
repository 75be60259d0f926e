"""Killed with -9: the window in mid-stroke, the engine in mid-prediction; nothing kept is lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot
from stand_in_lane import StandInLane
from window_hands import RIGHT, Hand, press_key
from window_nursery import track

from annotator.document.annotations import Stroke
from annotator.document.edits import add_class
from annotator.flows.engine_desk import EngineDesk, LiveAnswer
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.lane_messages import (
    EngineKind,
    EngineSettings,
    EngineState,
    ImageRef,
    PackedMarks,
)
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.main_window import MainWindow
from engines.reporting import Reporter

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform == "win32", reason="a signal is sent"),
]
WAIT_MS = 90_000
HERE = Path(__file__).parent


@pytest.fixture
def project(tmp_path: Path, photographs: Path) -> Path:
    folder = tmp_path / "project"
    with Workspace.create(folder, photographs) as workspace:
        add_folder(workspace)
        workspace.do("Add class, 'disc'", [add_class(workspace.project, "disc")])
    return folder


def opened_window(
    qtbot: QtBot, qapp: QApplication, lane: EngineLane | StandInLane, folder: Path
) -> MainWindow:
    window = MainWindow(lane, Style(qapp, Scheme.DARK))  # type: ignore[arg-type]
    window.resize(1000, 700)
    window.show()
    lane.start()
    window.show_workspace(Workspace.open(folder))
    window.activateWindow()
    qtbot.waitUntil(
        lambda: window.page is not None and window.page.canvas.viewport is not None, timeout=WAIT_MS
    )
    return window


# -- the window ------------------------------------------------------------------------------------


def draw_until_killed(folder: Path, seed: int) -> tuple[int, int]:
    """How many strokes the window had begun and kept when the signal reached it in a stroke."""
    chance = random.Random(seed)
    after, delay_s = chance.randint(1, 8), chance.uniform(0, 0.05)
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    said: list[str] = []
    with subprocess.Popen(
        [sys.executable, str(HERE / "window_nursery.py"), str(folder), str(seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "QT_QPA_PLATFORM": "offscreen"},
        text=True,
    ) as window:
        for line in window.stdout or ():
            said.append(line.strip())
            if said[-1] == f"began {after}":
                time.sleep(delay_s)
                window.kill()  # what it said until then is still read
    assert window.returncode == -signal.SIGKILL, said
    begun = sum(line.startswith("began") for line in said)
    return begun, sum(line.startswith("kept") for line in said)


@pytest.mark.parametrize("seed", range(5))
def test_a_window_killed_in_mid_stroke_has_kept_every_stroke_before(
    qtbot: QtBot, qapp: QApplication, project: Path, seed: int
) -> None:
    begun, kept = draw_until_killed(project, seed)
    assert begun >= kept >= 1
    with Workspace.open(project) as again:
        image_id = next(iter(again.project.images))
        strokes = again.project.cues(image_id)
        assert kept <= len(strokes) <= begun, "what was said to be kept is there, and no more"
        for number, stroke in enumerate(strokes):
            assert isinstance(stroke, Stroke)
            assert np.abs(np.subtract(stroke.points[0], track(seed, number)[0])).max() < 1.5
        for _ in strokes:
            assert again.history.undo_name == "Stroke, 'disc'"
            again.undo()
        assert again.history.undo_name == "Add class, 'disc'"
        assert again.project.cues(image_id) == ()
        for _ in strokes:
            again.redo()
        assert again.project.cues(image_id) == strokes
    check_the_window_goes_on(qtbot, qapp, project, len(strokes))


def check_the_window_goes_on(qtbot: QtBot, qapp: QApplication, project: Path, strokes: int) -> None:
    window = opened_window(qtbot, qapp, StandInLane(), project)
    page, workspace = window.page, window.workspace
    assert page is not None
    assert workspace is not None
    assert window.actions_["edit.undo"].text() == "Undo Stroke, 'disc'"
    Hand(page.canvas).drag([(10, 80), (40, 84)])
    image_id = next(iter(workspace.project.images))
    assert len(workspace.project.cues(image_id)) == strokes + 1
    page.canvas.setFocus()
    press_key(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(workspace.project.cues(image_id)) == strokes
    window.close()
    window.deleteLater()


# -- the engine ------------------------------------------------------------------------------------


class SlowDesk(EngineDesk):
    """The real desk, but its very first answer takes for ever, and a file says that it has begun.

    A second process finds the file and answers at once.
    """

    def __init__(self, settings: EngineSettings, began: Path) -> None:
        super().__init__(settings)
        self._began = began

    def answer(self, image: ImageRef, fixed: PackedMarks, reporter: Reporter) -> LiveAnswer:
        first = not self._began.exists()
        self._began.touch()
        while first:
            time.sleep(0.01)
            reporter.raise_if_cancelled()
        return super().answer(image, fixed, reporter)


@pytest.fixture
def slow_window(
    qtbot: QtBot, qapp: QApplication, project: Path, tmp_path: Path
) -> Iterator[tuple[MainWindow, EngineLane]]:
    lane = EngineLane(opening=partial(SlowDesk, began=tmp_path / "began"))
    window = opened_window(qtbot, qapp, lane, project)
    yield window, lane
    window.close()
    window.deleteLater()


def test_an_engine_killed_in_mid_prediction_costs_one_sentence_and_nothing_else(
    qtbot: QtBot, slow_window: tuple[MainWindow, EngineLane], tmp_path: Path, project: Path
) -> None:
    window, lane = slow_window
    page, live, workspace = window.page, window.live, window.workspace
    assert page is not None
    assert live is not None
    assert workspace is not None
    states: list[EngineState] = []
    lane.state_changed.connect(states.append)
    page.canvas.set_radius(3.0)
    Hand(page.canvas).drag([(30, 32), (30, 48)])
    Hand(page.canvas, RIGHT).drag([(90, 20), (90, 70)])
    qtbot.waitUntil((tmp_path / "began").exists, timeout=WAIT_MS)
    first = lane.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    Hand(page.canvas, RIGHT).drag([(100, 85), (110, 90)])  # the person does not even notice
    assert len(workspace.project.cues(page.image_id)) == 3  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: any(s.kind is EngineKind.RESTARTING for s in states), timeout=WAIT_MS)
    told = [state.text for state in states if state.kind is EngineKind.RESTARTING]
    assert len(told) == 1
    assert told[0].endswith("nothing you made is lost.")
    shown = [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
    assert any(told[0] in text for text in shown), shown
    Hand(page.canvas).drag([(28, 40), (34, 40)])  # drawing goes on while it starts again
    qtbot.waitUntil(
        lambda: all(live.proposal(image_id) for image_id in workspace.project.images),
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(lambda: lane.state.kind is EngineKind.READY, timeout=WAIT_MS)
    assert lane.process_id not in (None, first)
    assert sum(state.kind is EngineKind.RESTARTING for state in states) == 1
    proposal = live.proposal(page.image_id)  # type: ignore[arg-type]
    assert proposal is not None
    assert proposal.support_version == live.version
    assert proposal.classes[86:89, 104:107].max() == 0, "the stroke drawn meanwhile was heard"
    window.close_project()
    with Workspace.open(project) as again:
        assert len(again.project.cues(next(iter(again.project.images)))) == 4
        assert again.history.undo_name == "Stroke, 'disc'"
