"""A container passes the keyboard on, and Tab still stops at all that stands before that part."""

from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from annotator.look.focus import lead_focus


def test_a_container_leads_on_and_hides_nothing_from_tab(qtbot: QtBot) -> None:
    window, panel = QWidget(), QWidget()
    first, before, part = QPushButton("first"), QPushButton("before"), QLineEdit()
    inside, outside = QVBoxLayout(panel), QVBoxLayout(window)
    for widget in (before, part):
        inside.addWidget(widget)
    for widget in (first, panel):
        outside.addWidget(widget)
    lead_focus(panel, part)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    panel.setFocus()
    assert window.focusWidget() is part
    first.setFocus()
    window.focusNextChild()
    assert window.focusWidget() is before
    window.focusNextChild()
    assert window.focusWidget() is part
