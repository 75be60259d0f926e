"""Pictures of the running window for the documents, made without a screen.

    QT_QPA_PLATFORM=offscreen python docs/make_screenshots.py docs/images

Opens the demo project with a real engine, waits for its answers, and grabs the window.
"""

import math
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from annotator.flows.demo import demo_folders, make_demo_project
from annotator.flows.engine_lane import EngineLane
from annotator.look.style import Scheme, Style
from annotator.window.main_window import MainWindow

ENGINE_LIMIT_MS = 60_000
SETTLE_MS = 1500


def main(out: Path) -> None:
    """Welcome and label page, light and dark."""
    app = QApplication(sys.argv[:1])
    style, lane = Style(app, Scheme.DARK), EngineLane()
    window = MainWindow(lane, style)
    window.show()
    lane.start()
    _wait(SETTLE_MS)
    window.grab().save(str(out / "welcome.png"))
    with tempfile.TemporaryDirectory() as folder:
        window.show_workspace(make_demo_project(demo_folders(Path(folder) / "demo")))
        page, live = window.page, window.live
        if page is None or live is None:
            raise SystemExit("The project did not open.")
        page.canvas.frame_budget = math.inf
        loop = QEventLoop()
        live.all_answered.connect(lambda _: loop.quit())
        QTimer.singleShot(ENGINE_LIMIT_MS, loop.quit)
        loop.exec()
        slide = window.workspace.project.image_named("slide/slide_22.png")
        page.gallery.choose(slide.image_id)
        _wait(SETTLE_MS)
        window.grab().save(str(out / "label-dark.png"))
        style.choose(Scheme.LIGHT)
        _wait(SETTLE_MS)
        window.grab().save(str(out / "label-light.png"))
        window.close()


def _wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
