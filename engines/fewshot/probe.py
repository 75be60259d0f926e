"""The linear probe: ridge regression on frozen features, solved anew after every stroke."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from torch import Tensor

from engines.backbones.backbone import BackboneCard, FeatureMaps
from engines.errors import UnusableSupport
from engines.exchange import BACKGROUND_ROW
from engines.fewshot.calibration import HeldOut, fitted_temperature
from engines.fewshot.cards import PROBE_CARD, MethodCard
from engines.fewshot.evidence import Piece, pieces_of
from engines.fewshot.ledger import Entry, Ledger
from engines.fewshot.levels import plan_levels
from engines.fewshot.lift import Lift, MapMoments, map_moments, standard_of
from engines.fewshot.method import UNSEEN_LOGIT, EncodedSupport
from engines.fewshot.representation import LiftedLevels, Representation, UnitLevels
from engines.fewshot.ridge import LinearHead, RowSum, solve
from engines.fewshot.shot_reader import ShotReader
from engines.reporting import Reporter

FOLDS = 2
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


class Probe:
    """A `Method`: learns from strokes, masks and boxes."""

    def __init__(self, backbone: BackboneCard, options: ProbeOptions | None = None) -> None:
        self._backbone = backbone
        self._options = options or ProbeOptions()
        self._lifted = backbone.pretraining == "none"
        self._ledger = Ledger()
        self._map_moments: dict[str, MapMoments] = {}
        self._fitted: _Fitted | None = None

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
        evidence = [(ShotReader(shot), pieces_of(shot)) for shot in support.shots]
        evidence = [(reader, pieces) for reader, pieces in evidence if pieces]
        _check({piece.row for _, pieces in evidence for piece in pieces}, support)
        how = self._represent([reader for reader, _ in evidence], reporter)
        entries: list[Entry] = []
        for number, (reader, pieces) in enumerate(evidence):
            reporter.progress(number / len(evidence), "Reading the marks")
            for piece in pieces:
                reporter.raise_if_cancelled()
                entries.extend(self._entries(piece, reader, how))
        _check({entry.row for entry in entries}, support)
        self._fitted = self._solved(entries, how, support.row_count)

    def logits(self, features: FeatureMaps) -> Tensor:
        """See `Method.logits`."""
        fitted = self._answer()
        prepared = fitted.representation.prepared(features)
        scores = fitted.representation.scores(prepared, fitted.head) / fitted.temperature
        return scores.masked_fill(~fitted.head.seen[None, :, None, None], UNSEEN_LOGIT)

    def _answer(self) -> _Fitted:
        if self._fitted is None:
            raise UnusableSupport("Nothing has been learned yet; mark something first.")
        return self._fitted

    def _represent(self, readers: list[ShotReader], reporter: Reporter) -> Representation:
        """Unit levels for trained networks; a lift for filters, standardised with these images."""
        options = self._options
        if not self._lifted:
            return UnitLevels(plan_levels(self._backbone.maps, context=options.context))
        for reader in readers:
            reporter.raise_if_cancelled()
            if reader.shot.digest not in self._map_moments:
                self._map_moments[reader.shot.digest] = map_moments(reader.features)
        digests = [reader.shot.digest for reader in readers]
        standard = standard_of([self._map_moments[digest] for digest in digests])
        lift = Lift(standard, units=options.units, gain=options.gain, seed=options.seed)
        name = hashlib.blake2b("".join(digests).encode(), digest_size=16).hexdigest()
        return LiftedLevels(lift, name)

    def _entries(self, piece: Piece, reader: ShotReader, how: Representation) -> list[Entry]:
        """One entry, or none for a mark that covers no cell."""
        key = f"{how.key}/{piece.key}"
        known = self._ledger.find(key)
        if known is None:
            known = reader.moments(piece, how, sample_size=SAMPLE_SIZE)
            if known is None:
                return []
            self._ledger.keep(key, known)
        return [Entry(key, piece.row, known)]

    def _solved(self, entries: list[Entry], how: Representation, row_count: int) -> _Fitted:
        """A head on all evidence, and its temperature from heads on half of it."""
        folds = _dealt(entries)
        sums = {at: self._ledger.row_sum(*at, of) for at, of in folds.items()}
        total: dict[int, RowSum] = {}
        for (row, _), one in sorted(sums.items()):
            total[row] = total[row].joined(one) if row in total else one
        head = solve(total, row_count=row_count, ridge=self._ridge)
        held_out: list[HeldOut] = []
        for fold in range(FOLDS):
            known = {row: one for (row, of), one in sums.items() if of != fold}
            if len(known) < FOLDS:
                continue
            other = solve(known, row_count=row_count, ridge=self._ridge)
            held_out.extend(
                HeldOut(entry.moments.sample, entry.row, other)
                for (_, of), some in folds.items()
                if of == fold
                for entry in some
            )
        return _Fitted(how, head, fitted_temperature(held_out))

    @property
    def _ridge(self) -> float:
        return self._options.lifted_ridge if self._lifted else self._options.ridge


def _dealt(entries: list[Entry]) -> dict[tuple[int, int], list[Entry]]:
    """The entries of each row, dealt alternately: (row, fold) -> entries in order."""
    seen: defaultdict[int, int] = defaultdict(int)
    dealt: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        dealt[entry.row, seen[entry.row] % FOLDS].append(entry)
        seen[entry.row] += 1
    return dict(dealt)


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
