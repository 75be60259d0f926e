"""What is to happen soon happens once, before painting, or not at all."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from annotator.flows.soon import Soon


def test_many_wishes_lead_to_one_call(qtbot: QtBot) -> None:
    calls: list[int] = []
    soon = Soon(lambda: calls.append(1))
    soon.start()
    soon.start()
    assert soon.active
    assert calls == []
    qtbot.waitUntil(lambda: calls == [1])
    assert not soon.active
    soon.start()
    qtbot.waitUntil(lambda: calls == [1, 1])


def test_what_was_called_off_does_not_happen_and_a_new_wish_happens_once() -> None:
    calls: list[int] = []
    soon = Soon(lambda: calls.append(1))
    soon.start()
    soon.stop()
    soon.start()
    QCoreApplication.processEvents()
    assert calls == [1]
    soon.start()
    soon.stop()
    QCoreApplication.processEvents()
    assert calls == [1]


def test_it_comes_before_the_painting_that_was_asked_for_earlier(qtbot: QtBot) -> None:
    order: list[str] = []

    class Canvas(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            order.append("paint")

    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.show()
    qtbot.waitUntil(lambda: "paint" in order)
    order.clear()
    soon = Soon(lambda: order.append("act"))
    canvas.update()
    soon.start()
    qtbot.waitUntil(lambda: "paint" in order)
    assert order[0] == "act"
