"""Fuzzy matching: how well a few typed letters fit a title, and which letters they are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_WORD_START = 8.0
_FOLLOWS = 7.0
_FIRST_LETTER = 4.0
_GAP = 0.4
_LENGTH = 0.05


@dataclass(frozen=True, slots=True)
class Match:
    """``places`` are the indices of the letters that were typed; a higher score fits better."""

    score: float
    places: tuple[int, ...]


def match(typed: str, text: str) -> Match | None:
    """The best way to find ``typed`` in ``text`` in order, or None. Case and blanks do not count.

    Dynamic programming over (typed letter, place): the start of a word and letters in a row count
    for it, gaps and length against it. O(len(typed) * len(text)^2), titles being short.
    """
    wanted = [letter for letter in typed.casefold() if not letter.isspace()]
    plain = [letter.casefold() for letter in text]
    if not wanted:
        return Match(0.0, ())
    best: dict[int, Match] = {}
    for number, letter in enumerate(wanted):
        places = [k for k, other in enumerate(plain) if other == letter]
        best = {k: m for k in places if (m := _reached(best, k, text, first=number == 0))}
        if not best:
            return None
    top = max(best.values(), key=lambda found: found.score)
    return Match(top.score - _LENGTH * len(text), top.places)


def ranked(typed: str, things: Iterable[T], text: Callable[[T], str]) -> list[tuple[T, Match]]:
    """The things that fit, best first; in their own order where nothing was typed."""
    found = [(thing, fit) for thing in things if (fit := match(typed, text(thing))) is not None]
    return sorted(found, key=lambda pair: -pair[1].score) if typed.strip() else found


def _reached(before: dict[int, Match], place: int, text: str, *, first: bool) -> Match | None:
    """The best match that ends with the letter at ``place``."""
    worth = 1.0 + (_WORD_START if _starts_word(text, place) else 0.0)
    if first:
        return Match(worth + (_FIRST_LETTER if place == 0 else 0.0), (place,))
    earlier = [
        (m.score + (_FOLLOWS if k == place - 1 else -_GAP * (place - k - 1)), m)
        for k, m in before.items()
        if k < place
    ]
    if not earlier:
        return None
    score, chosen = max(earlier, key=lambda pair: pair[0])
    return Match(score + worth, (*chosen.places, place))


def _starts_word(text: str, place: int) -> bool:
    return place == 0 or (text[place].isalnum() and not text[place - 1].isalnum())
