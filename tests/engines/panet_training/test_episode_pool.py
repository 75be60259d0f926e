"""Promises of the pool: what is held out stays out, by class and by photograph."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.errors import EngineError
from engines.evaluation.names import COCO_NAMES
from engines.panet_training.episodes import EpisodeSize, draw_episode
from engines.panet_training.pool import FOLDS, EpisodePool, ViewSize, episode_pool, photograph
from engines.panet_training.scenes import rows_of_episode

SIZE = ViewSize(192)


@pytest.mark.parametrize("fold", range(FOLDS))
def test_no_class_and_no_photograph_of_the_fold_is_in_the_pool(data: Path, fold: int) -> None:
    pool = episode_pool(data, fold=fold)
    held = [index for index in range(80) if index % FOLDS == fold]
    assert not {COCO_NAMES[index] for index in held} & set(pool.names)
    tested = {
        photograph(file.stem)
        for file in (data / "coco_mval" / "images").iterdir()
        if COCO_NAMES.index(file.stem.rsplit("_", 1)[0].rstrip("0123456789")) in held
    }
    assert tested
    assert not tested & {picture.photograph for picture in pool.pictures}


def test_a_held_out_class_is_background_in_a_full_label_map(data: Path) -> None:
    def rows(fold: int | None) -> set[int]:
        pool = episode_pool(data, fold=fold)
        picture = next(p for p in pool.pictures if p.stem == f"{900:012d}")  # person and bicycle
        return {int(row) for row in np.unique(picture.truth(SIZE))}

    assert rows(None) == {0, 1, 2}
    assert rows(0) == {0, 1}
    assert rows(1) == {0, 1}


def test_an_instance_has_the_row_of_its_class(pool: EpisodePool) -> None:
    for picture in pool.pictures:
        if picture.only is not None:
            found = {int(row) for row in np.unique(picture.truth(SIZE))}
            assert found == {0, picture.only}
            assert picture.stem.startswith(pool.names[picture.only - 1])


def test_a_plain_folder_is_a_pool_too_and_pictures_of_held_out_classes_stay_away(
    tmp_path: Path,
) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for number in range(8):
        Image.new("RGB", (40, 40)).save(tmp_path / "images" / f"{number}.png")
        rows = np.zeros((40, 40), np.uint8)
        rows[5:35, 5:35] = 7 if number < 4 else 9
        Image.fromarray(rows).save(tmp_path / "masks" / f"{number}.png")
    assert episode_pool(tmp_path, fold=None).names == ("value 7", "value 9")
    held = episode_pool(tmp_path, fold=0)
    assert held.names == ("value 9",)
    assert {picture.stem for picture in held.pictures} == {"4", "5", "6", "7"}


@pytest.mark.parametrize("size", [EpisodeSize(1, 1), EpisodeSize(2, 1), EpisodeSize(2, 2)])
def test_episodes_never_show_a_photograph_twice_and_come_again_alike(
    pool: EpisodePool, size: EpisodeSize
) -> None:
    for number in range(20):
        one = draw_episode(pool, size, seed=4, number=number)
        seen = [pool.pictures[view.picture].photograph for view in one.views]
        assert len(seen) == size.ways * size.shots + 1 == len(set(seen))
        for row, shots in zip(one.rows, one.support, strict=True):
            assert all(row in pool.pictures[view.picture].rows for view in shots)
        assert set(one.rows) & set(pool.pictures[one.query.picture].rows)
        assert one == draw_episode(pool, size, seed=4, number=number)
    different = [draw_episode(pool, size, seed=4, number=n) for n in range(20)]
    assert len(set(different)) > 10
    assert {view.flipped for one in different for view in one.views} == {False, True}


def test_too_few_classes_are_told(pool: EpisodePool) -> None:
    with pytest.raises(EngineError, match="9 classes with 2 photographs each are needed"):
        draw_episode(pool, EpisodeSize(9, 1), seed=0, number=0)


def test_a_fold_that_does_not_exist_is_told(data: Path) -> None:
    with pytest.raises(EngineError, match="no fold 4"):
        episode_pool(data, fold=4)


def test_rows_of_an_episode_are_its_classes_in_their_order() -> None:
    rows = np.array([[0, 3, 5, 255, 9]], np.uint8)
    assert rows_of_episode(rows, (5, 3)).tolist() == [[0, 2, 1, 255, 0]]
