"""The notice: what stands on the canvas while there is no picture on it."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from annotator.look.colours import Colours
from annotator.look.icons import draw_icon
from annotator.look.measures import BODY, GAP, font

SIDE = 32  # logical pixels of the icon
WIDEST = 420
FLAGS = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


@dataclass(frozen=True, slots=True)
class Notice:
    """One quiet sentence, with an icon above it or none."""

    sentence: str
    icon: str = ""


def paint_notice(painter: QPainter, area: QRect, notice: Notice, colours: Colours) -> None:
    """In the middle of an area, in logical pixels; long sentences are broken into lines."""
    painter.save()
    painter.setFont(font(BODY))
    painter.setPen(QColor(colours.dim_text))
    width = min(WIDEST, area.width() - 4 * GAP)
    room = QRect(0, 0, max(1, width), area.height())
    words = painter.boundingRect(room, FLAGS, notice.sentence)
    above = SIDE + GAP if notice.icon else 0
    top = area.top() + max(0, (area.height() - words.height() - above) // 2)
    if notice.icon:
        box = QRect(area.center().x() - SIDE // 2, top, SIDE, SIDE)
        draw_icon(painter, box, notice.icon, colours.strong_line)
    left = area.left() + (area.width() - room.width()) // 2
    painter.drawText(room.translated(left, top + above), FLAGS, notice.sentence)
    painter.restore()
