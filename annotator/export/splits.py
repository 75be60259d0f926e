"""Splits: every image into train, val or test, by a seed, with the classes spread evenly.

Iterative stratification after Sechidis, Tsoumakas and Vlahavas, "On the Stratification of
Multi-Label Data" (ECML PKDD 2011): the rarest class is dealt out first, each time to the split that
still wants it most. Images of one group (pages of one file) always stay together.
"""

import random
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from annotator.export.errors import InvalidOption

SPLIT_NAMES = ("train", "val", "test")
ALL = "all"
MAX_SHARE = 1_000_000


@dataclass(frozen=True, slots=True)
class SplitShares:
    """How much each split gets, in any unit; a share of 0 leaves that split out."""

    train: int
    val: int
    test: int = 0

    def __post_init__(self) -> None:
        shares = (self.train, self.val, self.test)
        if any(not 0 <= share <= MAX_SHARE for share in shares) or not any(shares):
            raise InvalidOption(
                f"A split needs shares of 0 or more that are not all 0; {shares} will not do."
            )

    @property
    def wanted(self) -> dict[str, float]:
        """Split name -> fraction, without the empty ones."""
        shares = dict(zip(SPLIT_NAMES, (self.train, self.val, self.test), strict=True))
        total = sum(shares.values())
        return {name: share / total for name, share in shares.items() if share}


@dataclass(slots=True)
class _Group:
    """Images that stay together, and the classes seen in any of them."""

    images: list[int]
    classes: set[int]


def parse_split(text: str) -> SplitShares:
    """``80/10/10`` or ``80/20``: shares of train, val and test; `InvalidOption` otherwise."""
    if not re.fullmatch(r"\s*\d{1,7}\s*(/\s*\d{1,7}\s*){1,2}", text):
        raise InvalidOption(f"A split is written like 80/10/10 or 80/20, not {text[:40]!r}.")
    return SplitShares(*(int(share) for share in text.split("/")))


def assign_splits(
    presence: Sequence[frozenset[int]],
    groups: Sequence[Hashable],
    shares: SplitShares,
    *,
    seed: int,
) -> tuple[str, ...]:
    """The split of each image. The same input and seed give the same answer everywhere.

    ``presence`` holds the classes seen in each image, ``groups`` a key each; images of equal keys
    share a split. No split stays empty if there are as many groups as splits; with fewer, the
    larger shares are served first.
    """
    names = list(shares.wanted)
    everything = waiting = _shuffled_groups(presence, groups, seed)
    left = {name: shares.wanted[name] * len(presence) for name in names}
    wish = _class_wishes(waiting, shares)
    dealt: dict[str, list[_Group]] = {name: [] for name in names}
    while waiting:
        rarest = _rarest_class(waiting)
        chosen = [group for group in waiting if rarest is None or rarest in group.classes]
        waiting = [] if rarest is None else [g for g in waiting if rarest not in g.classes]
        for group in chosen:
            name = max(names, key=lambda n: (wish[n].get(rarest, 0.0), left[n], shares.wanted[n]))
            left[name] -= len(group.images)
            for present in (*group.classes, None):
                wish[name][present] = wish[name].get(present, 0.0) - 1
            dealt[name].append(group)
    if len(everything) >= len(names):
        _fill_empty(dealt)
    split_of = {i: name for name, dealt_to in dealt.items() for g in dealt_to for i in g.images}
    return tuple(split_of[index] for index in range(len(presence)))


def _shuffled_groups(
    presence: Sequence[frozenset[int]], groups: Sequence[Hashable], seed: int
) -> list[_Group]:
    """Groups in an order that only the seed decides; large ones first, as hardest to place."""
    found: dict[Hashable, _Group] = {}
    for index, (classes, key) in enumerate(zip(presence, groups, strict=True)):
        group = found.setdefault(key, _Group([], set()))
        group.images.append(index)
        group.classes |= classes
    ordered = list(found.values())
    random.Random(seed).shuffle(ordered)
    return sorted(ordered, key=lambda group: -len(group.images))


def _class_wishes(
    groups: Sequence[_Group], shares: SplitShares
) -> dict[str, dict[int | None, float]]:
    """Per split: how many groups with each class it should get; None counts groups of any kind."""
    totals: Counter[int | None] = Counter()
    for group in groups:
        totals.update((*group.classes, None))
    return {
        name: {present: fraction * total for present, total in totals.items()}
        for name, fraction in shares.wanted.items()
    }


def _fill_empty(dealt: dict[str, list[_Group]]) -> None:
    """Give every empty split the group of the largest one whose classes are best spared."""
    for name in [name for name, groups in dealt.items() if not groups]:
        donor = max(dealt.values(), key=len)
        counts = Counter(present for group in donor for present in group.classes)
        spared = max(donor, key=lambda g: min((counts[c] for c in g.classes), default=len(donor)))
        donor.remove(spared)
        dealt[name].append(spared)


def _rarest_class(groups: Sequence[_Group]) -> int | None:
    counts = Counter(present for group in groups for present in group.classes)
    return min(counts, key=lambda present: (counts[present], present)) if counts else None
