"""How quick the gallery is with a hundred thousand images, and how soon thumbnails come.

    python benchmarks/gallery_list.py [--images 100000] [--pictures 6]

Times the list (opening, orders, filters, frames while scrolling) in an offscreen window, then small
copies of synthetic photographs of 24 megapixels: read whole and reduced, read small, read again
from the folder of thumbnails. Everything is written to a temporary folder.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QApplication

from annotator.document.classes import ClassId
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId
from annotator.document.small_reading import read_small, reduced
from annotator.panels.gallery import GalleryPanel
from annotator.panels.gallery_cells import Cell, CellState, Order, Wish
from annotator.panels.thumbnail_files import ThumbnailFiles
from annotator.panels.thumbnails import SIDE, picture_of

FRAMES = 100
MEGAPIXELS_24 = (6000, 4000)


def tell(title: str, milliseconds: float, rest: str = "") -> None:
    """One line of the table."""
    print(f"{title:52}{milliseconds:9.1f} ms{rest}")


def timed(title: str, work: Callable[[], object]) -> None:
    """Measure one call and print it."""
    start = time.perf_counter()
    work()
    QApplication.processEvents()  # the rows are laid out and painted, too
    tell(title, 1e3 * (time.perf_counter() - start))


def cells(count: int) -> list[Cell]:
    """Names as cameras give them, in another order than they count in."""
    numbers = np.random.default_rng(0).permutation(count)
    folders = (f"2024/street {k % 97}" for k in range(count))
    return [
        Cell(ImageId(k + 1), f"IMG_{n}.JPG", folder=folder)
        for k, (n, folder) in enumerate(zip(numbers, folders, strict=True))
    ]


def fill_some(panel: GalleryPanel, count: int) -> None:
    """Pictures and masks for a few hundred images, so that frames show what they show at work."""
    picture = picture_of(np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8))
    classes = (np.indices((240, 320)).sum(axis=0) // 60 % 4).astype(np.uint8)
    for k in range(1, min(count, 400)):
        panel.model.set_answer(ImageId(k), classes, doubt=k % 100 / 100, version=k % 2)
    # Every cell shows this picture: what is measured is painting, not decoding.
    panel.thumbnails.get = lambda _image_id: picture  # type: ignore[method-assign]


def measure_list(app: QApplication, count: int) -> None:
    """The list itself."""
    panel = GalleryPanel()
    panel.resize(300, 900)
    panel.show()
    many = cells(count)
    timed(f"open {count} images", lambda: panel.model.set_cells(many))
    panel._show_wish()
    fill_some(panel, count)
    panel.choose(ImageId(count // 2))
    timed("most useful next: ranks of all, and the new order", lambda: (
        panel.model.set_ranks({ImageId(count - k): k for k in range(count)}, {}),
        panel._take_new_order()))  # fmt: skip
    slices = []
    ready = False
    while not ready:
        start = time.perf_counter()
        ready = panel.model.learn_names()
        slices.append(1e3 * (time.perf_counter() - start))
    tell("names made ready while idle, all", sum(slices), f", longest slice {max(slices):.1f} ms")
    for order in (Order.NAME, Order.STATE, Order.DOUBT, Order.USEFUL):
        timed(f"sort by {order.value}", lambda o=order: panel.set_wish(Wish(o)))
    timed("filter by name, first letter", lambda: panel.set_wish(Wish(text="9")))
    timed("filter by name, next letters", lambda: panel.set_wish(Wish(text="999")))
    states = frozenset({CellState.PROPOSED})
    timed("filter by state", lambda: panel.set_wish(Wish(states=states)))
    timed("filter by class", lambda: panel.set_wish(Wish(classes=frozenset({ClassId(2)}))))
    timed("filter by doubt", lambda: panel.set_wish(Wish(least_doubt=0.5)))
    timed("show all", panel.clear_filter)
    for title, width in (("beside the picture", 300), ("with the window for itself", 1920)):
        panel.set_expanded(width > 1000)
        panel.resize(width, 1000)
        app.processEvents()
        scroll(app, panel, title)
    panel.close_all()


def scroll(app: QApplication, panel: GalleryPanel, title: str) -> None:
    """Frames while scrolling by half a cell, and while jumping to far away."""
    bar, viewport = panel.view.verticalScrollBar(), panel.view.viewport()
    for kind, step in (("by half a cell", 60), ("by a thousandth of all", bar.maximum() // 1000)):
        frames = []
        for k in range(FRAMES):
            bar.setValue(k * step)
            start = time.perf_counter()
            viewport.repaint()
            app.processEvents()
            frames.append(1e3 * (time.perf_counter() - start))
        late = float(np.percentile(frames, 95))
        shown = len(panel.visible_images())
        rest = f", 95 % {late:.1f} ms, {shown} cells"
        tell(f"frame {title}, {kind}", statistics.median(frames), rest)


def photographs(folder: Path, count: int) -> list[Path]:
    """Smooth hills with noise on them, 24 megapixels each."""
    rng, paths = np.random.default_rng(2), []
    width, height = MEGAPIXELS_24
    y, x = np.ogrid[:height, :width]
    for k in range(count):
        hills = 110 + 60 * np.sin(x / (300 + 40 * k)) + 50 * np.cos(y / 250)
        pixels = np.repeat(hills.astype(np.float32)[:, :, None], 3, axis=2)
        pixels += rng.integers(-20, 20, (height, width, 1), np.int8)
        paths.append(folder / f"photograph_{k}.jpg")
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(paths[-1], quality=90)
    return paths


def measure_pictures(folder: Path, count: int) -> None:
    """Thumbnails of large photographs, one thread."""
    paths, files = photographs(folder, count), ThumbnailFiles(folder / "cache", SIDE)
    names = [name for path in paths if (name := files.name_of(path, 0)) is not None]
    for name, path in zip(names, paths, strict=True):
        files.write(name, read_small(path, side=SIDE))
    ways: dict[str, Callable[[int], object]] = {
        "read whole, then reduced": lambda k: reduced(read_pixels(paths[k]), SIDE),
        "read small": lambda k: read_small(paths[k], side=SIDE),
        "read again from the folder of thumbnails": lambda k: files.read(names[k]),
    }
    for title, way in ways.items():
        start = time.perf_counter()
        for k in range(count):
            way(k)
        each = (time.perf_counter() - start) / count
        tell(f"24 megapixels, {title}", 1e3 * each, f", {1 / each:.0f} a second")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--pictures", type=int, default=6)
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    if isinstance(app, QApplication):
        measure_list(app, arguments.images)
    with tempfile.TemporaryDirectory() as folder:
        measure_pictures(Path(folder), arguments.pictures)


if __name__ == "__main__":
    main()
