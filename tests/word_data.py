"""Text vectors and labelled pictures to train a small vocabulary on, and one for the filters."""

import json
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch.nn import functional as F  # noqa: N812

from engines.backbones.filter_card import FILTERS_CARD
from engines.evaluation.names import COCO_NAMES
from engines.vocabulary.model import Vocabulary
from engines.vocabulary.projection import WordProjection, input_channels
from engines.vocabulary.shelf import store_vocabulary
from engines.vocabulary.words import WordList


def put_texts(folder: Path, dimension: int = 24) -> Path:
    """``clip_rn50_text`` with random vectors: COCO's names, three more, and a synonym of apple."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = torch.Generator().manual_seed(3)
    names = {"coco": list(COCO_NAMES), "voc": ["aeroplane"], "lvis": ["almond", "red_apple"],
             "paco": ["trash_can"], "pascal_part": ["cat:ear"]}  # fmt: skip
    vectors = {
        part: F.normalize(1 + torch.randn(len(own), dimension, generator=draw), dim=1)
        for part, own in names.items()
    }
    vectors["lvis"][1] = vectors["coco"][COCO_NAMES.index("apple")]
    vectors["voc"][0] = vectors["coco"][COCO_NAMES.index("airplane")]
    (folder / "clip_rn50_text.names.json").write_text(json.dumps(names))
    safetensors.torch.save_file(vectors, folder / "clip_rn50_text.safetensors")
    return folder


def put_pictures(folder: Path, count: int = 12) -> Path:
    """``coco_mini``: a red apple (53) or a blue airplane (5) on grey noise, one or the other."""
    for kind in ("images", "masks"):
        (folder / "coco_mini" / kind).mkdir(parents=True)
    draw = np.random.default_rng(0)
    y, x = np.mgrid[:96, :128]
    for number in range(count):
        colour, value = (((220, 40, 40), 53), ((40, 60, 220), 5))[number % 2]
        rows = ((y - 48) ** 2 + (x - draw.integers(45, 80)) ** 2) < 34**2
        pixels = draw.integers(90, 140, (96, 128, 3)).astype(np.uint8)
        pixels[rows] = colour
        stem = f"coco_{number:06d}.png"
        Image.fromarray(pixels).save(folder / "coco_mini" / "images" / stem)
        mask = Image.fromarray(rows.astype(np.uint8) * np.uint8(value))
        mask.save(folder / "coco_mini" / "masks" / stem)
    return folder


def put_disc_words(folder: Path) -> None:
    """A vocabulary for the backbone `filters` whose only word is "disc"; it finds whatever."""
    torch.manual_seed(0)
    projection = WordProjection(input_channels(FILTERS_CARD.maps), 4, 3)
    words = Vocabulary(
        WordList(("disc",)), torch.eye(3)[:1], torch.ones(1, dtype=torch.uint8), torch.eye(3)[1:],
        projection, 10.0, 0.0, torch.zeros(1),
    )  # fmt: skip
    store_vocabulary(words, FILTERS_CARD, folder, name="words", origin="toy", source="test")
