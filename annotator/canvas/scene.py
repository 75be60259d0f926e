"""The scene: photograph, labels and cues composed into tiles of the screen, made when looked at.

A tile is a square of device pixels, fixed to the image at one zoom: a pan only copies tiles, a
change of labels re-makes the touched part of the touched tiles, and a new colour or opacity lays
the same pieces over each other again.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from annotator.canvas.cue_paint import CUE_MARGIN, CuePainter, cue_box
from annotator.canvas.layers import LabelLayers, LabelPieces
from annotator.canvas.overlay import ColourTable, Layer, Look, doubt_table
from annotator.canvas.pyramid import ImagePyramid, Window
from annotator.document.annotations import Cue, CueId, PixelBox

TILE = 256
FEWEST_KEPT = 64
VIEWS_KEPT = 3  # tiles of so many views stay, for the way back


@dataclass(slots=True)
class Remade:
    """What was made since the scene began: for tests and figures."""

    photos: int = 0  # tiles
    label_pixels: int = 0
    composed_pixels: int = 0


@dataclass(slots=True, eq=False)
class Tile:
    """One square; ``stale`` labels, ``undrawn`` cues, ``uncomposed``: its pixels to re-make."""

    window: Window
    photo: QImage
    composed: QImage
    pieces: LabelPieces
    pictures: tuple[QImage, ...]  # the planes of ``pieces``, read in place
    drawn: QImage | None  # the cues, clear elsewhere; None where there are none
    stale: QRegion
    undrawn: QRegion
    uncomposed: QRegion

    @property
    def is_finished(self) -> bool:
        """Whether ``composed`` is what it should be."""
        return self.stale.isEmpty() and self.undrawn.isEmpty() and self.uncomposed.isEmpty()


@dataclass(slots=True)
class Scene:
    """Everything that lies still on the image. Change it through its methods only."""

    pyramid: ImagePyramid
    look: Look = field(default_factory=Look)
    layers: frozenset[Layer] = frozenset(Layer)
    cues: tuple[Cue, ...] = ()
    remade: Remade = field(default_factory=Remade)
    _labels: LabelLayers = field(init=False)
    _tiles: OrderedDict[tuple[int, int], Tile] = field(default_factory=OrderedDict)
    _zoom: float = 1.0
    _line: int = 1
    _lifted: CueId | None = None
    _tables: tuple[ColourTable, ...] = ()
    _before: tuple[Tile, ...] = ()
    _zoom_before: float = 1.0
    _cue_areas: list[tuple[Cue, QRect]] | None = None

    def __post_init__(self) -> None:
        self._labels = LabelLayers(self.pyramid.size)
        self._mix()

    @property
    def labels(self) -> LabelLayers:
        """The arrays; after changing them say so with `relabel`."""
        return self._labels

    def set_scale(self, zoom: float, line: int) -> None:
        """Another zoom, or another number of device pixels in a line: all tiles are new."""
        if (zoom, line) != (self._zoom, self._line):
            if not self._before:  # else the last zoom was left before its picture was complete
                self._before, self._zoom_before = tuple(self._tiles.values()), self._zoom
            self._zoom, self._line = zoom, line
            self._tiles.clear()
            self._cue_areas = None

    def set_look(self, look: Look) -> None:
        """Other colours: pieces stay, they are only laid over each other again."""
        if look == self.look:
            return
        cues_look = look.colours != self.look.colours or look.hidden != self.look.hidden
        self.look = look
        self._mix()
        self._recompose()
        if cues_look:
            self._touch(self.cues)

    def set_layers(self, layers: frozenset[Layer]) -> None:
        """Which layers are shown; hiding what was accepted uncovers the proposal below."""
        changed, self.layers = layers ^ self.layers, layers
        if Layer.ACCEPTED in changed:
            self.relabel(None)
        if changed:
            self._recompose()

    def set_cues(self, cues: Sequence[Cue]) -> list[PixelBox]:
        """Other cues; the boxes that look different now."""
        before, self.cues, self._cue_areas = self.cues, tuple(cues), None
        was, becomes = set(before), set(self.cues)
        changed = [cue for cue in before if cue not in becomes]
        changed += [cue for cue in self.cues if cue not in was]
        if not changed and before != self.cues:
            changed = list(before)  # the same ones in another order
        return self._touch(changed)

    def lift_cue(self, cue_id: CueId | None) -> list[PixelBox]:
        """Leave out the cue that is being edited; the boxes that look different now."""
        if cue_id == self._lifted:
            return []
        touched = [cue for cue in self.cues if cue.cue_id in (cue_id, self._lifted)]
        self._lifted = cue_id
        return self._touch(touched)

    def make_room(self, view: tuple[int, int]) -> None:
        """Forget the tiles looked at longest ago; ``view`` (width, height) in device pixels."""
        in_view = (view[0] // TILE + 2) * (view[1] // TILE + 2)
        while len(self._tiles) > max(FEWEST_KEPT, VIEWS_KEPT * in_view):
            self._tiles.popitem(last=False)

    def relabel(self, box: PixelBox | None) -> None:
        """The labels in a box of the image have changed, or everywhere."""
        for tile, part in self._parts(box, self._line):
            tile.stale += part  # composed again only where it turns out to look different

    def paint(
        self, painter: QPainter, window: Window, *, bare: bool, until: float = math.inf
    ) -> bool:
        """Lay the part ``window`` of the scaled image at (0, 0) of ``painter``.

        What is not made by the time ``until`` (of `time.perf_counter`) is shown as it was before,
        stretched if need be; answers whether everything is as it should be.
        """
        x0, y0, x1, y1 = window
        seen = QRect(x0, y0, x1 - x0, y1 - y0)
        complete = True
        for row in range(y0 // TILE, -(-y1 // TILE)):
            for column in range(x0 // TILE, -(-x1 // TILE)):
                late = time.perf_counter() > until
                tile = self._tiles.get((column, row)) if late else self._tile(column, row)
                part = self._place(column, row) & seen
                if tile is None:
                    self._stand_in(painter, part, seen.topLeft())
                    complete = False
                    continue
                if not bare and not late:
                    self._finish(tile)
                complete &= bare or tile.is_finished
                picture = tile.photo if bare else tile.composed
                corner = QPoint(*tile.window[:2])
                painter.drawImage(
                    part.translated(-seen.topLeft()), picture, part.translated(-corner)
                )
        return complete

    def forget_before(self) -> None:
        """The picture is complete: what it was like at the last zoom is not needed any more."""
        self._before = ()

    def _stand_in(self, painter: QPainter, part: QRect, origin: QPoint) -> None:
        """A part of the scaled image from tiles of another zoom, or bare where there are none."""
        painter.save()
        painter.setClipRect(part.translated(-origin), Qt.ClipOperation.IntersectClip)
        place = QPointF(part.topLeft() - origin)
        if not self._before:
            painter.drawImage(place, self.pyramid.window(edges(part), self._zoom))
        ratio = self._zoom / self._zoom_before
        for tile in self._before:
            x0, y0, x1, y1 = (edge * ratio for edge in tile.window)
            target = QRectF(x0, y0, x1 - x0, y1 - y0)
            if target.intersects(QRectF(part)):
                painter.drawImage(target.translated(-QPointF(origin)), tile.composed)
        painter.restore()

    def _place(self, column: int, row: int) -> QRect:
        """The scaled pixels of a tile, cut at the image's border."""
        height, width = (max(1, round(side * self._zoom)) for side in self.pyramid.size)
        whole = QRect(0, 0, width, height)
        return QRect(column * TILE, row * TILE, TILE, TILE) & whole

    def _tile(self, column: int, row: int) -> Tile:
        tile = self._tiles.get((column, row))
        if tile is None:
            tile = self._tiles[column, row] = self._made(column, row)
        self._tiles.move_to_end((column, row))
        return tile

    def _made(self, column: int, row: int) -> Tile:
        window = edges(self._place(column, row))
        photo = self.pyramid.window(window, self._zoom)
        self.remade.photos += 1
        pieces = LabelPieces.blank(photo.height(), photo.width())
        pictures = tuple(
            QImage(p.data, p.shape[1], p.shape[0], p.shape[1], QImage.Format.Format_Indexed8)
            for p in pieces.planes
        )
        whole = QRegion(photo.rect())
        return Tile(
            window=window,
            photo=photo,
            composed=photo.copy(),
            pieces=pieces,
            pictures=pictures,
            drawn=None,
            stale=whole,
            undrawn=QRegion(whole),
            uncomposed=QRegion(whole),
        )

    def _finish(self, tile: Tile) -> None:
        for part in rectangles(tile.stale):
            self._label(tile, part)
        tile.stale = QRegion()
        if not tile.undrawn.isEmpty():
            self._draw(tile, tile.undrawn.boundingRect())
            tile.undrawn = QRegion()
        if not tile.uncomposed.isEmpty():
            self._compose(tile, tile.uncomposed.boundingRect())
            tile.uncomposed = QRegion()

    def _label(self, tile: Tile, part: QRect) -> None:
        window = edges(part.translated(*tile.window[:2]))
        under = Layer.ACCEPTED not in self.layers
        fresh = self._labels.pieces(window, self._zoom, line=self._line, under=under)
        if not fresh.looks_like(tile.pieces.part(edges(part))):
            tile.pieces.put(fresh, x=part.x(), y=part.y())
            tile.uncomposed += part
        self.remade.label_pixels += part.width() * part.height()

    def _compose(self, tile: Tile, part: QRect) -> None:
        painter = QPainter(tile.composed)
        painter.setClipRect(part)
        painter.drawImage(part, tile.photo, part)
        planes = zip(PLANE_LAYERS, tile.pieces.planes, tile.pictures, self._tables, strict=True)
        x0, y0, x1, y1 = edges(part)
        for layer, plane, picture, table in planes:
            if layer in self.layers and plane[y0:y1, x0:x1].any():
                picture.setColorTable(table)
                painter.drawImage(part, picture, part)
        if tile.drawn is not None and Layer.DRAWN in self.layers:
            painter.drawImage(part, tile.drawn, part)
        painter.end()
        self.remade.composed_pixels += part.width() * part.height()

    def _draw(self, tile: Tile, part: QRect) -> None:
        left, top = tile.window[:2]
        there = part.translated(left, top)
        near = [cue for cue, area in self._areas() if area.intersects(there) and self._shows(cue)]
        if not near and tile.drawn is None:
            return
        if tile.drawn is None:
            tile.drawn = QImage(tile.photo.size(), QImage.Format.Format_ARGB32_Premultiplied)
            tile.drawn.fill(0)
        painter = QPainter(tile.drawn)
        painter.setClipRect(part)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(part, Qt.GlobalColor.transparent)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        brush = CuePainter(painter, self._zoom, (-left, -top), self._line)
        brush.paint(near, self.look.colour)
        painter.end()

    def _areas(self) -> list[tuple[Cue, QRect]]:
        """Cues with the scaled pixels they are seen on, worked out once for a zoom."""
        if self._cue_areas is None:
            boxes = [(cue, cue_box(cue)) for cue in self.cues]
            margin = CUE_MARGIN * self._line
            self._cue_areas = [
                (cue, self._scaled(box, margin)) for cue, box in boxes if box is not None
            ]
        return self._cue_areas

    def _shows(self, cue: Cue) -> bool:
        return cue.cue_id != self._lifted and cue.target not in self.look.hidden

    def _touch(self, cues: Sequence[Cue]) -> list[PixelBox]:
        boxes = [box for box in map(cue_box, cues) if box is not None]
        for box in boxes:
            for tile, part in self._parts(box, CUE_MARGIN * self._line):
                tile.undrawn += part
                tile.uncomposed += part
        return boxes

    def _recompose(self) -> None:
        for tile, part in self._parts(None, 0):
            tile.uncomposed += part

    def _parts(self, box: PixelBox | None, margin: int) -> list[tuple[Tile, QRect]]:
        """Which tiles a box of the image touches, each with the part; all of all for None."""
        found = []
        area = None if box is None else self._scaled(box, margin)
        for tile in self._tiles.values():
            whole = tile.photo.rect()
            part = whole if area is None else area.translated(-tile.window[0], -tile.window[1])
            part &= whole
            if not part.isEmpty():
                found.append((tile, part))
        return found

    def _scaled(self, box: PixelBox, margin: int) -> QRect:
        """A box of the image in scaled pixels, with all that are touched, widened."""
        x0, y0, x1, y1 = (edge * self._zoom for edge in box)
        left, top = int(x0 // 1) - margin, int(y0 // 1) - margin
        return QRect(left, top, int(x1 // 1) + 1 + margin - left, int(y1 // 1) + 1 + margin - top)

    def _mix(self) -> None:
        look = self.look
        self._tables = (
            look.proposed_fill(),
            look.proposed_ink(),
            look.accepted_fill(),
            look.accepted_ink(),
            doubt_table(),
        )


def edges(rect: QRect) -> Window:
    """x0, y0, x1, y1, half open."""
    return rect.x(), rect.y(), rect.x() + rect.width(), rect.y() + rect.height()


def rectangles(region: QRegion) -> Iterator[QRect]:
    """The disjoint rectangles of a region; Qt's typing does not know that it has them."""
    parts: Iterable[QRect] = region  # type: ignore[assignment]
    return iter(parts)


# Which switch shows each plane of the pieces, in their order.
PLANE_LAYERS = (Layer.PROPOSED, Layer.PROPOSED, Layer.ACCEPTED, Layer.ACCEPTED, Layer.DOUBT)
