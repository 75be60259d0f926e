"""How long the canvas takes per frame on 24 and 100 megapixels: strokes, panning, zooming.

Drawn without a screen into a window of 1400 x 900, with accepted, drawn and proposed layers and
sixty cues. A step is everything from the mouse event to the painted pixels; where the canvas
spreads its work over two frames, the step has both.

    python benchmarks/canvas_paint.py [--megapixels 24 100] [--frames 200]
"""

import argparse
import gc
import math
import os
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from annotator.canvas.overlay import Change
from annotator.canvas.toolbox import all_tools
from annotator.canvas.view import CanvasView
from annotator.document.annotations import CueId, Stroke
from annotator.document.classes import PALETTE, ClassId
from annotator.document.label_map import Labels, Provenance

VIEW = 1400, 900
FRAME_MS = 16.0  # sixty frames a second
RADII = (20, 300)
SETTLE = 10  # frames until everything in view is made


class WatchedCanvas(CanvasView):
    """Remembers how long each frame took, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.paints: list[float] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, and look at the clock."""
        started = time.perf_counter()
        super().paintEvent(event)
        self.paints.append(time.perf_counter() - started)


def main() -> None:
    """Print one table per size."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megapixels", type=int, nargs="+", default=[24, 100])
    parser.add_argument("--frames", type=int, default=200)
    options = parser.parse_args()
    app = QApplication([])
    for megapixels in options.megapixels:
        _measure(app, megapixels, options.frames)


def _measure(app: QApplication, megapixels: int, frames: int) -> None:
    before = _resident()
    canvas, source = _canvas(app, megapixels)
    height, width = canvas.sight.size
    print(f"\n{width} x {height} ({megapixels} MP), view {VIEW[0]} x {VIEW[1]}, {frames} frames")
    started = time.perf_counter()
    canvas.show()
    _frame(app, canvas)
    print(f"  first picture from the array           {_ms_since(started):8.1f} ms")
    print(f"  {'':38s} {'p50':>8s} {'p95':>8s} {'worst':>8s} ms")
    tools = all_tools(canvas.sight)
    for zoom, label in ((None, "fitted"), (1.0, "at 100 %")):
        _place(app, canvas, zoom)
        for radius in RADII:
            canvas.set_radius(radius)
            for name in ("scribble", "brush"):
                canvas.set_tool(tools[name])
                _tell(f"{name}, radius {radius}, {label}", _stroke(app, canvas, frames))
        _tell(f"pan, {label}", _timed(frames, lambda i: _pan(app, canvas, i)))
        _tell(f"patch of 64 x 64 labels, {label}", _timed(50, lambda i: _patch(app, canvas, i)))
        _tell(f"another proposal, {label}", _timed(10, lambda i: _propose(app, canvas, i)))
        _tell(f"another colour, {label}", _timed(20, lambda i: _recolour(app, canvas, i)))
    _measure_extras(app, canvas, frames)
    canvas.fit()
    canvas.paints.clear()
    _tell("zoom in and out", _timed(frames, lambda i: _zoom(app, canvas, i)))
    _tell("one frame of it", canvas.paints)
    grown = (_resident() - before - source) / 2**20
    print(f"  memory beside the {source / 2**20:.0f} MiB of arrays shown   {grown:8.0f} MiB")
    canvas.deleteLater()
    app.processEvents()
    gc.collect()


def _measure_extras(app: QApplication, canvas: CanvasView, frames: int) -> None:
    """The same strokes and pans with everything on that lies over or beside the labels."""
    tools = all_tools(canvas.sight)
    canvas.set_radius(20)
    extras: dict[str, Callable[[bool], None]] = {
        "changes": lambda on: canvas.set_difference(_changes(canvas) if on else None),
        "comparing": canvas.set_comparing,
        "patterns": canvas.set_hatching,
        "outlines": lambda on: canvas.set_filled(not on),
    }
    for label, switch in extras.items():
        switch(True)
        for zoom, where in ((None, "fitted"), (1.0, "at 100 %")):
            _place(app, canvas, zoom)
            for name in ("scribble", "brush"):
                canvas.set_tool(tools[name])
                _tell(f"{label}: {name}, {where}", _stroke(app, canvas, frames))
            _tell(f"{label}: pan, {where}", _timed(frames, lambda i: _pan(app, canvas, i)))
            _tell(f"{label}: patch, {where}", _timed(50, lambda i: _patch(app, canvas, i)))
            if label == "comparing":
                _tell(
                    f"{label}: divider, {where}", _timed(frames, lambda i: _slide(app, canvas, i))
                )
        switch(False)


def _canvas(app: QApplication, megapixels: int) -> tuple[WatchedCanvas, int]:
    """A canvas with every layer, and the bytes of the arrays it was given."""
    height = round(math.sqrt(megapixels * 1e6 / 1.5))
    width = round(height * 1.5)
    rows, columns = np.mgrid[:512, :512]
    pattern = np.stack((rows // 2, columns // 2, (rows ^ columns) // 2), -1).astype(np.uint8)
    repeats = -(-height // 512), -(-width // 512)
    pixels = np.ascontiguousarray(np.tile(pattern, (*repeats, 1))[:height, :width])
    blobs = ((rows - 256) ** 2 + (columns - 256) ** 2 < 180**2).astype(np.uint8)
    proposal = np.ascontiguousarray(np.tile(blobs, repeats)[:height, :width])
    proposal *= np.uint8(2)
    classes, provenance = np.zeros_like(proposal), np.zeros_like(proposal)
    half = np.s_[: height // 2, : width // 2]
    classes[half] = proposal[half]
    provenance[half] = np.where(classes[half] > 0, Provenance.DRAWN, Provenance.ACCEPTED)
    canvas = WatchedCanvas()
    canvas.resize(*VIEW)
    canvas.show_image(pixels)
    canvas.set_class_colours(dict(enumerate(PALETTE, start=1)))
    canvas.set_target(ClassId(3))
    canvas.set_accepted(classes, provenance)
    canvas.set_proposal(proposal)
    canvas.set_cues(_cues(height, width))
    app.processEvents()
    return canvas, sum(array.nbytes for array in (pixels, classes, provenance, proposal))


def _cues(height: int, width: int) -> list[Stroke]:
    generator = np.random.default_rng(0)
    starts = generator.uniform((0, 0), (width, height), (60, 2))
    steps = generator.normal(0, 8, (60, 40, 2)).cumsum(axis=1)
    return [
        Stroke(CueId(i + 1), ClassId(1 + i % 5), tuple(map(tuple, (s + w).tolist())), 12.0)
        for i, (s, w) in enumerate(zip(starts, steps, strict=True))
    ]


def _place(app: QApplication, canvas: CanvasView, zoom: float | None) -> None:
    canvas.fit()
    if zoom is not None:
        canvas.set_zoom(zoom)
    for _ in range(SETTLE):
        _frame(app, canvas)


def _stroke(app: QApplication, canvas: CanvasView, frames: int) -> list[float]:
    """Seconds per step of one long curl, then let go."""
    middle, reach = QPoint(VIEW[0] // 2, VIEW[1] // 2), 320
    turns = np.linspace(0, 6 * math.pi, frames)
    path = [
        middle + QPoint(round(reach * math.cos(t) * t / 19), round(reach * math.sin(t) * t / 19))
        for t in turns
    ]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=path[0])

    def step(i: int) -> None:
        QTest.mouseMove(canvas, path[i])
        _frame(app, canvas)

    seconds = _timed(frames, step)
    started = time.perf_counter()
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=path[-1])
    _frame(app, canvas)
    seconds.append(time.perf_counter() - started)
    return seconds


def _pan(app: QApplication, canvas: CanvasView, i: int) -> None:
    if canvas.viewport is not None:
        canvas.set_viewport(canvas.viewport.panned(*((11, 7) if i % 60 < 30 else (-11, -7))))
    _frame(app, canvas)


def _zoom(app: QApplication, canvas: CanvasView, i: int) -> None:
    if canvas.viewport is not None:
        about = QPointF(VIEW[0] / 3, VIEW[1] / 3)
        canvas.set_zoom(canvas.viewport.zoom * (1.1 if i % 60 < 30 else 1 / 1.1), about)
    _frame(app, canvas)


def _patch(app: QApplication, canvas: CanvasView, i: int) -> None:
    height, width = canvas.sight.size
    x, y = width // 2 - 32 + i, height // 2
    labels = np.full((64, 64), 1 + i % 5, np.uint8)
    canvas.patch_accepted((x, y, x + 64, y + 64), labels, np.full_like(labels, Provenance.DRAWN))
    _frame(app, canvas)


def _slide(app: QApplication, canvas: CanvasView, i: int) -> None:
    canvas.slide_divider(VIEW[0] / 2 + 300 * math.sin(i / 20))
    _frame(app, canvas)


def _changes(canvas: CanvasView) -> Labels:
    height, width = canvas.sight.size
    kinds = np.zeros((height, width), np.uint8)
    kinds[height // 4 : height // 2, width // 4 : width // 2] = Change.ADDED
    kinds[height // 2 :, width // 3 : width // 2] = Change.CHANGED
    return kinds


def _propose(app: QApplication, canvas: CanvasView, i: int) -> None:
    canvas.set_proposal(canvas.sight.proposal)
    _frame(app, canvas)


def _recolour(app: QApplication, canvas: CanvasView, i: int) -> None:
    canvas.set_class_colours({c: (10 * c, 5 * i, 128) for c in range(1, 10)})
    _frame(app, canvas)


def _frame(app: QApplication, canvas: CanvasView) -> None:
    """Handle what waits, and paint now what is out of date: Qt itself waits for the next frame."""
    app.processEvents()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.UpdateRequest))


def _timed(count: int, act: Callable[[int], None]) -> list[float]:
    seconds = []
    for i in range(count):
        started = time.perf_counter()
        act(i)
        seconds.append(time.perf_counter() - started)
    return seconds


def _tell(label: str, seconds: list[float]) -> None:
    times = np.array(seconds) * 1e3
    low, high = np.percentile(times, (50, 95))
    verdict = "" if high <= FRAME_MS else "  above one frame"
    print(f"  {label:38s} {low:8.2f} {high:8.2f} {times.max():8.1f}{verdict}", flush=True)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1e3


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main()
