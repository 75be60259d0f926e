"""What there is to learn: all words in a row, the classes of all sets, and what teaches what."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engines.vocabulary.words import spoken
from engines.vocabulary_training.sources import OpenSource
from engines.vocabulary_training.text_vectors import NameVectors

UNSAID = -1  # class of a cell of which nobody knows, or that is held out
ALIKE = 0.7  # cosine from which one word is no counter-example to another


@dataclass(frozen=True, eq=False)
class TaughtClass:
    """One class of one set: the places of its words; ``source`` counts sets."""

    source: int
    places: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Teaching:
    """``names`` (K): first those with a vector in ``vectors`` (F, D), then learned ones.

    After the classes of words follows one class per set: what has no name in it.
    ``class_of`` [source][row] is the number of a class, `UNSAID` where it is held out; row 0 is
    what has no name. For every class (rows of (classes, K) bool): ``own`` words; ``rivals``, what
    it is always told apart from; ``alike``, words that may be as right as its own.
    ``strangers`` (K,) bool: words of no picture, of which some are told apart from all.
    ``taught`` as `Vocabulary` has it.
    """

    names: tuple[str, ...]
    vectors: Tensor
    classes: tuple[TaughtClass, ...]
    class_of: tuple[tuple[int, ...], ...]
    own: Tensor
    rivals: Tensor
    alike: Tensor
    strangers: Tensor
    taught: Tensor


def teaching(
    known: NameVectors, sources: Sequence[OpenSource], held_out: frozenset[str]
) -> Teaching:
    """A class is held out where any of its words is; its cells then teach nothing at all."""
    out = {spoken(name) for name in held_out}
    names = _all_names(known, sources, out)
    place = {name: number for number, name in enumerate(names)}
    classes: list[TaughtClass] = []
    class_of: list[tuple[int, ...]] = []
    for number, source in enumerate(sources):
        row: list[int] = []
        for words in source.words:
            if _is_out(words, out):
                row.append(UNSAID)
                continue
            row.append(len(classes))
            classes.append(TaughtClass(number, tuple(place[word] for word in words)))
        class_of.append(tuple(row))
    count = len(sources)
    in_set = [{p for one in classes if one.source == s for p in one.places} for s in range(count)]
    class_of = [(len(classes) + s, *row) for s, row in enumerate(class_of)]
    classes += [TaughtClass(s, ()) for s in range(count)]
    alike = torch.stack([_alike(one, known, len(names)) for one in classes])
    rivals = torch.stack([_flags(in_set[one.source], len(names)) for one in classes]) & ~alike
    own = torch.stack([_flags(set(one.places), len(names)) for one in classes])
    positive = _flags({p for one in classes for p in one.places}, len(names))
    away = _flags({place[name] for name in held_out}, len(names))
    learned = torch.arange(len(names)) >= len(known.names)
    taught = torch.where(learned, 2, torch.where(away, 3, positive.to(torch.int64)))
    return Teaching(
        names, known.vectors, tuple(classes), tuple(class_of), own, rivals, alike,
        ~positive & ~away & ~learned, taught.to(torch.uint8),
    )  # fmt: skip


def _is_out(words: tuple[str, ...], out: set[str]) -> bool:
    return any(spoken(word) in out for word in words)


def _all_names(known: NameVectors, sources: Sequence[OpenSource], out: set[str]) -> tuple[str, ...]:
    taught = [words for one in sources for words in one.words if not _is_out(words, out)]
    return tuple(dict.fromkeys((*known.names, *(word for words in taught for word in words))))


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
