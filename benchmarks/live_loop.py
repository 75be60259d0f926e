"""How fast the live loop answers: from the release of a stroke to the new proposal, and to all.

Photographs are tiles of those scikit-image ships, or the images of a folder, at 512 px; five
classes; the engine in its process, the desk's event loop as in the window; features cached.

    python benchmarks/live_loop.py [--data FOLDER] [--models FOLDER --backbone NAME] [--images 200]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from annotator.document.annotations import Stroke
from annotator.document.classes import ClassId
from annotator.document.edits import AddCue, add_class
from annotator.document.images import ImageId
from annotator.flows.engine_lane import EngineLane
from annotator.flows.image_folder import add_folder
from annotator.flows.live_flow import LiveFlow
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.workspace import Workspace

SIDE = 512
CLASSES = 4  # and background
WARM_UP = 2 * (CLASSES + 1)
VISIBLE = 12
LIMIT_S = 900


def main() -> None:
    """Print one table."""
    options = _arguments()
    application = QCoreApplication([])
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "images"
        images.mkdir()
        _write_images(options.data, images, options.images)
        with Workspace.create(Path(folder) / "project", images) as workspace:
            add_folder(workspace)
            for number in range(CLASSES):
                workspace.do("Class", [add_class(workspace.project, f"class {number + 1}")])
            lane = EngineLane()
            try:
                _measure(workspace, lane, options)
            finally:
                lane.close()
    application.quit()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Live loop.")
    parser.add_argument("--data", type=Path, help="folder of photographs")
    parser.add_argument("--models", type=Path, help="folder of imported weights")
    parser.add_argument("--backbone", default="filters")
    parser.add_argument("--method", default="probe")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--strokes", type=int, default=20)
    return parser.parse_args()


def _measure(workspace: Workspace, lane: EngineLane, options: argparse.Namespace) -> None:
    ids = list(workspace.project.images)
    started = time.perf_counter()
    wish = SegmentOptions(method=options.method, backbone=options.backbone)
    flow = LiveFlow(workspace, lane, wish, models_dir=options.models)
    flow.set_current(ids[0])
    flow.set_visible(ids[:VISIBLE])
    lane.start()
    clock = _Clock(flow, ids)
    strokes = _strokes(workspace, WARM_UP + options.strokes + 1)
    for stroke in strokes[:WARM_UP]:
        workspace.do("Stroke", [AddCue(ids[0], stroke)])
    clock.wait(lambda: clock.done, "the first answers")
    cold = time.perf_counter() - started
    releases = []
    for stroke in strokes[WARM_UP:-1]:
        releases.append(clock.release(workspace, stroke))
    clock.release(workspace, strokes[-1])
    whole = clock.until_all()
    print(f"{options.method} on {options.backbone}, {lane.state.text}, {len(ids)} images")
    low, high = np.percentile(np.array(releases) * 1e3, (50, 95))
    print(f"  stroke release -> proposal in view   p50 {low:7.1f} ms   p95 {high:7.1f} ms")
    print(f"  stroke release -> {VISIBLE} visible ones           {clock.visible_s:7.2f} s")
    print(f"  stroke release -> all answered               {whole:7.2f} s")
    print(f"  start of the engine, features and all answers {cold:6.1f} s")


class _Clock:
    """Takes times of what the flow says while the event loop runs."""

    def __init__(self, flow: LiveFlow, ids: list[ImageId]) -> None:
        self._flow = flow
        self._ids = ids
        self._loop = QEventLoop()
        self._released = 0.0
        self._in_view: float | None = None
        self._fresh: set[ImageId] = set()
        self.visible_s = 0.0
        self.done = False
        flow.proposal_changed.connect(self._changed)
        flow.all_answered.connect(self._all)
        flow.support_failed.connect(print)

    def release(self, workspace: Workspace, stroke: Stroke) -> float:
        """Seconds until the image in view bears a proposal that knows the stroke."""
        before = self._flow.version
        self._fresh.clear()
        self._in_view, self.done = None, False
        self._released = time.perf_counter()
        workspace.do("Stroke", [AddCue(self._ids[0], stroke)])
        self.wait(lambda: self._in_view is not None, "the image in view")
        if self._flow.version == before or self._in_view is None:
            raise SystemExit("A stroke taught nothing new.")
        return self._in_view - self._released

    def until_all(self) -> float:
        """Seconds from the last release until every image was answered."""
        self.wait(lambda: self.done, "all answers")
        return time.perf_counter() - self._released

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Run the event loop until something is there."""
        late = QTimer()
        late.setSingleShot(True)
        late.timeout.connect(self._loop.quit)
        late.start(LIMIT_S * 1000)
        while not ready():
            if not late.isActive():
                raise SystemExit(f"Waited {LIMIT_S} s for {what}: {self._flow.version}.")
            self._loop.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _changed(self, image_id: ImageId) -> None:
        proposal = self._flow.proposal(image_id)
        if proposal is None or proposal.support_version != self._flow.version:
            return
        if image_id == self._ids[0] and self._in_view is None:
            self._in_view = time.perf_counter()
        self._fresh.add(image_id)
        if self._fresh == set(self._ids[:VISIBLE]):
            self.visible_s = time.perf_counter() - self._released

    def _all(self, _version: int) -> None:
        self.done = True


def _strokes(workspace: Workspace, count: int) -> list[Stroke]:
    """Short pens, each in a tile of its own, through all classes in turn."""
    draw = np.random.default_rng(0)
    strokes = []
    for number, tile in enumerate(draw.permutation(64)[:count]):
        x, y = 64.0 * (int(tile) % 8) + 8, 64.0 * (int(tile) // 8) + 32
        target = ClassId(number % (CLASSES + 1))
        track = ((x, y), (x + float(draw.integers(20, 48)), y + 5))
        strokes.append(Stroke(workspace.project.next_cue_id(), target, track, 2.5))
    return strokes


def _write_images(source: Path | None, folder: Path, count: int) -> None:
    photographs = _from_folder(source, count) if source else _from_skimage()
    draw = np.random.default_rng(0)
    for number in range(count):
        picture = photographs[number % len(photographs)]
        scale = SIDE / min(picture.size)
        wide = picture.resize((max(SIDE, round(picture.width * scale * 1.2)),
                               max(SIDE, round(picture.height * scale * 1.2))))  # fmt: skip
        x, y = (int(draw.integers(0, side - SIDE + 1)) for side in wide.size)
        wide.crop((x, y, x + SIDE, y + SIDE)).save(folder / f"{number:04d}.jpg", quality=92)


def _from_folder(source: Path, count: int) -> list[Image.Image]:
    files = [p for p in sorted(source.rglob("*")) if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    return [Image.open(path).convert("RGB") for path in files[:count]]


def _from_skimage() -> list[Image.Image]:
    from skimage import data

    names = ("astronaut", "coffee", "immunohistochemistry", "coins", "rocket", "chelsea")
    return [Image.fromarray(getattr(data, name)()).convert("RGB") for name in names]


if __name__ == "__main__":
    main()
