"""The tour: light on the real thing, hands on the real thing, and out again with one key."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from annotator.window.action_table import ROWS
from annotator.window.tour import Tour, TourStep, by_name
from annotator.window.tour_card import card_place
from annotator.window.tour_steps import WORDS, tour_steps


class World(QObject):
    drawn = Signal(object, int)


class Scene:
    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.window.resize(900, 600)
        self.left, self.right = QPushButton("left"), QPushButton("right")
        self.field = QLineEdit()
        for widget, name in ((self.left, "Left"), (self.right, "Right"), (self.field, "Field")):
            widget.setAccessibleName(name)
        column = QVBoxLayout(self.window)
        across = QHBoxLayout()
        across.addWidget(self.left)
        across.addWidget(self.right)
        column.addLayout(across)
        column.addStretch(1)
        column.addWidget(self.field)
        self.world = World()
        self.tour = Tour(self.window)
        self.ends: list[bool] = []
        self.tour.ended.connect(self.ends.append)
        self.steps = (
            TourStep("One", "The left one.", by_name(self.window, "Left")),
            TourStep("Two", "Draw.", by_name(self.window, "Right"), self.world.drawn),
            TourStep("Three", "Nothing to see.", lambda: None),
        )
        qtbot.addWidget(self.window)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)


@pytest.fixture
def scene(qtbot: QtBot) -> Iterator[Scene]:
    made = Scene(qtbot)
    yield made
    made.tour.end()


def placed(scene: Scene, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(scene.window, QPoint(0, 0)), widget.size())


def test_the_light_is_on_the_real_widget_and_the_card_beside_it(scene: Scene) -> None:
    scene.tour.start(scene.steps)
    assert scene.tour.veil.lit == placed(scene, scene.left)
    assert scene.tour.card.isVisible()
    assert not scene.tour.card.geometry().intersects(scene.tour.veil.lit)
    assert scene.window.rect().contains(scene.tour.card.geometry())
    assert "1 of 3: One" in scene.tour.card.accessibleName()


def test_what_is_lit_can_be_pressed_and_the_rest_cannot(scene: Scene, qtbot: QtBot) -> None:
    pressed: list[str] = []
    scene.left.clicked.connect(lambda: pressed.append("left"))
    scene.right.clicked.connect(lambda: pressed.append("right"))
    scene.tour.start(scene.steps)
    for button in (scene.left, scene.right):
        spot = placed(scene, button).center()
        hit = scene.window.childAt(spot)
        assert hit is not None
        qtbot.mouseClick(hit, Qt.MouseButton.LeftButton, pos=hit.mapFrom(scene.window, spot))
    assert pressed == ["left"]


def test_buttons_walk_and_the_last_one_is_done(scene: Scene, qtbot: QtBot) -> None:
    scene.tour.start(scene.steps)
    card = scene.tour.card
    assert not card.back_button.isEnabled()
    for _ in range(2):
        qtbot.mouseClick(card.next_button, Qt.MouseButton.LeftButton)
    assert (scene.tour.place, card.next_button.text()) == (2, "Done")
    assert scene.tour.veil.lit.isEmpty()
    qtbot.mouseClick(card.back_button, Qt.MouseButton.LeftButton)
    assert scene.tour.place == 1
    scene.tour.go(2)
    qtbot.mouseClick(card.next_button, Qt.MouseButton.LeftButton)
    assert scene.ends == [True]
    assert scene.tour.veil.isHidden()
    assert card.isHidden()


def test_arrow_keys_walk_and_escape_ends_wherever_the_focus_is(scene: Scene, qtbot: QtBot) -> None:
    scene.field.setFocus()
    scene.tour.start(scene.steps)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert scene.tour.place == 0
    scene.left.setFocus()
    qtbot.keyClick(scene.left, Qt.Key.Key_Right)
    assert scene.tour.place == 1
    scene.field.setFocus()
    qtbot.keyClick(scene.field, Qt.Key.Key_Right)
    assert scene.tour.place == 1, "arrows belong to whoever types"
    qtbot.keyClick(scene.field, Qt.Key.Key_Escape)
    assert scene.ends == [False]
    assert scene.field.hasFocus(), "the focus is back where it was"


def test_a_step_goes_on_when_the_person_has_done_it(scene: Scene, qtbot: QtBot) -> None:
    scene.tour.start(scene.steps)
    scene.world.drawn.emit("too early", 0)
    scene.tour.go(1)
    assert scene.tour.card._waits.isVisible()
    scene.world.drawn.emit("a stroke", 1)
    scene.world.drawn.emit("another", 2)
    qtbot.waitUntil(lambda: scene.tour.place == 2)
    qtbot.wait(500)
    assert scene.tour.place == 2, "two strokes are one step"


def test_leaving_a_step_by_hand_forgets_what_it_waited_for(scene: Scene, qtbot: QtBot) -> None:
    scene.tour.start(scene.steps)
    scene.tour.go(1)
    scene.world.drawn.emit("a stroke", 1)
    scene.tour.go(0)
    qtbot.wait(500)
    assert scene.tour.place == 0
    scene.world.drawn.emit("a stroke", 1)
    qtbot.wait(500)
    assert scene.tour.place == 0


def test_light_and_card_follow_the_window_and_the_widget(scene: Scene, qtbot: QtBot) -> None:
    scene.tour.start(scene.steps)
    scene.window.resize(500, 400)
    qtbot.waitUntil(lambda: scene.tour.veil.lit == placed(scene, scene.left))
    assert scene.tour.veil.size() == QSize(500, 400)
    scene.left.setFixedWidth(60)
    qtbot.waitUntil(lambda: scene.tour.veil.lit.width() == 60)
    scene.left.hide()
    qtbot.waitUntil(lambda: scene.tour.veil.lit.isEmpty())
    assert scene.window.rect().contains(scene.tour.card.geometry())


def test_a_widget_that_dies_takes_nothing_with_it(scene: Scene, qtbot: QtBot) -> None:
    scene.left.setFocus()
    scene.tour.start(scene.steps)
    scene.left.setFocus()
    scene.left.deleteLater()
    qtbot.wait(300)
    assert scene.tour.veil.lit.isEmpty()
    scene.tour.end()
    assert scene.ends == [False]


def test_starting_again_begins_at_the_first_step(scene: Scene) -> None:
    scene.tour.start(scene.steps)
    scene.tour.go(1)
    scene.tour.start(scene.steps)
    assert (scene.tour.place, scene.ends) == (0, [False])
    scene.tour.end()
    scene.tour.end()
    assert scene.ends == [False, False]
    scene.tour.start(())
    assert not scene.tour.running


@pytest.mark.parametrize(
    "lit",
    [QRect(10, 10, 100, 500), QRect(800, 10, 150, 500), QRect(100, 10, 800, 60),
     QRect(100, 600, 800, 60), QRect(0, 0, 1000, 700), QRect()],
)  # fmt: skip
def test_the_card_always_stands_inside_the_window(lit: QRect) -> None:
    window, card = QRect(0, 0, 1000, 700), QSize(330, 200)
    spot = QRect(card_place(card, window, lit), card)
    assert window.contains(spot)
    if lit != window:
        assert not spot.intersects(lit)


def test_the_words_name_the_keys_that_the_person_has() -> None:
    targets = {place: (lambda: None) for place, _, _ in WORDS}
    usual = " ".join(step.text for step in tour_steps(targets))
    assert "Enter accepts" in usual
    assert "{" not in usual
    own = {"answer.accept": ("Ctrl+Y",), "window.palette": ()}
    rows = {row.action_id: row.keys for row in ROWS}
    changed = " ".join(s.text for s in tour_steps(targets, keys=lambda i: own.get(i, rows[i])))
    assert "Ctrl+Y accepts" in changed
    assert "“Search actions” searches" in changed


def test_only_the_places_that_are_there_are_walked_and_unknown_ones_are_told(qtbot: QtBot) -> None:
    world = World()
    steps = tour_steps({"canvas": lambda: None, "export": lambda: None}, {"canvas": world.drawn})
    assert [step.title for step in steps] == ["Draw one stroke", "Export"]
    assert steps[0].done is not None
    assert steps[1].done is None
    with pytest.raises(KeyError, match="moon"):
        tour_steps({"moon": lambda: None})
