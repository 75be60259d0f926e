"""Ten thousand random moves on the real window: no fault, no lost edit, no leak, and all undone.

On a failure the seed and the last moves are shown. To see a run again, or to make a longer one:

    ANNOTATOR_MONKEY_SEED=7 ANNOTATOR_MONKEY_STEPS=100000 pytest tests/journeys/test_monkey.py
"""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from monkey_moves import Monkey, answers_for_dialogs
from monkey_watch import Census, FaultNet, Ledger, differing, snapshot
from PIL import Image
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWidgets import QApplication, QColorDialog, QDialog, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot
from stand_in_lane import StandInLane
from window_hands import let_events_pass

from annotator.document.edits import add_class
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.main_window import MainWindow

pytestmark = [pytest.mark.journey, pytest.mark.slow]

SEED = int(os.environ.get("ANNOTATOR_MONKEY_SEED", "20251121"))
STEPS = int(os.environ.get("ANNOTATOR_MONKEY_STEPS", "10000"))
REAL_STEPS = max(1, STEPS // 25)
CHAPTER = 1000  # moves on one project; then all is undone, redone, and another one is opened
LOOK_EVERY = 25  # moves between two looks at screen against document


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Five pictures of 64 x 48, and one whose bytes end in the middle."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rows, columns = np.mgrid[:48, :64]
    for k in range(5):
        disc = (columns - 15 - 7 * k) ** 2 + (rows - 20) ** 2 < 10**2
        noise = np.random.default_rng(k).normal(0, 6, (48, 64, 3))
        colour = np.where(disc[..., None], (200, 120, 40), (40, 60, 90))
        Image.fromarray(np.clip(colour + noise, 0, 255).astype("u1")).save(folder / f"disc_{k}.png")
    whole = (folder / "disc_0.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Questions to the person are answered at once; a dialog that blocks is a fault."""
    (tmp_path / "asked").mkdir()
    answer = answers_for_dialogs(SEED, tmp_path / "asked")

    def refuse(*_arguments: object) -> int:
        raise AssertionError("A dialog blocks the window.")

    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, answer)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([answer()[0]], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *a, **k: answer()[0])
    monkeypatch.setattr(QColorDialog, "getColor", lambda *a, **k: QColor(9, 140, 77))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda *a: True)
    for kind in (QDialog, QMessageBox):
        monkeypatch.setattr(kind, "exec", refuse)


class Cage:
    """A window with its project, everything that watches it, and the monkey."""

    def __init__(self, window: MainWindow, folder: Path, pictures: Path, net: FaultNet) -> None:
        self.window, self.net = window, net
        self._root, self._pictures = folder, pictures
        self._chapter = 0
        self._step = 0
        self.ledger = Ledger()
        self.monkey = Monkey(window, SEED, self.reopen)
        # To quit is the one thing that it must not do.
        window.wire({"window.quit": lambda: None, "project.open": self.reopen})

    @property
    def folder(self) -> Path:
        """Of the project of this chapter."""
        return self._root / f"project-{self._chapter}"

    def begin(self) -> None:
        """Another project, with two classes."""
        self._chapter += 1
        self.ledger = Ledger()
        workspace = Workspace.create(self.folder, self._pictures)
        self.ledger.attach(workspace)
        add_folder(workspace)
        for name in ("disc", "ring"):
            workspace.do(f"Add class, '{name}'", [add_class(workspace.project, name)])
        self.window.show_workspace(workspace)
        self.wait_for_picture()

    def reopen(self) -> None:
        """Close the project and open it: what is on disk must be what was shown."""
        self._end_typing()
        workspace = self.window.workspace
        before = None if workspace is None else snapshot(workspace.project)
        self.window.close_project()
        again = Workspace.open(self.folder)
        if before is not None:
            lost = differing(before, snapshot(again.project))
            self._hold(not lost, f"Reopened, these parts differ: {lost}")
        self.ledger.attach(again)
        self.window.show_workspace(again)
        self._check_ledger()

    def go(self, steps: int) -> None:
        """That many moves, every one of them watched."""
        for _ in range(steps):
            self._step += 1
            try:
                self.monkey.step(self._step)
            except Exception as error:  # noqa: BLE001 - whatever it is, the moves are shown
                pytest.fail(self._story(f"{type(error).__name__}: {error}"), pytrace=True)
            self._check_ledger()
            self._hold(not self.net.caught, "\n".join(self.net.caught))
            if self._step % LOOK_EVERY == 0:
                self._check_screen()

    def end(self) -> None:
        """Undo everything and redo everything; both ends must be where they were."""
        workspace = self.window.workspace
        if workspace is None:
            self.reopen()
            workspace = self.window.workspace
        assert workspace is not None
        self._end_typing()
        names, place = list(self.ledger.names), self.ledger.place
        before = snapshot(workspace.project)
        self.window.close_project()
        let_events_pass(3)
        with Workspace.open(self.folder) as bare:
            self._walk(bare, names, place, before)

    def _walk(
        self, bare: Workspace, names: list[str], place: int, before: dict[str, object]
    ) -> None:
        undone = []
        while bare.history.undo_name is not None:
            undone.append(bare.history.undo_name)
            bare.undo()
        self._hold(undone[::-1] == names[:place], f"Undone {undone[-5:]}, done {names[:5]}")
        start = snapshot(bare.project)
        self._hold(not bare.project.images and not len(bare.project.classes), "A start not empty")
        for _ in range(place):
            bare.redo()
        lost = differing(before, snapshot(bare.project))
        self._hold(not lost, f"Undone and redone, these parts differ: {lost}")
        while bare.history.redo_name is not None:
            bare.redo()
        for _ in names:
            bare.undo()
        lost = differing(start, snapshot(bare.project))
        self._hold(not lost, f"Undone twice, the starts differ: {lost}")

    # -- looks -----------------------------------------------------------------------------------

    def wait_for_picture(self) -> None:
        """Until the image in view is on the canvas, or cannot be."""
        page, workspace = self.window.page, self.window.workspace
        for _ in range(2000):
            let_events_pass()
            if page is None or workspace is None or page.canvas.viewport is not None:
                return
            entry = workspace.project.images.get(page.image_id) if page.image_id else None
            if entry is None or entry.problem is not None:
                return

    def _end_typing(self) -> None:
        """A name that is being typed is taken when the keyboard goes elsewhere."""
        focus = QApplication.focusWidget() or self.window.focusWidget()
        if focus is not None:
            focus.clearFocus()
        let_events_pass()

    def _check_screen(self) -> None:
        page, workspace = self.window.page, self.window.workspace
        if page is None or workspace is None:
            return
        let_events_pass(3)
        project = workspace.project
        listed = [line.class_id for line in page.classes.model.lines if line.class_id]
        self._hold(listed == list(project.classes.ids()), f"Listed {listed}")
        target = page.canvas.pen.target
        self._hold(target in (0, *listed), f"The pen draws class {target}, there are {listed}")
        total = page.gallery.model.total
        self._hold(total == len(project.images), f"{total} cells, {len(project.images)} images")
        name = workspace.history.undo_name
        shown = self.window.actions_["edit.undo"].text()
        self._hold(shown == (f"Undo {name}" if name else "Undo"), f"{shown!r} for {name!r}")

    def _check_ledger(self) -> None:
        wrong = self.ledger.check()
        self._hold(not wrong, " ".join(wrong))

    def _hold(self, fine: bool, sentence: str) -> None:
        if not fine:
            pytest.fail(self._story(sentence), pytrace=False)

    def _story(self, sentence: str) -> str:
        moves = "\n  ".join(self.monkey.made)
        return (
            f"{sentence}\nANNOTATOR_MONKEY_SEED={SEED}, step {self._step}; the last moves:\n"
            f"  {moves}"
        )


