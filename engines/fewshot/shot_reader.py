"""A shot opened for reading: features and prepared maps, made when first asked for."""

from functools import cached_property

from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.fewshot.boxes import object_cells
from engines.fewshot.cues import CellWeights, area_weights
from engines.fewshot.evidence import Piece
from engines.fewshot.levels import grid_of
from engines.fewshot.method import EncodedShot
from engines.fewshot.representation import Representation
from engines.fewshot.ridge import Moments, moments


class ShotReader:
    """Reads the evidence of one shot; lives for one fit, so that maps are not kept for long."""

    def __init__(self, shot: EncodedShot) -> None:
        self.shot = shot
        self._prepared: tuple[str, list[Tensor]] | None = None

    @cached_property
    def features(self) -> FeatureMaps:
        """Encoded now if they were not asked for before."""
        return self.shot.features()

    def moments(self, piece: Piece, how: Representation, *, sample_size: int) -> Moments | None:
        """Statistics of a piece; None where it covers no cell."""
        found = self._cells(piece, how)
        if not len(found.cells):
            return None
        x = how.read(self._maps(how), found.cells)
        return moments(x, found.weights.to(x.device), sample_size=sample_size)

    def _maps(self, how: Representation) -> list[Tensor]:
        if self._prepared is None or self._prepared[0] != how.key:
            self._prepared = how.key, how.prepared(self.features)
        return self._prepared[1]

    def _cells(self, piece: Piece, how: Representation) -> CellWeights:
        grid = grid_of(self.features)
        inside = area_weights(piece.mark, image=self.shot.size, grid=grid)
        if piece.ring is None or not len(inside.cells):
            return inside
        ring = area_weights(piece.ring, image=self.shot.size, grid=grid)
        maps = self._maps(how)
        x_inside, x_ring = how.read(maps, inside.cells), how.read(maps, ring.cells)
        return object_cells(inside, x_inside, x_ring, ring.weights)
