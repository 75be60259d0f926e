"""Words as a prior: every pixel by its likeness to the words of the classes, joined with marks.

Without marks the answer is p_text, a softmax over scaled cosines with the classes' words and the
background (MaskCLIP: Zhou, Loy, Dai, ECCV 2022, section 3). Where marks teach a probe on rows S
(background among them), its answer is joined in S and the rows nobody marked keep what the words
say:

    log p(r | S) = (1 - w) log p_probe(r) + w log p_text(r | S) + const,    r in S
    p(r) = p(r | S) p_text(S),  r in S;      p(r) = p_text(r),  r not in S
    w = n_0 / (n_0 + n)

with n the marked pixels in all and n_0 = `PRIOR_PIXELS`. Marks themselves are hard constraints of
the session. A class whose word is not known is answered only where it is marked.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engines.backbones.backbone import FeatureMaps
from engines.errors import UnusableSupport
from engines.exchange import BACKGROUND_ROW
from engines.fewshot.cards import TEXT_CARD, MethodCard
from engines.fewshot.levels import enlarge
from engines.fewshot.method import UNSEEN_LOGIT, EncodedSupport, Method
from engines.reporting import Reporter
from engines.vocabulary.space import ReadWord, WordSpace

PRIOR_PIXELS = 2_000  # marked pixels that weigh as much as the words; three strokes or so
SEEN = UNSEEN_LOGIT / 2  # a logit below was set, not computed


class TextPrior:
    """A `Method`: needs words, takes marks."""

    def __init__(self, words: Callable[[], WordSpace], probe: Method) -> None:
        """``words`` opens the space of words when something is learned for the first time."""
        self._open_words = words
        self._words: WordSpace | None = None
        self._probe = probe
        self._known: dict[int, ReadWord] = {}  # by row, those that have a vector
        self._row_count = 0
        self._weight = 1.0  # of the words
        self._with_probe = False
        self.remarks: tuple[str, ...] = ()

    @property
    def card(self) -> MethodCard:
        """What it is."""
        return TEXT_CARD

    def fit(self, support: EncodedSupport, reporter: Reporter) -> None:
        """See `Method.fit`; words that are not known leave a sentence in ``remarks``."""
        if self._words is None:
            reporter.progress(0.0, "Reading the words")
            self._words = self._open_words()
        read = [self._words.read(word) for word in class_words(support)]
        pixels, with_probe = self._fit_probe(support, reporter)
        known = {row: one for row, one in enumerate(read, 1) if one.vector is not None}
        if not known and not with_probe:
            raise UnusableSupport(_nothing(read))
        self._known = known
        self._row_count = support.row_count
        self._with_probe = with_probe
        self._weight = PRIOR_PIXELS / (PRIOR_PIXELS + pixels) if known else 0.0
        self.remarks = tuple(one.remark for one in read if one.remark)
        if self.remarks:
            reporter.progress(1.0, self.remarks[0])

    def logits(self, features: FeatureMaps) -> Tensor:
        """See `Method.logits`; log probabilities, on the finer of the two grids."""
        if not self._row_count:
            raise UnusableSupport("Nothing has been learned yet; name a class or mark something.")
        if not self._known:
            return self._probe.logits(features)
        text = self._text(features)
        if not self._with_probe:
            return text
        marked = self._probe.logits(features)
        grid = int(marked.shape[-2]), int(marked.shape[-1])
        return joined(enlarge(text, grid), marked, weight=self._weight)

    def _text(self, features: FeatureMaps) -> Tensor:
        """(B, K, h, w) log probabilities; rows without a known word hold `UNSEEN_LOGIT`."""
        if self._words is None:
            raise UnusableSupport("Nothing has been learned yet; name a class or mark something.")
        scores = self._words.logits(features, [*self._known.values()]).log_softmax(dim=1)
        B, _, h, w = scores.shape
        placed = scores.new_full((B, self._row_count, h, w), UNSEEN_LOGIT)
        placed[:, [BACKGROUND_ROW, *self._known]] = scores
        return placed

    def _fit_probe(self, support: EncodedSupport, reporter: Reporter) -> tuple[int, bool]:
        """Marked pixels, and whether the probe could learn from them."""
        marks = [mark for shot in support.shots for mark in shot.marks if mark.mask.any()]
        if len({mark.row for mark in marks}) < 2:
            return 0, False
        self._probe.fit(support, reporter)
        return sum(int(mark.mask.sum()) for mark in marks), True


def class_words(support: EncodedSupport) -> list[str]:
    """One word per class: its prompt, else its name."""
    prompts: Sequence[str | None] = support.prompts or (None,) * (support.row_count - 1)
    names = support.row_names[1:]
    return [prompt or name for prompt, name in zip(prompts, names, strict=True)]


def joined(text: Tensor, marked: Tensor, *, weight: float) -> Tensor:
    """text and marked (B, K, h, w) logits on one grid -> log probabilities, as stated above."""
    seen = marked.amax(dim=(0, 2, 3)) > SEEN  # (K,)
    text = text.log_softmax(dim=1)
    inside = text[:, seen]
    share = inside.logsumexp(dim=1, keepdim=True)  # log p_text(S)
    has_word = inside.amax(dim=(0, 2, 3)) > SEEN  # else a marked row without a word
    best = (inside - share).amax(dim=1, keepdim=True)  # speaks neither for such a row nor against
    said = torch.where(has_word[None, :, None, None], inside - share, best)
    mixed = (1 - weight) * marked[:, seen].log_softmax(dim=1) + weight * said
    answer = text.clone()
    answer[:, seen] = mixed.log_softmax(dim=1) + share
    return answer


def _nothing(read: Sequence[ReadWord]) -> str:
    remarks = [one.remark for one in read if one.remark]
    return remarks[0] if remarks else "No class has a name yet; name one or write a prompt."
