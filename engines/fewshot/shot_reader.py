"""A shot opened for reading: features and prepared maps, made when first asked for."""

from functools import cached_property

from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.fewshot.boxes import object_cells
from engines.fewshot.cues import CellWeights, area_weights
from engines.fewshot.evidence import Piece
from engines.fewshot.levels import grid_of
from engines.fewshot.method import EncodedShot
from engines.fewshot.representation import PreparedMaps, Representation
from engines.fewshot.ridge import Moments, moments


class ShotReader:
    """Reads the evidence of one shot; lives for one fit, so that maps are not kept for long."""

    def __init__(self, shot: EncodedShot, prepared: PreparedMaps | None = None) -> None:
        self.shot = shot
        self._prepared = prepared or PreparedMaps()

    @cached_property
    def features(self) -> FeatureMaps:
        """Encoded now if they were not asked for before."""
        return self.shot.features()

    def moments(self, piece: Piece, how: Representation, *, sample_size: int) -> Moments | None:
        """Statistics of a piece; None where it covers no cell."""
        found = self.cells(piece, how)
        if not len(found.cells):
            return None
        x = how.read(self._maps(how), found.cells)
        return moments(x, found.weights.to(x.device), sample_size=sample_size)

    def cells(self, piece: Piece, how: Representation) -> CellWeights:
        """What a piece covers; of the inside of a box only what stands out from its ring."""
        grid = grid_of(self.features)
        inside = area_weights(piece.mark, image=self.shot.size, grid=grid)
        if piece.ring is None or not len(inside.cells):
            return inside
        ring = area_weights(piece.ring, image=self.shot.size, grid=grid)
        maps = self._maps(how)
        x_inside, x_ring = how.read(maps, inside.cells), how.read(maps, ring.cells)
        return object_cells(inside, x_inside, x_ring, ring.weights)

    def vectors(self, cells: Tensor, how: Representation) -> Tensor:
        """Cells (n,) of the finest grid -> (n, C)."""
        return how.read(self._maps(how), cells)

    def _maps(self, how: Representation) -> list[Tensor]:
        return self._prepared.of(self.features, how)
