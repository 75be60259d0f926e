"""How fast the window answers: from the release of a stroke to the painted overlay, and to all.

The real window without a screen, strokes by mouse events, the engine in its process, features
cached; 512 px, five classes with background. A release counts until the canvas has painted a
proposal that knows the stroke. The first picture of the window is timed from the start of its
process. Photographs are copied into a scratch folder; without any, pictures are drawn.

    python benchmarks/live_loop.py [--data FOLDER] [--scratch FOLDER] [--models FOLDER]
        [--backbones filters resnet18_layer3] [--images 200] [--strokes 30]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from annotator.canvas.view import CanvasView
from annotator.document.annotations import Stroke
from annotator.document.classes import ClassId
from annotator.document.edits import AddCue, add_class
from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.settings import MODELS_VARIABLE
from annotator.window.main_window import MainWindow

SIDE = 512
CLASSES = 4  # and background
WARM_UP = 2 * (CLASSES + 1)
TILES = 8  # a side; every stroke has one of its own, as long as there are enough
LIMIT_S = 900
BEAT_MS = 20
STARTS = 5
PICTURES = (".jpg", ".jpeg", ".png")
HEAVY = ("torch", "skimage", "scipy")  # what the window's own process should not load


@dataclass(frozen=True)
class Figures:
    """Seconds: of each release, until all visible images were fresh, until all were."""

    releases: list[float]
    visible_count: int
    visible: float
    whole: float
    cold: float


def main() -> None:
    """Print one table."""
    options = _arguments()
    if options.first_picture:
        _show_first_picture()
        return
    if options.models is not None:
        os.environ[MODELS_VARIABLE] = str(options.models)
    with tempfile.TemporaryDirectory() as folder:
        scratch = options.scratch or Path(folder) / "images"
        _write_images(options.data, scratch, options.images)
        _tell_starts(Path(folder))
        print(f"{'':22s} {'stroke -> overlay, ms':^26s}   {'gallery, s':^22s}")
        print(f"{'':22s} {'p50':>8s} {'p95':>8s} {'worst':>8s}   {'visible':>12s} {'all':>9s}")
        app = QApplication([])
        for backbone in options.backbones:
            figures = _measure(app, scratch, Path(folder) / backbone, backbone, options.strokes)
            _tell(f"probe on {backbone}", figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of photographs")
    parser.add_argument("--scratch", type=Path, help="empty or new folder for the copies")
    parser.add_argument("--models", type=Path, help="folder of imported weights")
    parser.add_argument("--backbones", nargs="+", default=["filters"])
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--strokes", type=int, default=30)
    parser.add_argument("--first-picture", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _tell(label: str, figures: Figures) -> None:
    low, high, worst = np.percentile(np.array(figures.releases) * 1e3, (50, 95, 100))
    visible = f"{figures.visible:5.2f} ({figures.visible_count})"
    print(
        f"{label:22s} {low:8.1f} {high:8.1f} {worst:8.1f}   {visible:>12s} {figures.whole:9.2f}"
        f"   {len(figures.releases)} strokes, load {os.getloadavg()[0]:.1f}; "
        f"engine, features and first answers took {figures.cold:.1f} s",
        flush=True,
    )


# -- stroke to overlay, stroke to gallery ----------------------------------------------------------


def _measure(
    app: QApplication, images: Path, project: Path, backbone: str, strokes: int
) -> Figures:
    workspace = Workspace.create(project, images)
    add_folder(workspace)
    for number in range(CLASSES):
        workspace.do("Class", [add_class(workspace.project, f"class {number + 1}")])
    lane = EngineLane()
    window = MainWindow(lane, Style(app, Scheme.LIGHT))
    window.resize(1440, 900)
    window.show()
    lane.start()
    try:
        window.show_workspace(workspace)
        return _Session(window).figures(backbone, strokes)
    finally:
        window.close()


class _Session(QObject):
    """One open project: draws strokes and takes times of what is seen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        page, live, workspace = window.page, window.live, window.workspace
        if page is None or live is None or workspace is None:
            raise SystemExit("The window shows no project.")
        self._canvas: CanvasView = page.canvas
        self._visible = page.gallery.visible_images
        self._live: LiveFlow = live
        self._workspace = workspace
        self._image = next(iter(workspace.project.images))
        self._version = -1  # proposals of later ones know the stroke
        self._painted = self._all = False
        self._fresh: dict[ImageId, float] = {}
        self._canvas.installEventFilter(self)
        live.proposal_changed.connect(self._on_proposal)
        live.all_answered.connect(self._on_all)
        live.support_failed.connect(print)

    def figures(self, backbone: str, strokes: int) -> Figures:
        """Warm up until everything is answered, then draw and measure."""
        started = time.perf_counter()
        self._live.set_backbone(backbone)
        self._wait(lambda: self._canvas.viewport is not None, "the picture")
        tiles = _tiles(WARM_UP + strokes + 1)
        for number in range(WARM_UP):
            self._commit(tiles[number], number)
        self._wait(lambda: self._all, "the first answers")
        cold = time.perf_counter() - started
        releases = [self._drawn(tiles[at], at) for at in range(WARM_UP, WARM_UP + strokes + 1)]
        released = time.perf_counter() - releases[-1]
        # The gallery may reorder itself meanwhile; what counts is what is on screen by then.
        self._wait(lambda: {*self._visible()} <= self._fresh.keys(), "the visible images")
        seen, visible = time.perf_counter(), self._visible()
        self._wait(lambda: self._all, "all images")
        done = time.perf_counter()
        return Figures(releases[:-1], len(visible), seen - released, done - released, cold)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Notice that the canvas is about to paint a fresh proposal."""
        if event.type() == QEvent.Type.Paint and self._image in self._fresh:
            self._painted = True
        return super().eventFilter(watched, event)

    def _drawn(self, start: tuple[float, float], number: int) -> float:
        """Draw one stroke with the mouse; seconds from its release to the painted overlay."""
        places = [(start[0] + 6.0 * step, start[1] + step) for step in range(8)]
        self._canvas.set_target(ClassId(number % (CLASSES + 1)))
        self._canvas.set_radius(2.5)
        QTest.mousePress(self._canvas, Qt.MouseButton.LeftButton, pos=self._at(places[0]))
        for place in places[1:-1]:
            QTest.mouseMove(self._canvas, self._at(place))
            self._let_pass(0.016)
        QTest.mouseMove(self._canvas, self._at(places[-1]))
        self._version, self._painted, self._all = self._live.version, False, False
        self._fresh.clear()
        released = time.perf_counter()
        QTest.mouseRelease(self._canvas, Qt.MouseButton.LeftButton, pos=self._at(places[-1]))
        self._wait(lambda: self._painted, "the image in view")
        return time.perf_counter() - released

    def _commit(self, start: tuple[float, float], number: int) -> None:
        track = (start, (start[0] + 40.0, start[1] + 5.0))
        target = ClassId(number % (CLASSES + 1))
        cue = Stroke(self._workspace.project.next_cue_id(), target, track, 2.5)
        self._workspace.do("Stroke", [AddCue(self._image, cue)])

    def _at(self, place: tuple[float, float]) -> QPoint:
        return self._canvas.to_view(QPointF(*place)).toPoint()

    def _on_proposal(self, image_id: ImageId) -> None:
        proposal = self._live.proposal(image_id)
        if proposal is not None and proposal.support_version > self._version:
            self._fresh.setdefault(image_id, time.perf_counter())

    def _on_all(self, version: int) -> None:
        self._all = version > self._version

    def _let_pass(self, seconds: float) -> None:
        stop = time.perf_counter() + seconds
        while time.perf_counter() < stop:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)

    def _wait(self, ready: Callable[[], bool], what: str) -> None:
        """Run the event loop until something is so."""
        late = QTimer()
        late.setSingleShot(True)
        late.start(LIMIT_S * 1000)
        beat = QTimer()  # looks again though nothing happens
        beat.start(BEAT_MS)
        while not ready():
            if not late.isActive():
                raise SystemExit(f"Waited {LIMIT_S} s for {what}.")
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _tiles(count: int) -> list[tuple[float, float]]:
    """Where strokes begin, in image coordinates."""
    draw, side = np.random.default_rng(0), SIDE / TILES
    order = [int(tile) for _ in range(-(-count // TILES**2)) for tile in draw.permutation(TILES**2)]
    return [(side * (at % TILES) + 8, side * (at // TILES) + 24) for at in order[:count]]


# -- the first picture of the window ---------------------------------------------------------------


def _tell_starts(folder: Path) -> None:
    seconds, loaded = [], ""
    for _ in range(STARTS):
        started = time.time()
        done = subprocess.run(
            [sys.executable, __file__, "--first-picture"],
            env=os.environ | {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        at, loaded = done.stdout.strip().splitlines()[-1].split(" ", 1)
        seconds.append(float(at) - started)
    print(
        f"window on screen, from the start of its process: median {np.median(seconds):.2f} s, "
        f"worst {max(seconds):.2f} s of {STARTS}; heavy imports: {loaded}"
    )


class _FirstPicture(QObject):
    """Hears of the first painting of a main window, then closes all."""

    seen = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look at every event of the application."""
        if not self.seen and event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            self.seen = True
            QTimer.singleShot(0, self._tell)
        return False

    def _tell(self) -> None:
        loaded = [name for name in HEAVY if name in sys.modules]
        print(f"{time.time()} {', '.join(loaded) or 'none'}", flush=True)
        QApplication.closeAllWindows()
        QApplication.quit()


