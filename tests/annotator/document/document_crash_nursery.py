"""A process that raises editors to be killed: it has everything imported and forks one per order.

An order is a line of JSON on standard input. The editor says "done N" on standard output after the
gesture N is committed, and goes on for ever; the nursery says "born PID" and "gone STATUS".
"""

import itertools
import json
import os
import sys
import traceback
from pathlib import Path

from document_gestures import step

from annotator.document.project_folder import open_project


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def edit_until_killed(order: dict[str, object]) -> None:
    with open_project(Path(str(order["folder"]))) as opened:
        for number in itertools.count(int(str(order["first"]))):
            step(opened.project, opened.history, number, str(order["seed"]))
            say(f"done {number}")


def main() -> None:
    for line in sys.stdin:
        victim = os.fork()
        if victim == 0:
            try:
                edit_until_killed(json.loads(line))
            except BaseException:  # noqa: BLE001 - whatever it was, the parent must hear of it
                say("failed " + json.dumps(traceback.format_exc()))
            finally:
                os._exit(1)
        say(f"born {victim}")
        _, status = os.waitpid(victim, 0)
        say(f"gone {status}")


if __name__ == "__main__":
    main()