@pytest.fixture
def net() -> Iterator[FaultNet]:
    with FaultNet().spread() as spread:
        yield spread


def shown_window(qapp: QApplication, lane: EngineLane | StandInLane) -> MainWindow:
    window = MainWindow(lane, Style(qapp, Scheme.DARK))  # type: ignore[arg-type]
    window.resize(900, 600)
    window.show()
    lane.start()
    return window


def test_the_stand_in_can_be_asked_all_that_a_lane_can() -> None:
    public = {name for name in vars(EngineLane) if not name.startswith("_")}
    lacking = public - {"staticMetaObject"} - set(dir(StandInLane()))
    assert lacking == set()


@pytest.mark.timeout(900)
def test_ten_thousand_moves_break_lose_and_leak_nothing(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, pictures: Path, net: FaultNet
) -> None:
    window = shown_window(qapp, StandInLane(SEED, trouble=0.02))
    cage = Cage(window, tmp_path, pictures, net)
    counts: list[Census] = []
    for _ in range(max(1, STEPS // CHAPTER)):
        cage.begin()
        cage.go(min(CHAPTER, STEPS))
        cage.end()
        let_events_pass(5)
        counts.append(Census.now())
    window.close()
    window.deleteLater()
    let_events_pass(5)
    assert net.caught == []
    check_growth(counts)


def check_growth(counts: list[Census]) -> None:
    """Between the second and the last chapter, both with the project closed."""
    if len(counts) < 4:
        return
    early, late = counts[1], counts[-1]
    story = f"ANNOTATOR_MONKEY_SEED={SEED}\n" + "\n".join(map(str, counts))
    assert late.widgets <= early.widgets + 10, story
    assert late.objects <= early.objects + 40, story
    assert late.files <= early.files + 4, story
    assert late.threads <= early.threads + 4, story
    assert late.blocks == 0, story
    assert late.bytes <= early.bytes + (96 << 20), story


@pytest.mark.timeout(900)
def test_the_real_engine_stands_the_monkey_too(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, pictures: Path, net: FaultNet
) -> None:
    lane = EngineLane()
    window = shown_window(qapp, lane)
    cage = Cage(window, tmp_path, pictures, net)
    cage.begin()
    cage.go(REAL_STEPS)
    cage.end()
    window.close()
    window.deleteLater()
    let_events_pass(5)
    assert net.caught == []
    assert Census.now().blocks == 0
    assert lane.process_id is None