def _show_first_picture() -> None:
    from annotator.app import run_window

    app = QApplication([])
    listener = _FirstPicture()
    app.installEventFilter(listener)
    run_window(None)


# -- pictures --------------------------------------------------------------------------------------


def _write_images(source: Path | None, folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty; name a new folder for the copies.")
    files = [p for p in sorted(source.rglob("*")) if p.suffix.lower() in PICTURES] if source else []
    draw = np.random.default_rng(0)
    for number in range(count):
        if files:
            with Image.open(files[number % len(files)]) as opened:
                picture = opened.convert("RGB")
        else:
            picture = _drawn_picture(draw)
        _cropped(picture, draw).save(folder / f"{number:04d}.jpg", quality=92)


def _cropped(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    """A square of `SIDE` pixels out of a picture enlarged to a little more than that."""
    scale = 1.2 * SIDE / min(picture.size)
    wide = picture.resize((max(SIDE, round(picture.width * scale)),
                           max(SIDE, round(picture.height * scale))))  # fmt: skip
    x, y = (int(draw.integers(0, side - SIDE + 1)) for side in wide.size)
    return wide.crop((x, y, x + SIDE, y + SIDE))


def _drawn_picture(draw: np.random.Generator) -> Image.Image:
    """Soft coloured blobs with some noise."""
    small = Image.fromarray(draw.integers(0, 256, (9, 9, 3), np.uint8))
    pixels = np.array(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.int16)
    noisy = pixels + draw.integers(-12, 13, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main()
