"""Guards around every test: its own settings and models folder, and no screen."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, so that a red suite means a change and not the day's luck.
# HYPOTHESIS_PROFILE=explore looks further, with new examples each time.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", max_examples=2000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def _own_models_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path_factory.getbasetemp() / "models"))


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Six small pictures: a bright disc on a dark, noisy ground, each at another place."""
    import numpy as np
    from PIL import Image

    folder = tmp_path / "photographs"
    folder.mkdir()
    rows, columns = np.mgrid[:96, :128]
    for k in range(6):
        disc = (columns - 30 - 12 * k) ** 2 + (rows - 40 - 4 * k) ** 2 < 20**2
        noise = np.random.default_rng(k).normal(0, 6, (96, 128, 3))
        colour = np.where(disc[..., None], (200, 120, 40), (40, 60, 90))
        pixels = np.clip(colour + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"disc_{k}.png")
    return folder
