"""Promises of training a vocabulary: it learns, resumes exactly, and held-out words stay unseen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from word_data import put_pictures, put_texts

from engines.backbones.catalog import open_backbone
from engines.device import choose_device
from engines.errors import Cancelled, EngineError
from engines.exchange import Query, SupportSet
from engines.reporting import CancelToken, SilentReporter
from engines.row_map import row_map
from engines.sessions.fewshot_session import FewShotSession, SessionOptions
from engines.vocabulary_training.cells import CellReader, all_views, judged_views, read_all
from engines.vocabulary_training.objective import word_loss
from engines.vocabulary_training.offsets import LEAST_SHARE, SHARE, word_offsets
from engines.vocabulary_training.plan import VocabularyPlan
from engines.vocabulary_training.run import Place, train_vocabulary
from engines.vocabulary_training.sources import open_sources, photograph
from engines.vocabulary_training.teaching import UNSAID, Teaching, teaching
from engines.vocabulary_training.text_vectors import narrowed_names, read_names
from engines.vocabulary_training.trainer import Lesson, VocabularyTrainer

DEVICE = choose_device("cpu")
QUIET = SilentReporter()
PLAN = VocabularyPlan(
    "filters", steps=60, batch=128, views=2, cells=32, size_px=128, dimension=16, hidden=32,
    backgrounds=2, negatives=8, forget=0.2, rate=5e-3, seed=5,
)  # fmt: skip


class StopAfter(SilentReporter):
    """Cancels after so many questions."""

    def __init__(self, steps: int) -> None:
        super().__init__(CancelToken())
        self._left = steps

    def raise_if_cancelled(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Cancelled("enough")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("words")
    put_texts(folder / "texts")
    return put_pictures(folder)


def taught(data: Path, held_out: frozenset[str] = frozenset()) -> Teaching:
    known = narrowed_names(read_names(data / "texts"), PLAN.dimension)
    return teaching(known, open_sources(data), held_out)


def lesson(data: Path, folder: Path) -> Lesson:
    sources, what = open_sources(data), taught(data)
    reader = CellReader(sources, what, open_backbone("filters", DEVICE), DEVICE, PLAN)
    return Lesson(read_all(reader, all_views(sources, 2), folder, QUIET), what, "toy")


def class_numbers(what: Teaching, *names: str) -> torch.Tensor:
    return torch.tensor([
        next(n for n, one in enumerate(what.classes) if what.names.index(name) in one.places)
        for name in names
    ])  # fmt: skip


def test_held_out_classes_teach_nothing_and_their_words_are_no_counter_examples(
    data: Path,
) -> None:
    what = taught(data, frozenset({"apple", "red_apple"}))
    places = [what.names.index(name) for name in ("apple", "red_apple")]
    assert UNSAID in what.class_of[0]
    assert not what.own[:, places].any()
    assert not what.strangers[places].any()
    assert what.taught[places].tolist() == [3, 3]
    assert int(what.taught[what.names.index("banana")]) == 1
    assert int(what.taught[what.names.index("almond")]) == 0


def test_words_near_to_the_right_one_are_no_counter_examples(data: Path) -> None:
    what = taught(data)
    apple = class_numbers(what, "apple")[0]
    assert bool(what.alike[apple, what.names.index("red_apple")])
    assert bool(what.rivals[apple, what.names.index("banana")])


def test_the_loss_by_hand(data: Path) -> None:
    """Two cells: an apple and nothing; the columns are apple, banana, a stranger."""
    what = taught(data)
    columns = torch.tensor([what.names.index(name) for name in ("apple", "banana", "almond")])
    classes = torch.cat([class_numbers(what, "apple"), torch.tensor([what.class_of[0][0]])])
    logits = torch.tensor([[2.0, 1.0, 0.5, 0.0], [0.3, 0.1, 0.2, 1.0]])
    terms = [logits[0].exp().sum().log() - 2.0, logits[1].exp().sum().log() - 1.0]
    assert float(word_loss(logits, classes, what, columns)) == pytest.approx(float(sum(terms)) / 2)


def test_cells_bear_the_class_they_lie_on_and_none_of_the_judged_pictures(
    data: Path, tmp_path: Path
) -> None:
    sources, what = open_sources(data), taught(data)
    learned = {view.stem for view in all_views(sources, 2)}
    judged = {view.stem for view in judged_views(sources)}
    assert judged
    assert not learned & judged
    assert learned | judged == set(sources[0].stems)
    cells = lesson(data, tmp_path).cells
    names = {int(n) for n in class_numbers(what, "apple", "airplane")} | {what.class_of[0][0]}
    assert set(cells.classes.tolist()) == names
    again = lesson(data, tmp_path).cells  # from the files
    assert torch.equal(again.inputs, cells.inputs)


def test_pictures_that_are_measured_on_stay_away(data: Path) -> None:
    assert photograph("apple00_000000281693") == photograph("coco_281693")
    folder = data / "coco_mval"
    if not folder.exists():
        for kind in ("images", "masks"):
            (folder / kind).mkdir(parents=True)
            source = data / "coco_mini" / kind / "coco_000003.png"
            (folder / kind / "apple00_000003.png").write_bytes(source.read_bytes())
    stems = open_sources(data)[0].stems
    assert "coco_000003" not in stems
    assert "coco_000004" in stems
    for file in folder.rglob("*.png"):
        file.unlink()
    for kind in ("images", "masks"):
        (folder / kind).rmdir()
    folder.rmdir()


def test_a_stopped_run_ends_where_an_unbroken_one_does(data: Path, tmp_path: Path) -> None:
    what = lesson(data, tmp_path / "cells")
    plan = replace(PLAN, steps=6)
    whole = VocabularyTrainer(plan, what, tmp_path / "whole")
    whole.run(QUIET)
    for steps in (2, 1):
        with pytest.raises(Cancelled):
            VocabularyTrainer(plan, what, tmp_path / "broken").run(StopAfter(steps))
    last = VocabularyTrainer(plan, what, tmp_path / "broken")
    assert last.step == 3
    last.run(QUIET)
    one, other = whole.vocabulary(), last.vocabulary()
    assert torch.equal(one.projection.first.weight, other.projection.first.weight)
    assert torch.equal(one.background, other.background)
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "broken")]
    assert [len(log.splitlines()) for log in logs] == [1, 1]


def test_a_folder_of_another_run_is_refused(data: Path, tmp_path: Path) -> None:
    what = lesson(data, tmp_path / "cells")
    VocabularyTrainer(replace(PLAN, steps=1), what, tmp_path / "run").run(QUIET)
    with pytest.raises(EngineError, match="other settings"):
        VocabularyTrainer(replace(PLAN, steps=2), what, tmp_path / "run")


def test_words_without_pixels_get_the_share_of_cells_they_are_allowed(
    data: Path, tmp_path: Path
) -> None:
    what = lesson(data, tmp_path / "cells")
    trainer = VocabularyTrainer(replace(PLAN, steps=10), what, tmp_path / "run")
    trainer.run(QUIET)
    found = trainer.vocabulary()
    offsets = word_offsets(found, what.cells.inputs)
    almond, apple = found.words.names.index("almond"), found.words.names.index("apple")
    assert float(offsets[apple]) == 0  # it is often called already
    places = found.projection(what.cells.inputs.float()).T[None, :, :, None]
    logits = found.logits(places, found.vectors[[almond]], offsets[[almond]])
    assert float((logits[:, 1] > logits[:, 0]).float().mean()) == pytest.approx(SHARE, abs=0.01)
    shy = replace(found, threshold=30.0)
    raised = word_offsets(shy, what.cells.inputs)
    logits = shy.logits(places, shy.vectors[[apple]], raised[[apple]])
    share = float((logits[:, 1] > logits[:, 0]).float().mean())
    assert share == pytest.approx(LEAST_SHARE, abs=0.01)


def test_a_run_leaves_words_that_find_things_without_marks(data: Path, tmp_path: Path) -> None:
    place = Place(data, data / "texts", tmp_path / "run", "cpu", tmp_path / "shelf")
    done = train_vocabulary(PLAN, place, "toy_words", QUIET)
    assert done.card.base == "filters"
    assert done.words == 85
    assert (tmp_path / "run" / "samples.png").is_file()
    session = FewShotSession(
        "text", "filters", device=DEVICE, models_dir=tmp_path / "shelf",
        options=SessionOptions(size_px=128),
    )  # fmt: skip
    session.set_support(SupportSet((1, 2), ("an apple", "x"), (), ("apple", "airplane")))
    source = open_sources(data)[0]
    scores = []
    for view in judged_views(open_sources(data)) + all_views(open_sources(data), 1)[:3]:
        truth = np.asarray(source.data.truth(view.stem))
        guess = row_map(session.predict(Query(source.data.image(view.stem))))
        row = 1 if 48 in truth else 2  # rows of COCO_NAMES: apple is the 48th, airplane the 5th
        wanted = truth == (48 if row == 1 else 5)
        scores.append(((guess == row) & wanted).sum() / ((guess == row) | wanted).sum())
    assert float(np.mean(scores)) > 0.6
    again = train_vocabulary(PLAN, place, "toy_words", QUIET)  # done already: nothing changes
    assert again.card.digest == done.card.digest


def test_data_without_any_known_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="none of the labelled sets coco_mini"):
        open_sources(tmp_path)


def test_every_word_of_a_class_is_pulled_to_its_pixels(data: Path) -> None:
    """Of two synonyms the worse one gets as much of the gradient as the better one."""
    what = taught(data)
    apple, banana = (what.names.index(name) for name in ("apple", "banana"))
    both = replace(what, own=what.own.clone(), alike=what.alike.clone())
    number = class_numbers(what, "apple")
    for flags in (both.own, both.alike):
        flags[number, what.names.index("almond")] = True  # a second word of that class
    columns = torch.tensor([apple, banana, what.names.index("almond")])
    logits = torch.tensor([[3.0, 1.0, -2.0, 0.0]], requires_grad=True)
    word_loss(logits, number, both, columns).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert float(logits.grad[0, 0]) < 0
    assert float(logits.grad[0, 2]) == pytest.approx(float(logits.grad[0, 0]))
