"""The linear probe: ridge regression on frozen features, solved anew after every stroke."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.backbones.backbone import BackboneCard, FeatureMaps
from engines.errors import UnusableSupport
from engines.exchange import BACKGROUND_ROW
from engines.fewshot.calibration import HeldOut, fitted_temperature
from engines.fewshot.cards import PROBE_CARD, MethodCard
from engines.fewshot.dealing import FOLDS, Deal, Outline, dealt
from engines.fewshot.evidence import Piece, pieces_of
from engines.fewshot.labelled_cells import CellSampler
from engines.fewshot.ledger import Ledger
from engines.fewshot.levels import plan_levels
from engines.fewshot.lift import Lift, MapMoments, map_moments, standard_of
from engines.fewshot.method import UNSEEN_LOGIT, EncodedShot, EncodedSupport
from engines.fewshot.mlp_head import MlpHead
from engines.fewshot.polish import OutOfTime, Polisher
from engines.fewshot.representation import LiftedLevels, PreparedMaps, Representation, UnitLevels
from engines.fewshot.ridge import LinearHead, Moments, RowSum, empty_sum, solve
from engines.fewshot.shot_reader import ShotReader
from engines.fewshot.stroke_check import can_leave_out
from engines.reporting import Reporter

SAMPLE_SIZE = 32  # cells of a mark kept for calibration


@dataclass(frozen=True, slots=True)
class ProbeOptions:
    """What may be chosen about a probe; the defaults were measured.

    ``ridge`` and ``lifted_ridge`` are relative penalties, ``context`` the window in cells of the
    deepest map (1: none), ``units`` and ``gain`` belong to the lift, ``seed`` to its draw.
    """

    ridge: float = 2.0
    context: int = 9
    lifted_ridge: float = 0.3
    units: int = 256
    gain: float = 2.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class _Fitted:
    representation: Representation
    head: LinearHead
    temperature: float


@dataclass(frozen=True, eq=False)
class _Outlined:
    """A shot and the outlines of its pieces under one representation."""

    shot: EncodedShot
    outlines: list[Outline]


class Probe:
    """A `Method`: learns from strokes, masks and boxes.

    Shots are read one at a time and leave only sums, so memory does not grow with their number.
    """

    def __init__(
        self,
        backbone: BackboneCard,
        options: ProbeOptions | None = None,
        *,
        ledger: Ledger | None = None,
    ) -> None:
        self._backbone = backbone
        self._options = options or ProbeOptions()
        self._lifted = backbone.pretraining == "none"
        self._ledger = ledger or Ledger()
        self._samples: dict[str, Tensor] = {}  # key of a piece that lends -> (s, C)
        self._blank: set[str] = set()  # keys of pieces that cover no cell
        self._map_moments: dict[str, MapMoments] = {}
        self._prepared = PreparedMaps()
        self._fitted: _Fitted | None = None
        self._sampler = CellSampler(self._prepared)
        self._polisher = Polisher(ridge=self.ridge, seed=self._options.seed)
        self._tried = False  # whether a net was looked for since the last fit
        self._net: MlpHead | None = None  # answers in place of the ridge where it is there

    @property
    def card(self) -> MethodCard:
        """What it is."""
        return PROBE_CARD

    @property
    def temperature(self) -> float:
        """What scores are divided by; `UnusableSupport` before the first `fit`."""
        return self._answer().temperature

    def fit(self, support: EncodedSupport, reporter: Reporter) -> None:
        """See `Method.fit`."""
        marked = [shot for shot in support.shots if any(mark.mask.any() for mark in shot.marks)]
        outlined = [_Outlined(shot, _outlines(shot)) for shot in marked]
        _check({one.row for shot in outlined for one in shot.outlines}, support)
        how = self._represent(marked, reporter)
        outlined = [_Outlined(one.shot, _keyed(one.outlines, how)) for one in outlined]
        everything = [one for shot in outlined for one in shot.outlines]
        self._blank &= {one.key for one in everything}
        while True:
            deal = dealt(one for one in everything if one.key not in self._blank)
            _check(deal.rows, support)
            if self._read_all(outlined, how, deal, reporter):
                break
        self._fitted, self._net = self._solved(deal, how, support.row_count), None
        self._tried = False

    def polish(
        self,
        support: EncodedSupport,
        reporter: Reporter,
        *,
        limit_s: float | None = None,
        afresh: bool = False,
    ) -> bool:
        """See `Polishable.polish`; ``support`` is what was fitted last."""
        fitted = self._answer()
        if self._tried:  # asked until it is taken, a net would be taken by luck
            return False
        if afresh:
            self._polisher.forget()
        marked = [shot for shot in support.shots if any(mark.mask.any() for mark in shot.marks)]
        if not can_leave_out([[piece.row for piece in pieces_of(shot)] for shot in marked]):
            return False
        pieces = self._sampler.pieces(marked, fitted.representation, reporter)
        device = fitted.head.bias.device
        try:
            net = self._polisher.polish(
                pieces, fitted.head.moved(torch.device("cpu")), reporter,
                temperature=fitted.temperature, limit_s=limit_s,
            )  # fmt: skip
        except OutOfTime:
            return False
        self._tried = True
        self._net = None if net is None else net.moved(device)
        return self._net is not None

    @property
    def polished(self) -> bool:
        """See `Polishable.polished`."""
        return self._net is not None

    def logits(self, features: FeatureMaps) -> Tensor:
        """See `Method.logits`."""
        fitted = self._answer()
        prepared = self._prepared.of(features, fitted.representation)
        if self._net is not None:
            return self._net.on(prepared, fitted.representation)
        scores = fitted.representation.scores(prepared, fitted.head) / fitted.temperature
        return scores.masked_fill(~fitted.head.seen[None, :, None, None], UNSEEN_LOGIT)

    @property
    def representation(self) -> Representation:
        """How it reads features; `UnusableSupport` before the first `fit`."""
        return self._answer().representation

    @property
    def ridge(self) -> float:
        """The relative penalty."""
        return self._options.lifted_ridge if self._lifted else self._options.ridge

    def sums_of(self, reader: ShotReader, reporter: Reporter) -> dict[int, RowSum]:
        """The evidence of one shot by row, as `fit` would add it up."""
        reading = _Reading(reader, self.representation, self._ledger)
        sums: dict[int, RowSum] = {}
        for at, one in enumerate(_keyed(_outlines(reader.shot), self.representation)):
            reporter.raise_if_cancelled()
            found = reading.moments(at, one.key)
            if found is not None:
                before = sums.get(one.row) or empty_sum(len(found.mean), found.mean.device)
                sums[one.row] = before.plus(found)
        return sums

    def _answer(self) -> _Fitted:
        if self._fitted is None:
            raise UnusableSupport("Nothing has been learned yet; mark something first.")
        return self._fitted

    def _represent(self, shots: Sequence[EncodedShot], reporter: Reporter) -> Representation:
        """Unit levels for trained networks; a lift for filters, standardised with these images."""
        options = self._options
        if not self._lifted:
            return UnitLevels(plan_levels(self._backbone.maps, context=options.context))
        for shot in shots:
            reporter.raise_if_cancelled()
            if shot.digest not in self._map_moments:
                self._map_moments[shot.digest] = map_moments(shot.features())
        digests = [shot.digest for shot in shots]
        standard = standard_of([self._map_moments[digest] for digest in digests])
        lift = Lift(standard, units=options.units, gain=options.gain, seed=options.seed)
        name = hashlib.blake2b("".join(digests).encode(), digest_size=16).hexdigest()
        return LiftedLevels(lift, name)

    def _read_all(
        self, outlined: list[_Outlined], how: Representation, deal: Deal, reporter: Reporter
    ) -> bool:
        """Add what the running sums lack; False where a piece turned out blank: deal anew then.

        Whatever stops this, the sums and samples made so far are right for the next attempt.
        """
        self._ledger.resume(deal.keys)
        lending = deal.lending
        self._samples = {key: x for key, x in self._samples.items() if key in lending}
        seen: defaultdict[int, int] = defaultdict(int)
        for number, one in enumerate(outlined):
            reporter.progress(number / len(outlined), "Reading the marks")
            reader = ShotReader(one.shot, self._prepared)
            reading = _Reading(reader, how, self._ledger)  # the last one's features go now
            for at, outline in enumerate(one.outlines):
                reporter.raise_if_cancelled()
                if outline.key in self._blank:
                    continue
                step, fold = divmod(seen[outline.row], FOLDS)
                seen[outline.row] += 1
                place = outline.row, fold
                added = step < self._ledger.added_count(place)
                if added and (outline.key not in lending or outline.key in self._samples):
                    continue
                found = reading.moments(at, outline.key)
                if found is None:
                    self._blank.add(outline.key)
                    return False
                if not added:
                    self._ledger.add(place, outline.key, found)
                if outline.key in lending:
                    self._samples[outline.key] = found.sample
        return True

    def _solved(self, deal: Deal, how: Representation, row_count: int) -> _Fitted:
        """A head on all evidence, and its temperature from heads on half of it."""
        sums = {place: self._ledger.row_sum(place) for place in deal.keys}
        total: dict[int, RowSum] = {}
        for (row, _), one in sorted(sums.items()):
            total[row] = total[row].joined(one) if row in total else one
        head = solve(total, row_count=row_count, ridge=self.ridge)
        held_out: list[HeldOut] = []
        for fold in range(FOLDS):
            known = {row: one for (row, of), one in sums.items() if of != fold}
            if len(known) < FOLDS:
                continue
            other = solve(known, row_count=row_count, ridge=self.ridge)
            held_out.extend(
                HeldOut(self._samples[key], row, other)
                for (row, of), lenders in deal.lenders.items()
                if of == fold
                for key in lenders
            )
        return _Fitted(how, head, fitted_temperature(held_out))


class _Reading:
    """The pieces of one shot, made when the first of them is asked for."""

    def __init__(self, reader: ShotReader, how: Representation, ledger: Ledger) -> None:
        self._reader = reader
        self._how = how
        self._ledger = ledger
        self._pieces: list[Piece] = []

    def moments(self, number: int, key: str) -> Moments | None:
        """Of one piece, from the ledger if it is still there; None where it covers no cell."""
        known = self._ledger.find(key)
        if known is not None:
            return known
        self._pieces = self._pieces or pieces_of(self._reader.shot)
        made = self._reader.moments(self._pieces[number], self._how, sample_size=SAMPLE_SIZE)
        if made is not None:
            self._ledger.keep(key, made)
        return made


def _outlines(shot: EncodedShot) -> list[Outline]:
    return [Outline(piece.key, piece.row) for piece in pieces_of(shot)]


def _keyed(outlines: list[Outline], how: Representation) -> list[Outline]:
    return [Outline(f"{how.key}/{one.key}", one.row) for one in outlines]


def _check(rows: set[int], support: EncodedSupport) -> None:
    """At least two rows, or there is nothing to tell apart."""
    if not rows:
        raise UnusableSupport("Nothing is marked yet; draw on a class and on the background.")
    if len(rows) > 1:
        return
    only = rows.pop()
    if only == BACKGROUND_ROW:
        raise UnusableSupport("Only background is marked so far; mark a class as well.")
    name = support.row_names[only]
    raise UnusableSupport(
        f"Only '{name}' is marked so far; mark some background or another class as well."
    )
