"""What each layer of the canvas looks like, beside a picture of how it should.

After a wanted change, run with ANNOTATOR_NEW_GOLDENS=1 and look at every picture that it writes.
Letters are cut off: their shapes belong to the machine.
"""

import math
import os
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from annotator.canvas.overlay import Change
from annotator.canvas.view import CanvasView
from annotator.document.annotations import Box, CueId, Polygon, Stroke
from annotator.document.classes import BACKGROUND, PALETTE, ClassId
from annotator.document.label_map import Provenance
from annotator.look.colours import DARK, palette_of

FOLDER = Path(__file__).parents[2] / "goldens" / "canvas"
RENEWS = os.environ.get("ANNOTATOR_NEW_GOLDENS") == "1"
VIEW, SIZE = (300, 220), (100, 140)
NAMES_END = 60  # screen rows in which a comparison names its sides
MEAN_DIFFERENCE = 0.6  # of 255, over all pixels: edges are smoothed a little differently
OFF, OFF_SHARE = 32, 0.004  # a pixel is off beyond this, and so many may be
LARGEST_BYTES = 40 * 1024
Picture = npt.NDArray[np.uint8]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="drawn on Linux"),
    pytest.mark.skipif(
        os.environ.get("QT_SCALE_FACTOR", "1") != "1", reason="drawn at one pixel per pixel"
    ),
]


def photograph() -> Picture:
    """Seven bands from dark to bright, warm above, cold below; few colours make small files."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    ground = 10 + 38 * (columns // 20)
    warm = 12 * (rows < 50)
    channels = [ground + warm, ground, ground + 12 - warm]
    return np.ascontiguousarray(np.stack(channels, -1).clip(0, 255).astype(np.uint8))


def labels(*, shift: int = 0) -> Picture:
    """Four discs of four classes over the whole range of the ground."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    made = np.zeros(SIZE, np.uint8)
    for k in range(4):
        middle = 28 + 44 * (k % 2), 22 + 32 * k + shift
        made[(rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < 21**2] = k + 1
    return made


def proposal(canvas: CanvasView) -> None:
    canvas.set_proposal(labels())


def accepted(canvas: CanvasView) -> None:
    canvas.set_accepted(labels(), np.full(SIZE, Provenance.ACCEPTED, np.uint8))


def drawn(canvas: CanvasView) -> None:
    provenance = (labels() > 0).astype(np.uint8) * np.uint8(Provenance.DRAWN)
    provenance[80:, :60] = Provenance.DRAWN  # as background
    canvas.set_accepted(labels(), provenance)


def cues(canvas: CanvasView) -> None:
    ring, hole = ((70.0, 40.0), (125.0, 45.0), (110.0, 90.0)), ((90, 52), (108, 54), (104, 66))
    canvas.set_cues(
        [
            Stroke(CueId(1), ClassId(4), ((12, 12), (60, 20), (80, 12)), 3.0),
            Stroke(CueId(2), BACKGROUND, ((12, 60), (40, 75), (60, 62)), 3.5),
            Stroke(CueId(3), BACKGROUND, ((12.0, 85.0),), 3.5),
            Box(CueId(4), ClassId(6), (95, 8, 130, 34)),
            Polygon(CueId(5), ClassId(7), ring, (hole,)),
        ]
    )


def uncertainty(canvas: CanvasView) -> None:
    rows, columns = np.mgrid[:25, :35]
    canvas.set_uncertainty(0.5 + 0.5 * np.sin(rows / 4.0) * np.cos(columns / 6.0))


def difference(canvas: CanvasView) -> None:
    accepted(canvas)
    kinds, after, before = np.zeros(SIZE, np.uint8), labels(shift=8), labels()
    kinds[(before == 0) & (after > 0)] = Change.ADDED
    kinds[(before > 0) & (after == 0)] = Change.REMOVED
    kinds[10:40, 60:90] = Change.CHANGED
    canvas.set_difference(kinds)


def compare(canvas: CanvasView) -> None:
    accepted(canvas)
    canvas.set_proposal(labels(shift=12))
    canvas.set_comparing(True)
    canvas.slide_divider(canvas.to_view(QPointF(80, 0)).x() * canvas.pixel_ratio())


def outlines(canvas: CanvasView) -> None:
    provenance = (labels() % 2 > 0).astype(np.uint8) * np.uint8(Provenance.ACCEPTED)
    canvas.set_accepted(labels() * (provenance > 0), provenance)
    canvas.set_proposal(labels())
    canvas.set_filled(False)


def hatching(canvas: CanvasView) -> None:
    tiles = np.arange(12, dtype=np.uint8).reshape(3, 4) + np.uint8(1)
    canvas.set_proposal(np.ascontiguousarray(np.kron(tiles, np.ones((34, 35), np.uint8))[:100]))
    canvas.set_hatching(True)


LOOKS: tuple[Callable[[CanvasView], None], ...] = (
    proposal, accepted, drawn, cues, uncertainty, difference, compare, outlines, hatching,
)  # fmt: skip


def render(qtbot, look: Callable[[CanvasView], None]) -> Picture:
    canvas = CanvasView()
    qtbot.addWidget(canvas)
    canvas.setPalette(palette_of(DARK))
    canvas.resize(*VIEW)
    canvas.frame_budget = math.inf
    canvas.set_class_colours(dict(enumerate(PALETTE, start=1)))
    canvas.show_image(photograph())
    canvas.show()
    QApplication.processEvents()
    look(canvas)
    picture = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(picture.constBits(), np.uint8)
    shape = picture.height(), picture.bytesPerLine()
    rows = flat.reshape(shape)[:, : picture.width() * 3].copy()
    pixels = rows.reshape(picture.height(), picture.width(), 3)
    return pixels[NAMES_END:] if look is compare else pixels


def unlike(seen: Picture, wanted: Picture) -> str:
    """What is wrong, in words; empty if nothing is."""
    if seen.shape != wanted.shape:
        return f"of another size: {seen.shape} instead of {wanted.shape}"
    off = np.abs(seen.astype(np.int16) - wanted)
    mean, share = float(off.mean()), float((off.max(axis=2) > OFF).mean())
    if mean <= MEAN_DIFFERENCE and share <= OFF_SHARE:
        return ""
    return f"mean difference {mean:.2f}, {share:.2%} of the pixels off"


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
def test_each_layer_looks_as_it_should(qtbot, tmp_path: Path, look) -> None:
    seen, path = render(qtbot, look), FOLDER / f"{look.__name__}.png"
    if RENEWS:
        FOLDER.mkdir(parents=True, exist_ok=True)
        Image.fromarray(seen).save(path, optimize=True)
        pytest.skip(f"{path.name} is written anew: look at it.")
    wanted = np.asarray(Image.open(path).convert("RGB"))
    fault = unlike(seen, wanted)
    if fault:
        Image.fromarray(seen).save(tmp_path / path.name)
    assert not fault, f"{path.name} is {fault}; what was drawn: {tmp_path / path.name}"


def test_no_two_layers_could_be_taken_for_each_other() -> None:
    pictures = {look.__name__: Image.open(FOLDER / f"{look.__name__}.png") for look in LOOKS}
    arrays = {name: np.asarray(picture.convert("RGB")) for name, picture in pictures.items()}
    for first, second in combinations(arrays, 2):
        assert unlike(arrays[first], arrays[second]), (first, second)


def test_pictures_are_small_and_none_is_left_over() -> None:
    files = sorted(FOLDER.glob("*.png"))
    assert [file.stem for file in files] == sorted(look.__name__ for look in LOOKS)
    assert all(file.stat().st_size < LARGEST_BYTES for file in files)
