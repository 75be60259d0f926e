"""The closed list of words: a name a person typed to the names that are known, without torch.

Names are written as the lists they come from write them: ``car_(automobile)`` is spoken "car",
``person:hair`` (a part) "person hair", and "hair" too.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

NEAR = 0.84  # likeness from which a word counts as near: typing errors and other spellings
SAME_HEAD = 0.35  # what an equal last word adds to the likeness
NEAREST = 3  # known words that stand in for an unknown one
LONGEST = 100  # letters that are compared
FETCH = "`annotator models fetch clip_rn50`"

_ASIDE = re.compile(r"\([^)]*\)")
_LETTERS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Found:
    """Places in the list that a word is read as; ``exact`` where it is known itself."""

    places: tuple[int, ...]
    exact: bool


def spoken(name: str) -> str:
    """How a listed name is spoken: lower case, plain spaces, nothing in brackets."""
    return " ".join(_LETTERS.sub(" ", _ASIDE.sub(" ", name.replace("_", " "))).lower().split())


class WordList:
    """Names in a fixed order, found by what people type."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._parts: defaultdict[str, list[int]] = defaultdict(list)
        self._heads: defaultdict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(self.names):
            words = spoken(name)
            self._exact[words.replace(" ", "")].append(place)
            self._heads[words.rpartition(" ")[2]].append(place)
            if ":" in name:
                self._parts[spoken(name.rpartition(":")[2]).replace(" ", "")].append(place)

    def __len__(self) -> int:
        """How many names."""
        return len(self.names)

    def find(self, word: str) -> Found:
        """Known, or near ones; no places where nothing is near."""
        words = spoken(word)[:LONGEST]
        for form in _forms(words):
            for table in (self._exact, self._parts):
                if form in table:
                    return Found(tuple(table[form]), exact=True)
        for form in _forms(words.rpartition(" ")[2]):  # a red car is a car
            if form in self._exact:
                return Found(tuple(self._exact[form]), exact=False)
        return Found(self._near(words), exact=False)

    def _near(self, words: str) -> tuple[int, ...]:
        """The best `NEAREST`; different names of one spelling count once."""
        heads = {place for form in _singular(words.rpartition(" ")[2]) for place in
                 self._heads.get(form, ())}  # fmt: skip
        scored = []
        for place, name in enumerate(self.names):
            likeness = _likeness(words, spoken(name)) + SAME_HEAD * (place in heads)
            if likeness >= NEAR:
                scored.append((-likeness, place))
        best: dict[str, int] = {}
        for _, place in sorted(scored):
            best.setdefault(spoken(self.names[place]), place)
        return tuple([*best.values()][:NEAREST])


def unknown_sentence(word: str, names: Sequence[str], count: int) -> str:
    """What a person is told of a word that is not on the list."""
    start = f"'{word}' is not among the {count:,} words known without a text network"
    if not names:
        return (
            f"{start}, and none is near it; mark it, name it otherwise, or get open vocabulary "
            f"with {FETCH}."
        )
    listed = ", ".join(f"'{spoken(name)}'" for name in names)
    return f"{start}; it is read as {listed}. Open vocabulary comes with {FETCH}."


def _forms(words: str) -> list[str]:
    return [form.replace(" ", "") for form in _singular(words) if form]


def _singular(word: str) -> list[str]:
    """The word, and what it may be the plural of."""
    endings = [("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")]
    cut = [word[: -len(old)] + new for old, new in endings if word.endswith(old)]
    return [word, *(form for form in cut if len(form) > 1)]


def _likeness(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() + SAME_HEAD < NEAR:
        return 0.0
    return matcher.ratio()
