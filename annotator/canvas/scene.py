"""The scene: photograph, labels and cues composed into tiles of the screen, made when looked at.

A tile is a square of device pixels, fixed to the image at one zoom: a pan only copies tiles, a
change of labels re-makes the touched part of the touched tiles, and a new colour or opacity lays
the same pieces over each other again.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QRegion

from annotator.canvas.cue_paint import CUE_MARGIN, CuePainter, cue_box
from annotator.canvas.layers import LabelLayers
from annotator.canvas.overlay import Layer, Look
from annotator.canvas.pieces import MARGIN, Cut
from annotator.canvas.pyramid import ImagePyramid, Window
from annotator.canvas.tile import Side, Tables, Tile, edges, rectangles, tables_of
from annotator.document.annotations import Cue, CueId, PixelBox
from annotator.document.label_map import Labels

TILE = 256
FEWEST_KEPT = 64
VIEWS_KEPT = 3  # tiles of so many views stay, for the way back


@dataclass(slots=True)
class Remade:
    """What was made since the scene began: for tests and figures."""

    photos: int = 0  # tiles
    label_pixels: int = 0
    composed_pixels: int = 0


@dataclass(slots=True)
class Scene:
    """Everything that lies still on the image. Change it through its methods only."""

    pyramid: ImagePyramid
    look: Look = field(default_factory=Look)
    layers: frozenset[Layer] = frozenset(Layer)
    comparing: bool = False
    hatching: bool = False
    cues: tuple[Cue, ...] = ()
    remade: Remade = field(default_factory=Remade)
    _labels: LabelLayers = field(init=False)
    _tiles: OrderedDict[tuple[int, int], Tile] = field(default_factory=OrderedDict)
    _zoom: float = 1.0
    _line: int = 1
    _lifted: CueId | None = None
    _cut: Cut = field(default_factory=Cut)
    _tables: Tables = ()
    _after: Tables | None = None  # of the right side, while two are compared
    _before: tuple[Tile, ...] = ()
    _zoom_before: float = 1.0
    _cue_areas: list[tuple[Cue, QRect]] | None = None

    def __post_init__(self) -> None:
        self._labels = LabelLayers(self.pyramid.size)
        self._restyle()

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
        self._restyle()
        if cues_look:
            self._touch(self.cues)

    def set_layers(self, layers: frozenset[Layer]) -> None:
        """Which layers are shown; hiding what was accepted uncovers the proposal below."""
        if layers != self.layers:
            self.layers = layers
            self._restyle()

    def set_comparing(self, comparing: bool) -> None:
        """Make both sides of every tile: what was accepted alone, what is proposed alone."""
        if comparing != self.comparing:
            self.comparing = comparing
            self._restyle()

    def set_hatching(self, hatching: bool) -> None:
        """A pattern for each class."""
        if hatching != self.hatching:
            self.hatching = hatching
            self._restyle()

    def set_difference(self, kinds: Labels | None) -> None:
        """(H, W) uint8 of `Change`, over everything else, which steps back."""
        differed = self._labels.differs
        self._labels.set_difference(kinds)
        if differed or self._labels.differs:
            self.relabel(None)
        if differed != self._labels.differs:
            self._restyle()

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
        margin = self._line * (MARGIN if self._cut.rimmed else 1)
        for tile, part in self._parts(box, margin):
            tile.stale += part  # composed again only where it turns out to look different

    def paint(
        self,
        painter: QPainter,
        window: Window,
        *,
        bare: bool,
        until: float = math.inf,
        side: Side = Side.WHOLE,
    ) -> bool:
        """Lay the part ``window`` of the scaled image at (0, 0) of ``painter``.

        ``side`` of a comparison; both are made at once, so that moving the divider only copies.
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
                    self._stand_in(painter, part, seen.topLeft(), side)
                    complete = False
                    continue
                if not bare and not late:
                    self._finish(tile)
                complete &= bare or tile.is_finished
                picture = tile.photo if bare else tile.picture(side)
                corner = QPoint(*tile.window[:2])
                painter.drawImage(
                    part.translated(-seen.topLeft()), picture, part.translated(-corner)
                )
        return complete

    def forget_before(self) -> None:
        """The picture is complete: what it was like at the last zoom is not needed any more."""
        self._before = ()

    def _stand_in(self, painter: QPainter, part: QRect, origin: QPoint, side: Side) -> None:
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
                painter.drawImage(target.translated(-QPointF(origin)), tile.picture(side))
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
        self.remade.photos += 1
        return Tile.blank(window, self.pyramid.window(window, self._zoom))

    def _finish(self, tile: Tile) -> None:
        for part in rectangles(tile.stale):
            self._label(tile, part)
        tile.stale = QRegion()
        if not tile.undrawn.isEmpty():
            self._draw(tile, tile.undrawn.boundingRect())
            tile.undrawn = QRegion()
        if not tile.uncomposed.isEmpty():
            part = tile.uncomposed.boundingRect()
            tile.compose(part, self._tables, self._after, cues=Layer.CUES in self.layers)
            tile.uncomposed = QRegion()
            self.remade.composed_pixels += part.width() * part.height()

    def _label(self, tile: Tile, part: QRect) -> None:
        window = edges(part.translated(*tile.window[:2]))
        fresh = self._labels.pieces(window, self._zoom, line=self._line, cut=self._cut)
        if not fresh.looks_like(tile.pieces.part(edges(part))):
            tile.pieces.put(fresh, x=part.x(), y=part.y())
            tile.uncomposed += part
        self.remade.label_pixels += part.width() * part.height()

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

    def _restyle(self) -> None:
        """Mix the colours anew, and cut the pieces anew only where other marks are wanted."""
        cut = Cut(
            accepted=Layer.ACCEPTED in self.layers,
            drawn=Layer.DRAWN in self.layers,
            apart=self.comparing,
            patterned=self.hatching,
            rimmed=not self.look.filled,
        )
        if cut != self._cut:
            self._cut = cut
            self.relabel(None)
        look = replace(self.look, dimmed=self._labels.differs)
        first = Side.BEFORE if self.comparing else Side.WHOLE
        self._tables = tables_of(look, self.layers, first)
        self._after = tables_of(look, self.layers, Side.AFTER) if self.comparing else None
        for tile, part in self._parts(None, 0):
            tile.uncomposed += part
