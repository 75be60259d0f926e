"""The stage for screenshots: the real application on real photographs, drawn on with the mouse."""

import math
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from scipy import ndimage

from annotator.app import Application
from annotator.crash_watch import CrashWatch
from annotator.document.edits import add_class
from annotator.document.images import ImageId
from annotator.flows.demo import demo_folders, make_demo_project
from annotator.flows.image_folder import add_folder
from annotator.flows.lane_messages import EngineKind
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace, gesture
from annotator.log_file import start_logging
from annotator.look.style import Scheme
from annotator.window.label_page import LabelPage

SIZE = (1440, 900)
LIMIT_S = 300.0
SETTLE_S = 0.6  # for timers of the window itself: none waits longer
SHOWN, MARKED = 24, 3  # images of a folder that are shown, and those that are scribbled on
PEN = 5.0  # image pixels
POINTS = 7  # of a scribble

Bitmap = npt.NDArray[np.bool_]
Track = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Photos:
    """``folder`` holds images, and masks whose values are named by ``classes``."""

    folder: Path
    classes: dict[str, tuple[int, ...]]


class Stage:
    """One application. Scenes may change it, but leave it as they found it."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.qt = QApplication.instance() or QApplication(["annotator"])
        self._log = start_logging()
        self.application = Application(self.qt, self._log, CrashWatch(self._log))  # type: ignore[arg-type]
        self.window = self.application.window
        self.window.resize(*SIZE)
        self.wear(Scheme.LIGHT)
        self.application.start(None)
        self.settle()

    # -- what stands on it -----------------------------------------------------------------------

    @property
    def page(self) -> LabelPage:
        """The label page; a project has to be open."""
        page = self.window.page
        if page is None:
            raise LookupError("No project is open.")
        return page

    @property
    def live(self) -> LiveFlow:
        """The live loop; a project has to be open."""
        live = self.window.live
        if live is None:
            raise LookupError("No project is open.")
        return live

    @property
    def workspace(self) -> Workspace:
        """The open project."""
        workspace = self.window.workspace
        if workspace is None:
            raise LookupError("No project is open.")
        return workspace

    def wear(self, scheme: Scheme) -> None:
        """Light or dark."""
        self.application.style.choose(scheme)

    def open_demo(self) -> None:
        """The demo project with its stored cues, answered."""
        self.show(make_demo_project(demo_folders(self.scratch / "demo")))
        self.answered()

    def open_photos(self, photos: Photos) -> None:
        """A folder of photographs; the first few are scribbled on along their masks."""
        folder = self.scratch / photos.folder.resolve().name
        folder.mkdir()
        masks = _masks(photos)
        rest = sorted(p for p in (photos.folder / "images").iterdir() if p.stem not in masks)
        named = [photos.folder / "images" / f"{stem}" for stem in masks]
        chosen = [next(p.parent.glob(f"{p.name}.*")) for p in named] + rest
        for path in chosen[:SHOWN]:
            shutil.copy(path, folder / path.name)
        workspace = self.open_folder(folder, photos.classes)
        for stem, mask in list(masks.items())[:MARKED]:
            entry = next(e for e in workspace.project.images.values() if Path(e.path).stem == stem)
            self.go(entry.image_id)
            self._scribble_along(mask, photos.classes)
        self.answered()

    def open_folder(self, folder: Path, classes: Iterable[str]) -> Workspace:
        """A new project over a folder."""
        workspace = Workspace.create(folder.with_name(f"{folder.name}-labels"), folder)
        add_folder(workspace)
        for name in classes:
            workspace.do(gesture("Add class", name), [add_class(workspace.project, name)])
        self.show(workspace)
        return workspace

    def show(self, workspace: Workspace) -> None:
        """Show a project and wait for its first picture."""
        self.window.show_workspace(workspace)
        self.page.canvas.frame_budget = math.inf  # pictures wait for every tile
        self.settle()

    def go(self, image_id: ImageId) -> None:
        """To an image."""
        self.page.gallery.choose(image_id)
        self.until(lambda: self.page.canvas.viewport is not None, "the picture")
        self.settle()

    def do(self, action_id: str) -> None:
        """What a key would do."""
        self.window.actions_[action_id].trigger()
        self.settle()

    # -- hands -----------------------------------------------------------------------------------

    def scribble(self, track: Track, button: Qt.MouseButton = Qt.MouseButton.LeftButton,
                 *, let_go: bool = True) -> None:  # fmt: skip
        """A stroke with the mouse, in image coordinates; ``let_go`` False: the pen stays down."""
        canvas = self.page.canvas
        places = [canvas.to_view(QPointF(x, y)).toPoint() for x, y in track]
        QTest.mousePress(canvas, button, pos=places[0])
        for place in places:
            QTest.mouseMove(canvas, place)
            QTest.qWait(12)
        if let_go:
            QTest.mouseRelease(canvas, button, pos=places[-1])
            QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))

    def _scribble_along(
        self, mask: npt.NDArray[np.integer], classes: dict[str, tuple[int, ...]]
    ) -> None:
        self.page.canvas.set_radius(PEN)
        for place, values in enumerate(classes.values(), start=1):
            self.page.classes.choose_place(place)
            track = track_within(np.isin(mask, values))
            if track:
                self.scribble(track)
        known = [value for values in classes.values() for value in values]
        for half in np.array_split(np.arange(mask.shape[0]), 2):  # above and below
            bare = ~np.isin(mask, known)
            bare[np.setdiff1d(np.arange(mask.shape[0]), half)] = False
            track = track_within(bare)
            if track:
                self.scribble(track, Qt.MouseButton.RightButton)

    # -- time ------------------------------------------------------------------------------------

    def settle(self, seconds: float = SETTLE_S) -> None:
        """Let the window come to rest."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QTest.qWait(10)

    def until(self, what: Callable[[], object], named: str) -> None:
        """Wait for something; TimeoutError after a few minutes."""
        end = time.monotonic() + LIMIT_S
        while not what():
            if time.monotonic() > end:
                raise TimeoutError(f"{named} did not come within {LIMIT_S:.0f} s")
            QTest.qWait(20)

    def answered(self) -> None:
        """Wait until every usable image is answered from all that is drawn, and all is at rest."""
        images = self.workspace.project.images
        usable = [i for i, entry in images.items() if entry.problem is None]
        self.settle()
        self.until(lambda: all(self._is_fresh(i) for i in usable), "the answers")
        lane = self.application.lane
        self.until(lambda: lane.state.kind is EngineKind.READY, "the engine's rest")
        self.settle()

    def _is_fresh(self, image_id: ImageId) -> bool:
        proposal = self.live.proposal(image_id)
        return proposal is not None and proposal.support_version == self.live.version

    def close(self) -> None:
        """End window and engine."""
        self.window.close()
        self._log.close()


