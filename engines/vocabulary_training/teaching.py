"""What there is to learn: all words in a row, the classes of all sets, and what teaches what."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.vocabulary.words import spoken
from engines.vocabulary_training.sources import OpenSource
from engines.vocabulary_training.text_vectors import NameVectors

BACKGROUND, UNSAID = -1, -2  # classes of cells: nothing that has a name, nobody knows
ALIKE = 0.7  # cosine from which one word is no counter-example to another


@dataclass(frozen=True, eq=False)
class TaughtClass:
    """One class of one set: the places of its words; ``source`` counts sets."""

    source: int
    places: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Teaching:
    """``names`` (K): first those with a vector in ``vectors`` (F, D), then learned ones.

    ``class_of`` [source][row - 1] is the number of a class, `UNSAID` where it is held out.
    ``rivals`` (classes, K) bool: what a class is always told apart from. ``strangers`` (K,) bool:
    words of no picture, of which some are told apart from all. ``taught`` as `Vocabulary` has it.
    """

    names: tuple[str, ...]
    vectors: Tensor
    classes: tuple[TaughtClass, ...]
    class_of: tuple[tuple[int, ...], ...]
    rivals: Tensor
    alike: Tensor  # (classes, K) bool: words that may be as right as its own
    strangers: Tensor
    taught: Tensor


def teaching(
    known: NameVectors, sources: Sequence[OpenSource], held_out: frozenset[str]
) -> Teaching:
    """A class is held out where any of its words is; its cells then teach nothing at all."""
    names = _all_names(known, sources)
    place = {name: number for number, name in enumerate(names)}
    out = {spoken(name) for name in held_out}
    classes: list[TaughtClass] = []
    class_of = []
    for number, source in enumerate(sources):
        row = []
        for words in source.words:
            if any(spoken(word) in out for word in words):
                row.append(UNSAID)
                continue
            row.append(len(classes))
            classes.append(TaughtClass(number, tuple(place[word] for word in words)))
        class_of.append(tuple(row))
    own = [{p for one in classes if one.source == s for p in one.places}
           for s in range(len(sources))]  # fmt: skip
    alike = torch.stack([_alike(one, known, len(names)) for one in classes])
    rivals = torch.stack([_flags(own[one.source], len(names)) for one in classes]) & ~alike
    positive = _flags({p for one in classes for p in one.places}, len(names))
    away = _flags({place[name] for name in held_out}, len(names))
    learned = torch.arange(len(names)) >= len(known.names)
    taught = torch.where(learned, 2, torch.where(away, 3, positive.to(torch.int64)))
    return Teaching(
        names, known.vectors, tuple(classes), tuple(class_of), rivals, alike,
        ~positive & ~away & ~learned, taught.to(torch.uint8),
    )  # fmt: skip


def _all_names(known: NameVectors, sources: Sequence[OpenSource]) -> tuple[str, ...]:
    words = [word for source in sources for several in source.words for word in several]
    return tuple(dict.fromkeys((*known.names, *words)))


def _flags(places: set[int], count: int) -> Tensor:
    flags = torch.zeros(count, dtype=torch.bool)
    flags[sorted(places)] = True
    return flags


def _alike(one: TaughtClass, known: NameVectors, count: int) -> Tensor:
    """Its own words, and those whose vectors lie near to one of them."""
    flags = _flags(set(one.places), count)
    fixed = [place for place in one.places if place < len(known.names)]
    if fixed:
        near = (known.vectors @ known.vectors[fixed].T).amax(dim=1) >= ALIKE
        flags[: len(known.names)] |= near
    return flags
