"""Promises of the evaluation bench: sets, splits, episodes, outcomes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import EngineError, UnknownName
from engines.evaluation.bench import HEADER, Wish, evaluate
from engines.evaluation.effort import STROKES_PER_IMAGE, Sitting, measure_effort
from engines.evaluation.effort_sets import effort_sets
from engines.evaluation.episodes import EpisodeTask, coco20i, episodes
from engines.evaluation.image_sets import first_or_drawn, folder_set, image_set
from engines.evaluation.names import COCO_IDS, COCO_NAMES, VOC_NAMES
from engines.evaluation.parts import folder_task, part_tasks
from engines.evaluation.scribbled import grabcut50, measure_scribbled
from engines.evaluation.support_cues import Draw
from engines.exchange import ArrayImage, RowMap, SupportSet
from engines.metrics import Confusion, EpisodeScores
from engines.reporting import SilentReporter

QUIET = SilentReporter()


def write_pair(folder: Path, stem: str, seed: int, *, value: int = 1) -> None:
    """A bright square on a dark ground, and its mask."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    mask = np.zeros((64, 80), np.uint8)
    y, x = (int(k) for k in draw.integers(8, 30, 2))
    mask[y : y + 24, x : x + 24] = value
    pixels = np.where(mask[..., None] > 0, (210, 160, 60), (30, 50, 80)) + draw.normal(
        0, 5, (64, 80, 3)
    )
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{stem}.png")
    Image.fromarray(mask).save(folder / "masks" / f"{stem}.png")


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    for number in range(8):
        write_pair(tmp_path / "set", f"{number:02d}", number)
    return tmp_path / "set"


def test_any_folder_is_measured_and_told_as_json_and_markdown(squares: Path) -> None:
    outcome = evaluate(Wish("folder", squares, shots=2, seeds=2, size_px=96), QUIET)
    told = json.loads(json.dumps(outcome.as_json()))
    assert told["weighted_iou"] > 85
    assert {"mean_iou", "fb_iou", "protocol", "machine", "pretraining"} <= told.keys()
    assert len(told["per_seed"]) == 2
    assert "mean_iou" in told["spread"]
    assert outcome.markdown().count("|") == HEADER.splitlines()[0].count("|")


@pytest.mark.parametrize("support", ["scribble", "box"])
def test_weak_cues_are_measured_and_their_cover_told(squares: Path, support: str) -> None:
    wish = Wish("folder", squares, shots=3, support=support, size_px=96)  # type: ignore[arg-type]
    outcome = evaluate(wish, QUIET)
    assert outcome.support.startswith(support)
    assert 0 < float(str(outcome.per_seed[0]["coverage"])) < 60


def test_unknown_tasks_and_poor_folders_are_refused(tmp_path: Path, squares: Path) -> None:
    with pytest.raises(UnknownName, match="coco_mval"):
        evaluate(Wish("nonsense", squares), QUIET)
    with pytest.raises(EngineError, match="images"):
        evaluate(Wish("folder", tmp_path), QUIET)
    with pytest.raises(EngineError, match="9 images"):
        evaluate(Wish("folder", squares, shots=9), QUIET)


def test_support_and_test_images_never_meet(squares: Path) -> None:
    task, found = folder_task(squares), folder_set(squares)
    assert not set(found.stems[: task.pool]) & set(found.stems[-task.test :])
    assert part_tasks()["faces"].pool == 100


def test_seed_zero_is_the_first_ones_and_others_are_drawn() -> None:
    pool = tuple("abcdefghij")
    assert first_or_drawn(pool, 3, 0) == ("a", "b", "c")
    assert first_or_drawn(pool, 3, 1) == first_or_drawn(pool, 3, 1)
    assert first_or_drawn(pool, 3, 1) != first_or_drawn(pool, 3, 2)


