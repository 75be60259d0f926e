"""What the tests of PANet's training share; its folder is on the path, and with it `panet_data`."""

from pathlib import Path

import pytest
from panet_data import coco_folder

from engines.panet_training.pool import EpisodePool, episode_pool


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return coco_folder(tmp_path / "data")


@pytest.fixture
def pool(data: Path) -> EpisodePool:
    return episode_pool(data, fold=None)
