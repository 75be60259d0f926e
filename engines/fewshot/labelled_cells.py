"""Labelled cells: a bounded, balanced sample of everything a person marked, piece by piece."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.fewshot.evidence import pieces_of
from engines.fewshot.levels import grid_of
from engines.fewshot.method import EncodedShot
from engines.fewshot.representation import PreparedMaps, Representation
from engines.fewshot.ridge import BALANCE_POWER
from engines.fewshot.shot_reader import ShotReader
from engines.reporting import Reporter

CELL_LIMIT = 48_000  # of all pieces together: 135 MB for a ResNet-18
LEAST_PIECE, LARGEST_PIECE = 16, 4096


@dataclass(frozen=True, eq=False)
class PieceCells:
    """A piece's sampled cells x (n, C) on the CPU.

    ``count`` are its covered cells, sampled or not, ``share`` that number over the image's cells.
    """

    key: str
    row: int
    image: int
    x: Tensor
    count: float
    share: float


@dataclass(frozen=True, eq=False)
class LabelledCells:
    """Cells of several pieces: x (n, C), ``rows`` (n,), ``piece`` (n,) the place of its piece.

    ``areas`` (n,) are the covered cells that each one stands for.
    """

    pieces: tuple[PieceCells, ...]
    x: Tensor
    rows: Tensor
    piece: Tensor
    areas: Tensor

    @classmethod
    def of(cls, pieces: Sequence[PieceCells]) -> "LabelledCells":
        """All cells of some pieces, at least one."""
        sizes = torch.tensor([len(one.x) for one in pieces])
        areas = torch.tensor([one.count / len(one.x) for one in pieces])
        rows = torch.tensor([one.row for one in pieces])
        return cls(
            tuple(pieces),
            torch.cat([one.x for one in pieces]),
            rows.repeat_interleave(sizes),
            torch.arange(len(pieces)).repeat_interleave(sizes),
            areas.repeat_interleave(sizes),
        )

    def weights(self, places: Collection[int]) -> Tensor:
        """(n,) summing to 1 over the cells of the pieces at ``places``, 0 elsewhere.

        Balanced as the ridge is: a row by n ** 0.5 of its cells, and a piece within its row alike.
        """
        counts: dict[int, float] = {}
        speech: dict[int, float] = {}
        for place in places:
            one = self.pieces[place]
            counts[one.row] = counts.get(one.row, 0.0) + one.count
            speech[one.row] = speech.get(one.row, 0.0) + one.count**BALANCE_POWER
        shares = torch.zeros(len(self.pieces))
        for place in places:
            one = self.pieces[place]
            spoken = (counts[one.row] * one.count) ** BALANCE_POWER / speech[one.row]
            shares[place] = spoken / len(one.x)
        found = shares[self.piece]
        return found / found.sum()


class CellSampler:
    """Samples pieces and remembers them, so that one more stroke reads only itself."""

    def __init__(self, prepared: PreparedMaps) -> None:
        self._prepared = prepared
        self._known: dict[str, PieceCells | None] = {}

    def pieces(
        self, shots: Sequence[EncodedShot], how: Representation, reporter: Reporter
    ) -> list[PieceCells]:
        """All pieces that cover a cell, in order. Raises `Cancelled`; what was read stays known."""
        quota = _quota(sum(len(pieces_of(shot)) for shot in shots))
        wanted: list[str] = []
        for image, shot in enumerate(shots):
            reporter.raise_if_cancelled()
            wanted += self._read(shot, image, how, quota, reporter)
        self._forget_all_but(set(wanted))
        return [one for key in wanted if (one := self._known[key]) is not None]

    def forget(self) -> None:
        """Let go of everything."""
        self._known.clear()

    def _read(
        self, shot: EncodedShot, image: int, how: Representation, quota: int, reporter: Reporter
    ) -> list[str]:
        reader = ShotReader(shot, self._prepared)
        keys = []
        for piece in pieces_of(shot):
            key = f"{how.key}/{quota}/{image}/{piece.key}"
            keys.append(key)
            if key in self._known:
                continue
            reporter.raise_if_cancelled()
            covered = reader.cells(piece, how)
            if not len(covered.cells):
                self._known[key] = None
                continue
            picked = _picked(covered.weights, quota)
            x = reader.vectors(covered.cells[picked], how).float().cpu().clone()
            count = float(covered.weights.sum())
            h, w = grid_of(reader.features)
            self._known[key] = PieceCells(key, piece.row, image, x, count, count / (h * w))
        return keys

    def _forget_all_but(self, wanted: Collection[str]) -> None:
        self._known = {key: one for key, one in self._known.items() if key in wanted}


def _quota(pieces: int) -> int:
    """Cells of a piece at most: a power of two, so that one stroke more seldom changes it."""
    quota = LARGEST_PIECE
    while quota > LEAST_PIECE and quota * pieces > CELL_LIMIT:
        quota //= 2
    return quota


def _picked(weights: Tensor, quota: int) -> Tensor:
    """Places (m,) of at most ``quota`` cells, the same whenever the piece is read."""
    if len(weights) <= quota:
        return torch.arange(len(weights))
    draw = torch.Generator().manual_seed(len(weights))
    return torch.multinomial(weights.float().cpu(), quota, generator=draw).sort().values
