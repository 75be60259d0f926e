"""Answers from part of a support set: what some marked images say of the marks on another one."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard
from engines.errors import UnusableSupport
from engines.exchange import Floats
from engines.fewshot.evidence import pieces_of
from engines.fewshot.levels import enlarge, grid_of, plan_levels
from engines.fewshot.method import EncodedShot, EncodedSupport, Method
from engines.fewshot.probe import Probe
from engines.fewshot.representation import Representation, UnitLevels
from engines.fewshot.ridge import RowSum, solve
from engines.fewshot.shot_reader import ShotReader
from engines.reporting import Reporter

SHOT_CELLS = 2400  # cells that a shot is judged at: its IoU is then right to some percent
LEAST_ROW_CELLS = 100

Rows = npt.NDArray[np.uint8]
RowSums = dict[int, RowSum]


@dataclass(frozen=True, eq=False)
class Truth:
    """What a person said of one image: ``rows`` (n,) of cells that count ``weights`` (n,) each."""

    cells: Tensor
    rows: Rows
    weights: Floats


class LeaveOut(Protocol):
    """Teaches a method part of a support set, as often as it is asked to."""

    @property
    def truths(self) -> Sequence[Truth]:
        """Of the shots that can be judged, in order."""

    @property
    def rest_rows(self) -> frozenset[int]:
        """Rows marked on shots that are never judged."""

    def guesses(
        self, teachers: Collection[int], judged: Sequence[int], reporter: Reporter
    ) -> Iterator[Rows | None]:
        """For each of ``judged`` its rows (n,) as the teachers have it; None: they cannot teach.

        Numbers are places in ``truths``. Shots beyond those always teach. Raises `Cancelled`.
        """


class RefitLeaveOut:
    """For any method: fits a fresh one to what is left."""

    def __init__(
        self,
        method: Method,
        card: BackboneCard,
        support: EncodedSupport,
        judged: Sequence[int],
        reporter: Reporter,
    ) -> None:
        self._method = method
        self._support = support
        self._judged = [support.shots[number] for number in judged]
        chosen = set(judged)
        self._rest = [shot for i, shot in enumerate(support.shots) if i not in chosen]
        how = UnitLevels(plan_levels(card.maps, context=1))  # sorts the insides of boxes
        self.truths = [_truth(ShotReader(shot), how, reporter) for shot in self._judged]
        self.rest_rows = frozenset(mark.row for shot in self._rest for mark in shot.marks)

    def guesses(
        self, teachers: Collection[int], judged: Sequence[int], reporter: Reporter
    ) -> Iterator[Rows | None]:
        """See `LeaveOut.guesses`."""
        shots = (*(self._judged[i] for i in sorted(teachers)), *self._rest)
        try:
            self._method.fit(replace(self._support, shots=shots), reporter)
        except UnusableSupport:
            yield from (None for _ in judged)
            return
        for number in judged:
            reporter.raise_if_cancelled()
            features = self._judged[number].features()
            logits = enlarge(self._method.logits(features), grid_of(features))[0].flatten(1)
            cells = self.truths[number].cells.to(logits.device)
            yield _numpy_rows(logits[:, cells].argmax(0))


@dataclass(frozen=True, eq=False)
class _Read:
    """A shot as sums by row, and what it is judged by: ``x`` (n, C) of the cells of ``truth``."""

    sums: RowSums
    truth: Truth
    x: Tensor


class SumMemory:
    """What unchanged shots gave to earlier checks, so that one more stroke reads one shot anew."""

    def __init__(self) -> None:
        self._known: dict[str, object] = {}
        self._used: dict[str, object] = {}

    def find(self, key: str) -> object | None:
        """What is remembered under a key."""
        found = self._used.get(key, self._known.get(key))
        if found is not None:
            self._used[key] = found
        return found

    def keep(self, key: str, value: object) -> None:
        """Remember a value until a whole check has no use for it."""
        self._used[key] = value

    def forget_unused(self) -> None:
        """A check is over: let go of what it did not ask for."""
        self._known, self._used = self._used, {}


class SumLeaveOut:
    """For the probe: sums of every shot are at hand, and leaving one out is a subtraction.

    Filters are standardised with all marked images, also with the one left out: that uses its
    pixels, never its marks.
    """

    def __init__(
        self,
        probe: Probe,
        support: EncodedSupport,
        judged: Sequence[int],
        reporter: Reporter,
        *,
        memory: SumMemory,
    ) -> None:
        self._probe = probe
        self._row_count = support.row_count
        self._how = probe.representation
        self._memory = memory
        self._read = [self._of_shot(support.shots[i], reporter) for i in judged]
        self.truths = [one.truth for one in self._read]
        rest = [shot for i, shot in enumerate(support.shots) if i not in set(judged)]
        self._rest = self._of_rest(rest, reporter)
        self.rest_rows = frozenset(self._rest)
        self._total = self._rest
        for one in self._read:
            self._total = _joined(self._total, one.sums)

    def guesses(
        self, teachers: Collection[int], judged: Sequence[int], reporter: Reporter
    ) -> Iterator[Rows | None]:
        """See `LeaveOut.guesses`."""
        reporter.raise_if_cancelled()
        known = self._taught(frozenset(teachers))
        if len(known) < 2:
            yield from (None for _ in judged)
            return
        head = solve(known, row_count=self._row_count, ridge=self._probe.ridge)
        for number in judged:
            scores = head.scores(self._read[number].x).masked_fill(~head.seen, -torch.inf)
            yield _numpy_rows(scores.argmax(1))

    def _taught(self, teachers: frozenset[int]) -> RowSums:
        """The shorter way: from nothing up, or from everything down."""
        others = [i for i in range(len(self._read)) if i not in teachers]
        if len(teachers) <= len(others):
            known = self._rest
            for number in sorted(teachers):
                known = _joined(known, self._read[number].sums)
            return known
        held = {row for i in teachers for row in self._read[i].sums} | self._rest.keys()
        known = {row: one for row, one in self._total.items() if row in held}
        for number in others:
            known = _less(known, self._read[number].sums)
        return known

    def _of_shot(self, shot: EncodedShot, reporter: Reporter) -> _Read:
        key = f"{self._how.key}/{_content_of(shot)}"
        known = self._memory.find(key)
        if isinstance(known, _Read):
            return known
        reporter.raise_if_cancelled()
        reader = ShotReader(shot)
        truth = _truth(reader, self._how, reporter)
        reporter.raise_if_cancelled()
        x = reader.vectors(truth.cells, self._how)
        read = _Read(self._probe.sums_of(reader, reporter), truth, x)
        self._memory.keep(key, read)
        return read

    def _of_rest(self, shots: Sequence[EncodedShot], reporter: Reporter) -> RowSums:
        """All other shots in one; they teach whoever is judged."""
        names = "".join(_content_of(shot) for shot in shots)
        key = f"{self._how.key}/{hashlib.blake2b(names.encode(), digest_size=16).hexdigest()}"
        known = self._memory.find(key)
        if isinstance(known, dict):
            return known
        total: RowSums = {}
        for shot in shots:
            total = _joined(total, self._probe.sums_of(ShotReader(shot), reporter))
        self._memory.keep(key, total)
        return total


def _truth(reader: ShotReader, how: Representation, reporter: Reporter) -> Truth:
    """The marked cells of a shot, evenly thinned; the inside of a box as far as it stands out."""
    found: dict[int, list[tuple[Tensor, Tensor]]] = {}
    for piece in pieces_of(reader.shot):
        reporter.raise_if_cancelled()
        covered = reader.cells(piece, how)
        if len(covered.cells):
            found.setdefault(piece.row, []).append((covered.cells, covered.weights))
    limit = max(LEAST_ROW_CELLS, SHOT_CELLS // max(len(found), 1))
    cells, rows, weights = [torch.empty(0, dtype=torch.long)], [], [torch.empty(0)]
    for row, parts in sorted(found.items()):
        whole = torch.cat([one for _, one in parts])
        picked = torch.linspace(0, len(whole) - 1, min(limit, len(whole))).round().long()
        cells.append(torch.cat([one for one, _ in parts])[picked])
        weights.append(whole[picked] * (whole.sum() / whole[picked].sum()))
        rows += [row] * len(picked)
    return Truth(torch.cat(cells), np.array(rows, np.uint8), np.asarray(torch.cat(weights).numpy()))


def _content_of(shot: EncodedShot) -> str:
    """Equal for equal marks on an equal image."""
    content = hashlib.blake2b(shot.digest.encode(), digest_size=16)
    for mark in shot.marks:
        content.update(mark.key.encode())
    return content.hexdigest()


def _joined(one: RowSums, other: RowSums) -> RowSums:
    total = dict(one)
    for row, more in other.items():
        total[row] = total[row].joined(more) if row in total else more
    return total


def _less(total: RowSums, one: RowSums) -> RowSums:
    """Without what ``one`` gave; its rows that nobody else has are gone from ``total`` already."""
    left = dict(total)
    for row in one.keys() & total.keys():
        left[row] = total[row].without(one[row])
    return left


def _numpy_rows(rows: Tensor) -> Rows:
    found: Rows = rows.cpu().numpy().astype(np.uint8)
    return found
