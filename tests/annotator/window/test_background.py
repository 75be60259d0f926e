"""Work beside the window: it tells how far it is and how it ended, once, and only the newest."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from annotator.document.errors import DocumentError
from annotator.flows.reporting import Reporter
from annotator.window.background import STOPPED, BackgroundWork, Ending


def ending_of(qtbot: QtBot, work: BackgroundWork, piece: object) -> Ending:
    with qtbot.waitSignal(work.ended, timeout=5000) as told:
        work.start(piece)  # type: ignore[arg-type]
    ending = told.args[0]
    assert isinstance(ending, Ending)
    return ending


def test_an_answer_comes_on_the_windows_thread(qtbot: QtBot) -> None:
    work, heard = BackgroundWork(), []
    work.ended.connect(lambda _ending: heard.append(threading.current_thread()))
    ending = ending_of(qtbot, work, lambda _reporter: threading.current_thread())
    assert ending.good
    assert ending.value is not heard[0]
    assert heard == [threading.main_thread()]
    assert not work.running
    work.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DocumentError("The lamp is out."), "The lamp is out."),
        (OSError(28, "No space left on device", "a.png"), "'a.png': No space left"),
        (MemoryError(), "no memory"),
    ],
)
def test_what_goes_wrong_is_one_sentence(qtbot: QtBot, error: Exception, words: str) -> None:
    def failing(_reporter: Reporter) -> object:
        raise error

    work = BackgroundWork()
    ending = ending_of(qtbot, work, failing)
    assert words in ending.sentence
    assert ending.error is error
    work.close()


def test_stopped_work_says_so(qtbot: QtBot) -> None:
    begun = threading.Event()

    def endless(reporter: Reporter) -> object:
        begun.set()
        while True:
            reporter.raise_if_cancelled()

    work = BackgroundWork()
    with qtbot.waitSignal(work.ended, timeout=5000) as told:
        work.start(endless)
        assert begun.wait(5)
        work.stop()
    assert told.args[0].sentence == STOPPED
    assert told.args[0].error is None
    work.close()


def test_a_newer_piece_takes_the_place_of_the_one_before(qtbot: QtBot) -> None:
    gate, told = threading.Event(), []

    def slow(_reporter: Reporter) -> object:
        gate.wait(5)
        return "old"

    work = BackgroundWork()
    work.ended.connect(lambda ending: told.append(ending.value))
    work.start(slow)
    with qtbot.waitSignal(work.ended, timeout=5000):
        work.start(lambda _reporter: "new")
        gate.set()
    assert told == ["new"]
    work.close()


def test_nothing_is_told_after_closing(qtbot: QtBot) -> None:
    work, told = BackgroundWork(), []
    work.ended.connect(told.append)
    work.start(lambda _reporter: 1)
    work.close()
    qtbot.wait(20)
    assert told == []
    assert not work.running
