"""Pictures of the running window for the documents, made without a screen.

    QT_QPA_PLATFORM=offscreen python docs/make_screenshots.py
    QT_QPA_PLATFORM=offscreen python docs/make_screenshots.py --photos DATA --class wheel=19
    QT_QPA_PLATFORM=offscreen python docs/make_screenshots.py --torture --out torture

Without ``--photos`` the demo project is shown, so that anybody can make them. DATA holds ``images``
and label images of the same names in ``masks``, in which ``--class NAME=VALUE,VALUE`` names values;
scribbles are drawn along these with the mouse, as a person would. ``--scale 2`` makes pictures for
screens of twice the density, as files of their own. No picture is larger than 300 KiB.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QEvent, QIODevice, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from screenshot_stage import Photos, Stage
from screenshot_torture import torture

from annotator.look.style import Scheme
from annotator.window.export_form import ExportForm

LIMIT_BYTES = 300 << 10
QUALITIES = (92, 86, 80, 74, 68, 60, 50)
RECENT = ("photos/cars-labels", "microscope/glands-labels", "harvest/leaves-labels")


def main(arguments: list[str]) -> int:
    """Make all pictures; 0 if every one of them could be made."""
    wish = _asked(arguments)
    os.environ["QT_SCALE_FACTOR"] = str(wish.scale)
    wish.out.mkdir(parents=True, exist_ok=True)
    wish.out = wish.out.resolve()
    wish.photos = wish.photos and wish.photos.resolve()
    suffix = "" if wish.scale == 1 else f"@{wish.scale}x"
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["ANNOTATOR_SETTINGS"] = str(Path(scratch) / "settings.json")
        os.environ["ANNOTATOR_LOGS"] = str(Path(scratch) / "logs")
        stage, home = Stage(Path(scratch)), Path.cwd()
        os.chdir(scratch)  # so that no picture shows where it was made
        try:
            _open(stage, wish)
            for name in _tortured(stage) if wish.torture else _documented(stage):
                _save(stage, wish.out / f"{name}{suffix}")
        except (LookupError, TimeoutError) as error:
            sys.stderr.write(f"Stopped: {error}.\n")
            return 1
        finally:
            stage.close()
            os.chdir(home)
    return 0


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pictures of the running window.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--photos", type=Path, help="a folder with 'images' and 'masks'")
    parser.add_argument("--class", dest="classes", action="append", default=[], metavar="NAME=V,V")
    parser.add_argument("--scale", type=int, choices=(1, 2), default=1)
    parser.add_argument("--torture", action="store_true", help="hard cases, in both schemes")
    wish = parser.parse_args(arguments)
    if wish.photos is not None and not wish.classes:
        parser.error("--photos needs at least one --class NAME=VALUE,VALUE")
    return wish


def _open(stage: Stage, wish: argparse.Namespace) -> None:
    if wish.photos is None:
        stage.open_demo()
        return
    pairs = [one.split("=", 1) for one in wish.classes]
    classes = {name: tuple(int(value) for value in values.split(",")) for name, values in pairs}
    stage.open_photos(Photos(wish.photos, classes))


# -- scenes ----------------------------------------------------------------------------------------


def _documented(stage: Stage) -> Iterator[str]:
    """Brings the window into every state of the documents and says its name."""
    yield from _drawing(stage)
    stage.go(stage.workspace.project.image_ids_with_cues()[0])
    yield "label"
    stage.do("view.uncertainty")
    yield "uncertainty"
    stage.do("view.uncertainty")
    stage.do("gallery.expand")
    stage.settle(1.5)
    yield "gallery"
    stage.do("gallery.expand")
    stage.wear(Scheme.DARK)
    stage.settle()
    yield "dark"
    stage.wear(Scheme.LIGHT)
    stage.do("page.review")
    stage.settle(1.5)
    yield "review"
    yield from _export(stage)
    stage.window.close_project()
    stage.window.welcome.show_recent([Path(one) for one in RECENT])
    stage.settle()
    yield "welcome"


def _drawing(stage: Stage) -> Iterator[str]:
    """The pen is down, and what it says is answered already."""
    project = stage.workspace.project
    marked = project.image_ids_with_cues()
    fresh = [image_id for image_id in project.images if image_id not in marked]
    image_id = (fresh or list(marked))[0]
    stage.go(image_id)
    H, W = project.images[image_id].size
    stage.page.classes.choose_place(1)
    stage.scribble(
        [(W * (0.42 + 0.02 * k), H * (0.55 + 0.01 * (k % 3))) for k in range(8)], let_go=False
    )
    stage.settle(2.0)
    yield "drawing"
    QTest.keyClick(stage.page.canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(stage.page.canvas, Qt.MouseButton.LeftButton)
    QApplication.sendEvent(stage.page.canvas, QEvent(QEvent.Type.Leave))
    stage.answered()


def _export(stage: Stage) -> Iterator[str]:
    """Everything is accepted and exported; the report is shown."""
    stage.live.accept_all(tuple(stage.workspace.project.images))
    stage.do("project.export")
    forms = [w for w in QApplication.allWidgets() if isinstance(w, ExportForm) and w.isVisible()]
    form = forms[0]
    form.ask.folder.setText(f"{stage.workspace.folder.name}-coco")  # within the scratch folder
    stage.settle()
    yield "export"
    form.start.click()
    stage.until(lambda: not form.running, "the end of the export")
    stage.settle(1.5)
    yield "export-report"


def _tortured(stage: Stage) -> Iterator[str]:
    for name in torture(stage):
        for scheme in (Scheme.LIGHT, Scheme.DARK):
            stage.wear(scheme)
            stage.settle(0.3)
            yield f"torture-{name}-{scheme.value}"
        stage.wear(Scheme.LIGHT)


# -- files -----------------------------------------------------------------------------------------


def _save(stage: Stage, path: Path) -> None:
    """What the window shows, as the best JPEG that fits the limit."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    stage.window.grab().save(buffer, "PNG")
    with Image.open(BytesIO(bytes(buffer.data().data()))) as picture:
        shown = picture.convert("RGB")
    for quality in QUALITIES:
        written = BytesIO()
        shown.save(written, "JPEG", quality=quality, subsampling=0 if quality > 80 else 2)
        if written.tell() <= LIMIT_BYTES:
            break
    target = path.with_name(f"{path.name}.jpg")
    target.write_bytes(written.getvalue())
    sys.stdout.write(f"{target} {shown.width} x {shown.height}, {written.tell() >> 10} KiB\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