def test_values_nobody_names_are_unsaid(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", 0, value=7)
    found = image_set(tmp_path, {"one": (3,)})
    assert set(np.unique(found.truth("a"))) == {0, 255}


def coco_like(tmp_path: Path) -> EpisodeTask:
    for number in range(6):
        write_pair(tmp_path / "coco_mini", f"{number:012d}", number, value=1 + number % 2)
    return coco20i(tmp_path)


def test_episodes_are_the_same_for_everybody_and_never_ask_what_they_taught(
    tmp_path: Path,
) -> None:
    task = coco_like(tmp_path)
    one, two = (list(episodes(task, 0, Draw(2, 4, 9))) for _ in range(2))
    assert one == two
    assert len(one) == 9
    assert all(episode.query not in episode.support for episode in one)
    assert all(len(set(episode.support)) == 2 for episode in one)


def test_partial_data_is_told(tmp_path: Path) -> None:
    assert "6 of 40,137" in coco_like(tmp_path).partial


def test_episodes_are_measured_over_all_folds_that_have_images(tmp_path: Path) -> None:
    coco_like(tmp_path)
    outcome = evaluate(Wish("coco20i", tmp_path, method="panet", episodes=4, size_px=96), QUIET)
    assert outcome.weighted_iou is None
    assert outcome.mean_iou > 30
    assert outcome.notes


def test_names_and_ids_are_those_of_the_sets() -> None:
    assert len(COCO_NAMES) == len(COCO_IDS) == 80
    assert (COCO_IDS[0], COCO_IDS[-1]) == (1, 90)
    assert dict(zip(COCO_NAMES, COCO_IDS, strict=True))["toothbrush"] == 90
    assert len(VOC_NAMES) == 20


def test_scribbles_of_people_are_answered_image_by_image(tmp_path: Path) -> None:
    from engines.evaluation.bench import open_session

    folder = tmp_path / "grabcut50"
    write_pair(folder, "a", 3, value=255)
    truth = np.asarray(Image.open(folder / "masks" / "a.png"))
    drawn = np.zeros_like(truth)
    y, x = np.argwhere(truth == 255).mean(0).astype(int)
    drawn[y, x - 3 : x + 3] = 1
    drawn[2:4, 2:60] = 2
    (folder / "scribbles1").mkdir()
    Image.fromarray(drawn).save(folder / "scribbles1" / "a.png")
    session = open_session(Wish("grabcut50", tmp_path), 96, None)
    figures = measure_scribbled(session, grabcut50(tmp_path), "scribbles1", QUIET)
    assert figures.per_class["object"] > 80


class _Oracle:
    """Knows everything once marks were made on two images, nothing before."""

    title = "oracle"

    def __init__(self, folder: Path) -> None:
        self._truth = {}
        found = folder_set(folder)
        for stem in found.stems:
            self._truth[found.image(stem).digest] = found.truth(stem)
        self._images = 0

    def learn(self, support: SupportSet) -> None:
        self._images = len(support.shots)

    def answer(self, image: ArrayImage) -> RowMap:
        truth = self._truth[image.digest]
        return truth if self._images >= 2 else np.zeros_like(truth)


def test_effort_counts_strokes_until_the_target(squares: Path) -> None:
    found = folder_set(squares)
    sitting = Sitting(found.stems[:4], found.stems[-3:], 20)
    done = measure_effort(_Oracle(squares), found, sitting, QUIET)
    assert done.reached[90] is not None
    assert done.reached[90][0] == 2 + STROKES_PER_IMAGE + 1  # both rows, one image, and one more
    assert done.curve[-1] == pytest.approx(100)
    assert done.curve[0] < 70


def test_effort_sets_have_names_and_sizes() -> None:
    assert len(effort_sets()) >= 6


def test_metrics_agree_with_counting_pixel_by_pixel() -> None:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, (40, 50)).astype(np.uint8)
    guess = np.where(draw.random((40, 50)) < 0.6, truth, draw.integers(0, 4, (40, 50)))
    truth[draw.random((40, 50)) < 0.1] = 255
    confusion = Confusion(4)
    confusion.add(truth, guess.astype(np.uint8))
    said = truth != 255
    ious, shares = [], []
    for row in range(4):
        both = sum(
            bool(t == row and g == row) for t, g in zip(truth[said], guess[said], strict=True)
        )
        either = sum(
            bool(t == row or g == row) for t, g in zip(truth[said], guess[said], strict=True)
        )
        ious.append(both / either)
        shares.append(float((truth[said] == row).mean()))
    assert confusion.mean_iou() == pytest.approx(np.mean(ious))
    assert confusion.weighted_iou() == pytest.approx(np.dot(ious, shares))
    front = (truth > 0) & said, (guess > 0) & said
    back = (truth == 0) & said, (guess == 0) & said
    pairs = [(a & b).sum() / (a | b).sum() for a, b in (front, back)]
    assert confusion.foreground_background_iou() == pytest.approx(np.mean(pairs))
    scores = EpisodeScores()
    scores.add(1, truth, (guess > 0).astype(np.uint8))
    assert scores.fb_iou() == pytest.approx(np.mean(pairs))
