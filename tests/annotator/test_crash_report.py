"""Crash reports: written by real crashes, complete, and without a name of any picture."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.crash_report import (
    PREFIX,
    REPORTS_KEPT,
    file_part,
    log_part,
    private,
    report_text,
    reports_in,
    write_report,
)
from annotator.log_file import LogLine
from annotator.log_lines import PICTURES

START = """
import faulthandler, logging, os, sys, threading
from pathlib import Path
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QPushButton
from annotator.crash_watch import CrashWatch
from annotator.log_file import start_logging
app = QApplication([])
log = start_logging(Path(sys.argv[1]))
watch = CrashWatch(log)
notice = watch.start()
logging.getLogger("annotator.project").info("Opened 'cars': 3 images")
logging.getLogger("annotator.pictures").warning("'my secret cat.png': cut off")
told = []
watch.happened.connect(lambda n: told.append(n))
"""


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(program), str(folder)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_an_exception_in_a_slot_is_reported_and_the_window_goes_on(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
        button = QPushButton("x")
        def slot():
            raise RuntimeError(f"cannot read '{Path.home()}/pics/my secret cat.png'")
        button.clicked.connect(slot)
        for wait in (0, 20, 40):
            QTimer.singleShot(wait, button.click)
        QTimer.singleShot(200, app.quit)
        app.exec()
        print(len(told), told[0].sentence, told[0].report.name)
        watch.close()
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 Something went wrong in the window (RuntimeError)")
    (report,) = reports_in(tmp_path)
    text = report.read_text(encoding="utf-8")
    assert report.name in done.stdout
    assert "in slot" in text
    assert "Opened 'cars': 3 images" in text
    assert "PySide6-Essentials" in text
    assert "secret" not in text
    assert str(Path.home()) + os.sep not in text


def test_an_exception_in_a_thread_is_reported_on_the_windows_thread(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
        def work():
            raise ValueError("deep in a thread")
        threading.Thread(target=work, name="scanner").start()
        main = threading.get_ident()
        where = []
        watch.happened.connect(lambda n: where.append(threading.get_ident() == main))
        QTimer.singleShot(300, app.quit)
        app.exec()
        print(where, told[0].sentence)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert "[True] Something went wrong in the thread 'scanner'" in done.stdout
    assert "deep in a thread" in reports_in(tmp_path)[0].read_text(encoding="utf-8")


def test_ctrl_c_is_no_crash_and_what_fails_while_tidying_up_is_only_written(
    tmp_path: Path,
) -> None:
    done = run(
        tmp_path,
        """
        class Bad:
            def __del__(self):
                raise KeyError("late")
        Bad()
        QTimer.singleShot(50, app.quit)
        app.exec()
        print(len(told))
        raise KeyboardInterrupt
        """,
    )
    assert done.stdout.strip() == "0"
    assert "KeyboardInterrupt" in done.stderr
    (report,) = reports_in(tmp_path)
    assert "KeyError while tidying up" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["os.abort()", "faulthandler._sigsegv()"])
def test_a_native_crash_is_told_at_the_next_start_once(tmp_path: Path, end: str) -> None:
    crashed = run(tmp_path, f"def the_guilty_one():\n    {end}\nthe_guilty_one()")
    assert crashed.returncode != 0
    again = run(tmp_path, "print(notice.sentence, notice.report.name)\nwatch.close()")
    assert again.returncode == 0, again.stderr
    assert "The program crashed when it last ran" in again.stdout
    (report,) = reports_in(tmp_path)
    text = report.read_text(encoding="utf-8")
    assert "Fatal Python error" in text
    assert "the_guilty_one" in text
    assert "Opened 'cars': 3 images" in text
    assert "secret" not in text
    assert run(tmp_path, "print(notice)\nwatch.close()").stdout.strip() == "None"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_being_killed_or_leaving_well_is_no_crash(tmp_path: Path) -> None:
    killed = run(tmp_path, "os.kill(os.getpid(), 9)")
    assert killed.returncode == -signal.SIGKILL
    left = run(tmp_path, "print(notice)")
    assert left.stdout.strip() == "None"
    assert not list(tmp_path.glob("native-*"))


def test_a_window_that_still_runs_keeps_its_traces(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", START + "print('up', flush=True)\nsys.stdin.read()", str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline().strip() == "up"
    second = run(tmp_path, "print(notice)\nwatch.close()")
    assert second.stdout.strip() == "None"
    assert len(list(tmp_path.glob("native-*"))) == 1
    other.communicate("")
    assert not list(tmp_path.glob("native-*"))


def test_a_place_that_fails_in_every_paint_fills_no_disk(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        """
        for number in range(100):
            source = f"def f{number}():\\n" + "\\n" * number + "    1/0\\n"
            exec(compile(source, "made", "exec"))
            try:
                eval(f"f{number}()")
            except ZeroDivisionError:
                for _ in range(3):
                    sys.excepthook(*sys.exc_info())
        watch.close()
        """,
    )
    assert done.returncode == 0, done.stderr
    assert len(reports_in(tmp_path)) == REPORTS_KEPT


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    paths = [write_report(tmp_path, f"report {k}") for k in range(REPORTS_KEPT + 7)]
    kept = reports_in(tmp_path)
    assert len(kept) == REPORTS_KEPT
    assert paths[-1] in kept
    assert all(path.name.startswith(PREFIX) for path in kept)


def test_lines_about_pictures_are_counted_and_left_out() -> None:
    now = datetime(2024, 5, 6, 7, 8, 9)
    lines = [
        LogLine(0, now, logging.INFO, "annotator.project", "Opened 'cars'"),
        LogLine(1, now, logging.WARNING, PICTURES, "'x': odd"),
    ]
    first, second = log_part(lines)
    assert first.endswith("INFO     annotator.project  Opened 'cars'")
    assert second == "(1 lines about single pictures are left out)"
    assert file_part([line.whole() for line in lines]) == (first,)


NAMES = st.text(
    st.characters(exclude_characters="\n\r\x00/\\", exclude_categories=["Cs"]), min_size=3,
    max_size=30,
).filter(lambda name: len(name.split()) > 0 and len(name.strip()) > 2)  # fmt: skip


@given(NAMES, st.sampled_from(["png", "JPG", "tiff", "webp"]), st.booleans())
def test_no_name_of_a_picture_survives_in_quotes_or_in_a_path(
    name: str, ending: str, quoted: bool
) -> None:
    marked = f"Q7Z{name}Q7Z.{ending}"
    text = f"It failed for '{marked}'." if quoted else f"It failed for /data/my cars/{marked} now."
    assert "Q7Z" not in private(text, "/somewhere")


def test_home_becomes_a_tilde_and_the_rest_stays() -> None:
    text = 'File "/h/anna/lib/x.py", line 3\n/h/annabel/y and /h/anna'
    assert private(text, "/h/anna") == 'File "~/lib/x.py", line 3\n/h/annabel/y and ~'
    assert private("photo_1.png is odd", "/h") == "(a picture) is odd"
    assert "C:\\Users" not in private("C:\\Users\\anna\\a.txt", "C:\\Users\\anna")


def test_a_report_says_what_happened_where_and_with_what() -> None:
    text = report_text("Nobody caught: KeyError.", "Traceback: KeyError", ["one line"])
    for wanted in (
        "Nobody caught: KeyError.",
        "Traceback: KeyError",
        "one line",
        "Python 3",
        "torch",
    ):
        assert wanted in text
