"""The expectation card: the figure where there is one, and what is needed where there is none."""

import pytest
from panel_worlds import few_images
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot
from stand_in_live import StandInLive, report_of

from annotator.document.images import ImageId
from annotator.flows.support_report import SupportReport, SupportRow
from annotator.flows.workspace import Workspace
from annotator.look.colours import colours_of
from annotator.panels.expectation import CurveView, ExpectationCard, placed, value_range


def marked(count: int, *, muted: int = 0) -> tuple[SupportRow, ...]:
    return tuple(SupportRow(ImageId(k + 1), 2, None, k < muted) for k in range(count))


@pytest.fixture
def workspace(tmp_path):
    with few_images(tmp_path, count=3) as opened:
        yield opened


@pytest.fixture
def card(workspace: Workspace, qtbot: QtBot) -> ExpectationCard:
    card = ExpectationCard()
    qtbot.addWidget(card)
    card.live = StandInLive()
    card.show_live(workspace, card.live)
    card.resize(248, card.sizeHint().height())
    card.show()
    return card


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((), "Mark two images"),
        (marked(1), "Mark one more image"),
        (marked(2, muted=1), "Mark one more image"),
        (marked(2), "Being measured"),
    ],
)
def test_without_a_figure_it_says_what_is_needed(
    card: ExpectationCard, rows: tuple[SupportRow, ...], words: str
) -> None:
    card.live.say(report_of(*rows))
    assert card.sentence.text().startswith(words)
    assert card.sentence.isVisible()
    assert not card.figure.isVisible()
    assert card.accessibleDescription() == card.sentence.text()


def test_the_figure_its_interval_and_its_curve_are_shown_and_said(card: ExpectationCard) -> None:
    height = card.sizeHint().height()
    card.live.say(report_of(*marked(3), expected=0.812))
    assert (card.figure.text(), card.interval.text()) == ("0.81", "± 0.04, leave-one-out")
    assert card.accessibleDescription() == (
        "0.81 plus or minus 0.04, by leaving one marked image out at a time"
    )
    assert card.curve.accessibleDescription() == "2: 0.61, 3: 0.81"
    assert card.sizeHint().height() == height, "nothing jumps when the figure comes"


def test_an_answer_that_changes_nothing_costs_nothing(
    card: ExpectationCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = report_of(*marked(3), expected=0.8)
    card.live.say(report)
    monkeypatch.setattr(card.curve, "show_curve", lambda _: pytest.fail("drawn again"))
    card.live.say(report)


def test_a_flow_that_is_left_is_not_heard_any_more(card: ExpectationCard) -> None:
    card.show_live(None, None)
    card.live.say(report_of(*marked(3), expected=0.8))
    assert not card.figure.isVisible()


def test_the_curve_rises_from_left_to_right_in_whole_tenths(qtbot: QtBot) -> None:
    curve = ((2, 0.55), (4, 0.74))
    assert value_range(curve) == pytest.approx((0.5, 0.8))
    assert value_range(((2, 1.0),)) == pytest.approx((0.8, 1.0))
    assert value_range(((2, 0.0),)) == pytest.approx((0.0, 0.2))
    plot = QRectF(0, 0, 100, 30)
    first, last = (placed(plot, curve, spot, low=0.5, high=0.8) for spot in curve)
    assert (first.x(), last.x()) == (0, 100)
    assert (first.y(), last.y()) == pytest.approx((25, 6))


def test_the_curve_is_painted_in_the_ink_of_the_scheme(qtbot: QtBot) -> None:
    view = CurveView()
    qtbot.addWidget(view)
    view.resize(200, view.height())
    bare = view.grab().toImage()
    view.show_curve(((2, 0.5), (6, 0.9)))
    image = view.grab().toImage()
    ink = QColor(colours_of(view.palette()).accent_text)
    assert image != bare
    assert any(
        image.pixelColor(x, y) == ink for x in range(image.width()) for y in range(image.height())
    )


def test_an_empty_report_is_told_like_no_project(card: ExpectationCard) -> None:
    card.live.say(SupportReport())
    assert "Mark two images" in card.accessibleDescription()
