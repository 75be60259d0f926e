"""Promises of the method `text`: words answer without marks, marks join them by the formula."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, accuracy, encoded, encoded_shot, masks, scene, strokes
from vocabulary_toys import features, toy_vocabulary

from engines.device import choose_device
from engines.errors import EngineError, UnusableSupport
from engines.exchange import Mark, MarkKind, Query, Shot, SupportSet
from engines.fewshot.catalog import open_method
from engines.fewshot.method import UNSEEN_LOGIT
from engines.fewshot.probe import Probe
from engines.fewshot.text_prior import PRIOR_PIXELS, TextPrior, class_words, joined
from engines.reporting import SilentReporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession
from engines.vocabulary.shelf import store_vocabulary
from engines.vocabulary.space import ClosedWords

BACKBONE = ToyBackbone()
QUIET = SilentReporter()


def method() -> TextPrior:
    return TextPrior(lambda: ClosedWords(toy_vocabulary(BACKBONE)), Probe(BACKBONE.card))


def test_words_alone_answer_without_any_shot() -> None:
    text = method()
    text.fit(encoded(), QUIET)
    image, rows = scene(5)
    logits = text.logits(features(BACKBONE, image))  # type: ignore[arg-type]
    assert accuracy(logits, rows) > 0.93
    assert text.remarks == ()


def test_a_prompt_goes_before_the_name() -> None:
    support = replace(encoded(names=("background", "round thing", "b")), prompts=("disc", None))
    assert class_words(support) == ["disc", "b"]
    assert class_words(encoded()) == ["disc", "square"]


def test_an_unknown_word_leaves_a_remark_and_its_row_unanswered() -> None:
    text = method()
    text.fit(replace(encoded(), prompts=("disc", "xyzzy")), QUIET)
    logits = text.logits(features(BACKBONE, scene(5)[0]))  # type: ignore[arg-type]
    assert "xyzzy" in text.remarks[0]
    assert float(logits[:, 2].max()) == UNSEEN_LOGIT


def test_no_known_word_and_no_marks_is_refused_with_the_way_out() -> None:
    support = replace(encoded(), prompts=("xyzzy", "plugh"))
    with pytest.raises(UnusableSupport, match=r"'xyzzy'.*annotator models fetch"):
        method().fit(support, QUIET)
    with pytest.raises(UnusableSupport, match="Nothing has been learned"):
        method().logits(features(BACKBONE, scene(5)[0]))  # type: ignore[arg-type]


def test_marks_alone_answer_where_no_word_is_known() -> None:
    text = method()
    image, rows = scene(6)
    shot = encoded_shot(BACKBONE, image, masks(rows))
    text.fit(replace(encoded(shot), prompts=("xyzzy", "plugh")), QUIET)
    assert accuracy(text.logits(features(BACKBONE, image)), rows) > 0.93  # type: ignore[arg-type]


def test_many_marks_overrule_the_words_and_few_do_not() -> None:
    """The person calls the disc "square" and the square "disc"; the words know better at first."""
    image, rows = scene(7)
    swapped = np.choose(rows, (0, 2, 1)).astype(np.uint8)
    for marks, truth in ((masks(swapped), swapped), (tiny(swapped), rows)):
        text = method()
        text.fit(encoded(encoded_shot(BACKBONE, image, marks)), QUIET)
        assert accuracy(text.logits(features(BACKBONE, image)), truth) > 0.9  # type: ignore[arg-type]


def tiny(rows: np.ndarray) -> tuple[Mark, ...]:
    """Four pixels of every row."""
    marks = []
    for row in (0, 1, 2):
        ys, xs = np.nonzero(rows == row)
        at = len(ys) // 2
        marks.append(Mark(row, (int(xs[at]), int(ys[at])), np.ones((1, 4), bool), MarkKind.STROKE))
    return tuple(marks)


def test_a_class_nobody_marked_is_still_found_by_its_word() -> None:
    image, rows = scene(8)
    text = method()
    text.fit(encoded(encoded_shot(BACKBONE, image, masks(rows, only=(0, 1)))), QUIET)
    other, truth = scene(9)
    logits = text.logits(features(BACKBONE, other))  # type: ignore[arg-type]
    guess = torch.nn.functional.interpolate(logits, size=truth.shape, mode="bilinear")[0].argmax(0)
    square = guess.numpy() == 2
    assert (square & (truth == 2)).sum() / (square | (truth == 2)).sum() > 0.7


def test_joining_follows_its_formula_by_hand() -> None:
    """Rows 0 and 1 are marked, row 2 is not: p(2) stays, 0 and 1 share the rest."""
    text = torch.tensor([0.5, 0.3, 0.2]).log().reshape(1, 3, 1, 1)
    marked = torch.tensor([0.1, 0.9, 0.0]).clamp_min(1e-9).log().reshape(1, 3, 1, 1)
    marked[:, 2] = UNSEEN_LOGIT
    w = 0.25
    raw = np.array([0.1**0.75 * (0.5 / 0.8) ** w, 0.9**0.75 * (0.3 / 0.8) ** w])
    wanted = [*(0.8 * raw / raw.sum()), 0.2]
    got = joined(text, marked, weight=w).exp().flatten().tolist()
    assert got == pytest.approx(wanted, abs=1e-5)


def test_a_marked_row_without_a_word_is_judged_by_marks_alone() -> None:
    text = torch.tensor([0.5, 0.5, 1e-9]).log().reshape(1, 3, 1, 1)
    text[:, 2] = UNSEEN_LOGIT
    marked = torch.tensor([0.2, 0.2, 0.6]).log().reshape(1, 3, 1, 1)
    assert int(joined(text, marked, weight=0.9).argmax(dim=1)) == 2


def test_the_weight_of_words_falls_with_marked_pixels() -> None:
    image, rows = scene(7)
    text = method()
    marks = masks(rows)
    text.fit(encoded(encoded_shot(BACKBONE, image, marks)), QUIET)
    pixels = sum(int(mark.mask.sum()) for mark in marks)
    assert text._weight == pytest.approx(PRIOR_PIXELS / (PRIOR_PIXELS + pixels))


def test_marks_of_one_row_alone_leave_the_answer_to_the_words() -> None:
    image, rows = scene(3)
    text = method()
    text.fit(encoded(encoded_shot(BACKBONE, image, strokes(rows)[1:2])), QUIET)
    assert accuracy(text.logits(features(BACKBONE, image)), rows) > 0.93  # type: ignore[arg-type]


def test_a_session_answers_from_words_and_keeps_marks(tmp_path: Path) -> None:
    store_vocabulary(
        toy_vocabulary(BACKBONE), BACKBONE.card, tmp_path, name="words", origin="", source=""
    )
    session = FewShotSession("text", BACKBONE, device=choose_device("cpu"), models_dir=tmp_path)
    session.set_support(SupportSet((11, 12), ("disc", "fire engin"), ()))
    image, rows = scene(5)
    drawn = Mark(2, (0, 0), np.ones((5, 7), bool))
    answer = row_map(session.predict(Query(image, (drawn,))))
    assert (answer[:5, :7] == 2).all()
    disc = answer == 1
    assert (disc & (rows == 1)).sum() / (disc | (rows == 1)).sum() > 0.8
    assert "'fire engine'" in session.remarks[0]
    session.set_support(SupportSet((11, 12), ("disc", "square"), (Shot(image, masks(rows)),)))
    assert session.remarks == ()
    assert (row_map(session.predict(Query(image))) == rows).mean() > 0.95


def test_images_judge_each_other_with_words_in_play(tmp_path: Path) -> None:
    store_vocabulary(
        toy_vocabulary(BACKBONE), BACKBONE.card, tmp_path, name="words", origin="", source=""
    )
    session = FewShotSession("text", BACKBONE, device=choose_device("cpu"), models_dir=tmp_path)
    shots = tuple(Shot(image, masks(rows)) for image, rows in map(scene, range(3)))
    session.set_support(SupportSet((11, 12), ("a", "b"), shots, ("disc", "square")))
    expected = session.cross_check().expected
    assert expected is not None
    assert expected > 0.7


def test_a_backbone_without_words_is_told_when_something_is_learned(tmp_path: Path) -> None:
    session = FewShotSession("text", BACKBONE, device=choose_device("cpu"), models_dir=tmp_path)
    with pytest.raises(EngineError, match="knows no words"):
        session.set_support(SupportSet((11,), ("disc",), ()))


def test_the_catalogue_opens_it_with_the_words_it_is_given() -> None:
    words = partial(ClosedWords, toy_vocabulary(BACKBONE))
    text = open_method("text", BACKBONE.card, words=words)
    text.fit(encoded(), QUIET)
    assert text.card.needs_text
    assert text.card.shots == (0, None)
