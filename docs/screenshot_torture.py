"""Hard cases of the window, for eyes only: long names, many classes, odd sizes, a dead engine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from screenshot_stage import SIZE, Stage

from annotator.document.edits import add_class
from annotator.flows.lane_messages import EngineKind
from annotator.flows.workspace import gesture

LONG = "Hinterradschutzblechbefestigungsschraube mit Unterlegscheibe"
SIZES = {"small": (1024, 700), "huge": (3840, 2160)}


def torture(stage: Stage) -> Iterator[str]:
    """Brings the window into one hard state after the other and says its name."""
    yield from _names_and_numbers(stage)
    yield from _sizes(stage)
    yield from _engine(stage)
    yield from _odd_pictures(stage)
    yield from _emptiness(stage)


def _names_and_numbers(stage: Stage) -> Iterator[str]:
    project = stage.workspace.project
    stage.workspace.do(gesture("Add class", LONG), [add_class(project, LONG)])
    stage.settle()
    yield "long-names"
    for number in range(len(project.classes), 30):
        name = f"class {number + 1}" if number % 3 else f"{LONG[:40]} {number + 1}"
        stage.workspace.do(gesture("Add class", name), [add_class(project, name)])
    stage.answered()
    yield "thirty-classes"
    stage.do("view.hatching")
    yield "patterns"
    stage.do("view.hatching")
    stage.do("window.palette")
    yield "palette"
    stage.window.palette_.close_palette()


def _sizes(stage: Stage) -> Iterator[str]:
    for name, size in SIZES.items():
        stage.window.resize(*size)
        stage.settle()
        yield f"size-{name}"
        stage.do("gallery.expand")
        yield f"gallery-{name}"
        stage.do("gallery.expand")
    stage.window.resize(*SIZE)
    stage.settle()


def _engine(stage: Stage) -> Iterator[str]:
    lane = stage.application.lane
    stage.scribble([(20.0, 20.0), (40.0, 24.0)])
    stage.settle(0.4)
    yield "job-running"
    if lane.process_id is not None:
        os.kill(lane.process_id, signal.SIGKILL)
    stage.until(lambda: lane.state.kind is EngineKind.RESTARTING, "the death of the engine")
    yield "engine-restarting"
    stage.answered()
    while lane.state.kind is not EngineKind.FAILED:
        if lane.process_id is not None:
            os.kill(lane.process_id, signal.SIGKILL)
        stage.settle(0.1)
    stage.settle()
    yield "engine-dead"
    lane.restart()


def _odd_pictures(stage: Stage) -> Iterator[str]:
    folder = stage.scratch / "odd"
    folder.mkdir()
    sizes = {"portrait": (1600, 300), "panorama": (300, 4000), "one-pixel": (1, 1)}
    for name, (height, width) in sizes.items():
        ramp = np.linspace(0, 255, height * width * 3).reshape(height, width, 3)
        Image.fromarray(ramp.astype(np.uint8)).save(folder / f"{name}.png")
    (folder / "broken.png").write_bytes((folder / "portrait.png").read_bytes()[:2000])
    workspace = stage.open_folder(folder, ("thing",))
    for image_id, entry in workspace.project.images.items():
        stage.page.gallery.choose(image_id)
        stage.settle(1.0)
        yield f"picture-{Path(entry.path).stem}"


def _emptiness(stage: Stage) -> Iterator[str]:
    folder = stage.scratch / "nothing"
    folder.mkdir()
    stage.open_folder(folder, ())
    yield "no-image"
    for page in ("page.review", "page.data"):
        stage.do(page)
        yield f"no-image-{page.removeprefix('page.')}"
    stage.window.close_project()
    stage.settle()
    yield "welcome-without-recent"
