"""The tile: one square of the screen, its photograph, its labels and what they make together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter, QRegion

from annotator.canvas.overlay import ColourTable, Layer, Look, change_table, doubt_table
from annotator.canvas.pieces import LabelPieces
from annotator.canvas.pyramid import Window

Tables = tuple[ColourTable | None, ...]  # one for each plane of `LabelPieces`; None: left out


class Side(Enum):
    """What a tile is composed of: everything, or one side of a comparison."""

    WHOLE = auto()
    BEFORE = auto()
    AFTER = auto()


@dataclass(slots=True, eq=False)
class Tile:
    """One square; ``stale`` labels, ``undrawn`` cues, ``uncomposed``: its pixels to re-make."""

    window: Window
    photo: QImage
    composed: QImage
    after: QImage | None  # the other side, while two are compared
    pieces: LabelPieces
    pictures: tuple[QImage, ...]  # the planes of ``pieces``, read in place
    drawn: QImage | None  # the cues, clear elsewhere; None where there are none
    stale: QRegion
    undrawn: QRegion
    uncomposed: QRegion

    @classmethod
    def blank(cls, window: Window, photo: QImage) -> "Tile":
        """A photograph of which nothing else is made yet."""
        pieces = LabelPieces.blank(photo.height(), photo.width())
        pictures = tuple(
            QImage(p.data, p.shape[1], p.shape[0], p.shape[1], QImage.Format.Format_Indexed8)
            for p in pieces.planes
        )
        whole = QRegion(photo.rect())
        return cls(
            window=window,
            photo=photo,
            composed=photo.copy(),
            after=None,
            pieces=pieces,
            pictures=pictures,
            drawn=None,
            stale=whole,
            undrawn=QRegion(whole),
            uncomposed=QRegion(whole),
        )

    @property
    def is_finished(self) -> bool:
        """Whether ``composed`` is what it should be."""
        return self.stale.isEmpty() and self.undrawn.isEmpty() and self.uncomposed.isEmpty()

    def picture(self, side: Side) -> QImage:
        """What is shown of it."""
        return self.after if side is Side.AFTER and self.after is not None else self.composed

    def compose(self, part: QRect, tables: Tables, after: Tables | None, *, cues: bool) -> None:
        """Lay everything over each other in a part; ``after``: tables of the other side, if any."""
        if after is None:
            self.after = None
        elif self.after is None:
            self.after, part = self.photo.copy(), self.photo.rect()
        self._lay(self.composed, part, tables, cues=cues)
        if self.after is not None and after is not None:
            self._lay(self.after, part, after, cues=cues)

    def _lay(self, target: QImage, part: QRect, tables: Tables, *, cues: bool) -> None:
        painter = QPainter(target)
        painter.setClipRect(part)
        painter.drawImage(part, self.photo, part)
        x0, y0, x1, y1 = edges(part)
        for plane, picture, table in zip(self.pieces.planes, self.pictures, tables, strict=True):
            if table is not None and plane[y0:y1, x0:x1].any():
                picture.setColorTable(table)
                painter.drawImage(part, picture, part)
        if self.drawn is not None and cues:
            painter.drawImage(part, self.drawn, part)
        painter.end()


def tables_of(look: Look, layers: frozenset[Layer], side: Side) -> Tables:
    """The colours of each plane, in the order of painting; None for those a side leaves out."""
    accepted = side is not Side.AFTER and bool(layers & {Layer.ACCEPTED, Layer.DRAWN})
    proposed = side is not Side.BEFORE and Layer.PROPOSED in layers
    doubted = side is not Side.BEFORE and Layer.DOUBT in layers
    shaded = accepted or proposed
    tables = (
        look.proposed_fill() if proposed else None,
        look.accepted_fill() if accepted else None,
        look.shade(accepted=accepted, proposed=proposed) if shaded else None,
        look.proposed_ink() if proposed else None,
        look.accepted_ink() if accepted else None,
        doubt_table() if doubted else None,
        change_table(),
    )
    return tuple(table if table is not None and any(table) else None for table in tables)


def edges(rect: QRect) -> Window:
    """x0, y0, x1, y1, half open."""
    return rect.x(), rect.y(), rect.x() + rect.width(), rect.y() + rect.height()


def rectangles(region: QRegion) -> Iterator[QRect]:
    """The disjoint rectangles of a region; Qt's typing does not know that it has them."""
    parts: Iterable[QRect] = region  # type: ignore[assignment]
    return iter(parts)