def track_within(region: Bitmap) -> Track:
    """A scribble along the longest level way through the inside of a region (H, W); [] if tiny."""
    parts, count = ndimage.label(region)
    if not count:
        return []
    largest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    depth = ndimage.distance_transform_edt(np.pad(parts == largest, 1))[1:-1, 1:-1]
    inside = depth > min(PEN + 1, 0.7 * depth.max())
    best: tuple[int, int, int] = (0, 0, 0)  # length, row, first column
    for row in np.flatnonzero(inside.any(axis=1)):
        edges = np.flatnonzero(np.diff(np.r_[0, inside[row].astype(np.int8), 0]))
        lengths = edges[1::2] - edges[::2]
        longest = int(np.argmax(lengths))
        best = max(best, (int(lengths[longest]), int(row), int(edges[2 * longest])))
    length, row, first = best
    if length < 2:
        return []
    columns = np.linspace(first, first + length - 1, POINTS)
    wave = np.sin(np.linspace(0, 5, POINTS)) * min(6.0, 0.5 * float(depth.max()))
    return [(float(x) + 0.5, row + float(y) + 0.5) for x, y in zip(columns, wave, strict=True)]


def _masks(photos: Photos) -> dict[str, npt.NDArray[np.integer]]:
    """Stem -> mask, those with most of the classes first."""
    found: dict[str, npt.NDArray[np.integer]] = {}
    counts: dict[str, int] = {}
    for path in sorted((photos.folder / "masks").glob("*.png"))[:200]:
        with Image.open(path) as picture:
            mask = np.array(picture)
        present = np.flatnonzero(np.bincount(mask.ravel(), minlength=256) > 150)
        counts[path.stem] = sum(bool(set(v) & set(present)) for v in photos.classes.values())
        found[path.stem] = mask
    order = sorted(found, key=lambda stem: -counts[stem])
    return {stem: found[stem] for stem in order[:SHOWN]}
