"""A window to be killed: it draws for ever, and says when a stroke begins and when it is kept.

    python window_nursery.py PROJECT SEED

On standard output: "began N" with the pen down, "kept N" once stroke N is in the document.
"""

import itertools
import os
import random
import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication
from stand_in_lane import StandInLane
from window_hands import Hand, Place, let_events_pass

from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.window.main_window import MainWindow

SIZE = (128, 96)  # (W, H) of every picture


def track(seed: int, number: int) -> list[Place]:
    """Where stroke ``number`` goes: known to whoever looks for it later."""
    chance = random.Random(seed * 1009 + number)
    x, y = chance.uniform(10, SIZE[0] - 40), chance.uniform(10, SIZE[1] - 40)
    return [(x + 3 * k, y + 2 * k) for k in range(10)]


def main(folder: Path, seed: int) -> None:
    """Open the project in a window and draw until killed."""
    app = QApplication(sys.argv[:1])
    lane = StandInLane(seed)
    window = MainWindow(lane, Style(app, Scheme.DARK))  # type: ignore[arg-type]
    window.resize(1000, 700)
    window.show()
    lane.start()
    workspace = Workspace.open(folder)
    window.show_workspace(workspace)
    page = window.page
    if page is None:
        raise SystemExit("There is no page.")
    while page.canvas.viewport is None:
        let_events_pass()
    hand = Hand(page.canvas)
    for number in itertools.count():
        places = track(seed, number)
        hand.press(places[0])
        _say(f"began {number}")
        for place in places[1:]:
            hand.move(place)
            let_events_pass()
        hand.release(places[-1])
        let_events_pass()
        _say(f"kept {number}")


def _say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
