"""How long a project of a hundred thousand images takes to make, open and edit.

    python benchmarks/open_project.py [--images 100000] [--marked 1000]

Everything happens in a temporary folder; opening is timed in a process of its own.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from annotator.document.annotations import BitMask, Stroke
from annotator.document.edits import AddCue, AddImages, Edit, accept_patch, add_class, label_patch
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.document.project_folder import FILE_NAME, OpenProject, create_project

LARGE_H, LARGE_W = 4000, 6000  # 24 megapixels
REPEATS = 200

OPENING = """
import sys, time
from pathlib import Path
from annotator.document.project_folder import open_project
def resident_mib():
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * 4096 / 2**20
before, start = resident_mib(), time.perf_counter()
opened = open_project(Path(sys.argv[1]))
seconds = time.perf_counter() - start
print(len(opened.project.images), seconds, before, resident_mib())
opened.close()
"""


def seconds_of(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def add_images(opened: OpenProject, count: int) -> None:
    """One gesture with all the entries; the first one is large, the others of two megapixels."""
    project = opened.project
    entries = [ImageEntry(project.next_image_id(), "large.tif", LARGE_W, LARGE_H)]
    for number in range(1, count):
        path = f"2024/street {number % 97:02}/photograph_{number:06}.jpg"
        entries.append(ImageEntry(project.next_image_id(), path, 1600, 1200))
    opened.history.do("Add images", [AddImages(tuple(entries))])


def stroke(opened: OpenProject, image_id: ImageId, rng: np.random.Generator) -> Edit:
    """A scribble of sixty points."""
    walk = rng.normal(0, 6, (60, 2)).cumsum(axis=0) + 600
    points = tuple((x, y) for x, y in walk.tolist())
    target = opened.project.classes.ids()[0]
    return AddCue(image_id, Stroke(opened.project.next_cue_id(), target, points, 7.5))


def blobs(height: int, width: int, phase: float) -> np.ndarray:
    """(H, W) uint8 of two classes with smooth borders, like a proposal."""
    y, x = np.ogrid[:height, :width]
    return ((np.sin(x / 97 + phase) + np.cos(y / 61 - phase)) > 0.4).astype(np.uint8)


def mark(opened: OpenProject, count: int) -> None:
    """Three strokes and an accepted proposal on each of the first images."""
    rng = np.random.default_rng(0)
    for image_id in list(opened.project.images)[1 : count + 1]:
        edits = [stroke(opened, image_id, rng) for _ in range(3)]
        patch = accept_patch(opened.project, image_id, blobs(1200, 1600, float(image_id)))
        opened.history.do("Mark", [*edits, *([patch] if patch else [])])


def commits(opened: OpenProject, edits: Iterator[Edit]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds, of committing each edit by itself."""
    times = []
    for edit in edits:
        start = time.perf_counter()
        opened.history.do("Stroke", [edit])
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), float(np.percentile(times, 95))


def dabs(opened: OpenProject, image_id: ImageId) -> Iterator[Edit]:
    """Round dabs of a brush of forty pixels on the label map."""
    y, x = np.ogrid[:40, :40]
    disc = (x - 19.5) ** 2 + (y - 19.5) ** 2 < 400
    height, width = opened.project.image(image_id).size
    rng = np.random.default_rng(1)
    for _ in range(REPEATS):
        origin = int(rng.integers(0, width - 40)), int(rng.integers(0, height - 40))
        yield label_patch(opened.project, image_id, BitMask.of(disc, origin), 1, Provenance.DRAWN)


def measure(folder: Path, images: int, marked: int) -> None:
    """Print the table."""
    with create_project(folder, folder / "images") as opened:
        print(
            f"{'add images, one gesture':44}{seconds_of(lambda: add_images(opened, images)):9.2f} s"
        )
        opened.history.do("Class", [add_class(opened.project, "door")])
        print(f"{f'mark {marked} images':44}{seconds_of(lambda: mark(opened, marked)):9.2f} s")
        print(f"{'journal':44}{opened.history.journal_bytes / 2**20:9.1f} MiB")
    print(f"{'project file':44}{(folder / FILE_NAME).stat().st_size / 2**20:9.1f} MiB")
    answer = subprocess.run(
        [sys.executable, "-c", OPENING, str(folder)], capture_output=True, text=True, check=True
    )
    count, seconds, before, after = map(float, answer.stdout.split())
    print(f"{f'open {count:.0f} images, fresh process':44}{seconds:9.2f} s")
    print(f"{'resident memory before and after opening':44}{before:9.0f} {after:.0f} MiB")
    with OpenProject(folder) as opened:
        edit_one_by_one(opened)


def edit_one_by_one(opened: OpenProject) -> None:
    """Commits of single edits, on an image of two megapixels and on one of twenty-four."""
    rng, project = np.random.default_rng(2), opened.project
    large, small = list(project.images)[:2]
    rows = {
        "stroke": (stroke(opened, small, rng) for _ in range(REPEATS)),
        "dab on 2 megapixels": dabs(opened, small),
        "dab on 24 megapixels": dabs(opened, large),
    }
    for title, edits in rows.items():
        median, late = commits(opened, edits)
        print(f"{f'{title}: commit, median and 95 %':44}{median:9.2f} {late:.2f} ms")
    proposal = blobs(LARGE_H, LARGE_W, 0.0)
    start = time.perf_counter()
    patch = accept_patch(project, large, proposal)
    made = time.perf_counter()
    opened.history.do("Accept", [patch] if patch else [])
    done = time.perf_counter()
    print(f"{'24 megapixels accepted: make, commit':44}{1e3 * (made - start):9.0f} "
          f"{1e3 * (done - made):.0f} ms")  # fmt: skip
    print(f"{'24 megapixels: undo':44}{1e3 * seconds_of(opened.history.undo):9.0f} ms")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--marked", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "project", arguments.images, arguments.marked)


if __name__ == "__main__":
    main()
