"""A folder with drawn scenes under COCO's names, laid out as the trainer wants it, and weights."""

from pathlib import Path

import numpy as np
from fewshot_toys import ToyBackbone, scene
from PIL import Image

from engines.backbones.networks import build_network
from engines.device import Device, choose_device
from engines.evaluation.names import COCO_IDS, COCO_NAMES
from engines.panet_training.learner import FrozenLevels, trunk_tensors
from engines.panet_training.plan import PanetPlan
from engines.panet_training.pool import EpisodePool
from engines.panet_training.run import train_on_levels
from engines.panet_training.trainer import PanetTrainer
from engines.weights import WeightsCard, store_weights

DEVICE: Device = choose_device("cpu", precision="float32")
PLAN = PanetPlan("toy", episodes=12, batch=2, size_px=192, ways=1, width=16, rate=0.1, seed=3)


def coco_folder(folder: Path, *, classes: tuple[int, ...] = (0, 1, 2, 3, 5), each: int = 3) -> Path:
    """``coco_mval`` with ``each`` instances per class and ``coco_mini`` with two classes a map.

    Classes at even places are discs, those at odd places squares. The first instance of every
    class shares its photograph with the first of a neighbour.
    """
    for part in ("coco_mini", "coco_mval"):
        for kind in ("images", "masks"):
            (folder / part / kind).mkdir(parents=True)
    for place, index in enumerate(classes):
        for number in range(each):
            photograph = 100 * place + number if number else 100 * (place - place % 2)
            stem = f"{COCO_NAMES[index].replace(' ', '_')}{number:02d}_{photograph:012d}"
            _put(folder / "coco_mval", stem, photograph, (0, 255) if place % 2 else (255, 0))
    for number in range(4):
        pair = [COCO_IDS[classes[(number + step) % len(classes)]] for step in (0, 1)]
        disc, square = reversed(pair) if number % 2 else pair
        _put(folder / "coco_mini", f"{900 + number:012d}", 900 + number, (disc, square))
    return folder


def _put(folder: Path, stem: str, seed: int, values: tuple[int, int]) -> None:
    image, rows = scene(seed)
    Image.fromarray(image.array).save(folder / "images" / f"{stem}.png")
    masks = np.array([0, *values], np.uint8)[rows]
    Image.fromarray(masks).save(folder / "masks" / f"{stem}.png")


def trainer(pool: EpisodePool, folder: Path, plan: PanetPlan = PLAN) -> PanetTrainer:
    return train_on_levels(plan, pool, FrozenLevels(ToyBackbone(), DEVICE), DEVICE, folder)


def put_weights(
    shelf: Path, name: str, network: str, *, stages: tuple[str, ...], style: str = "imagenet"
) -> WeightsCard:
    """Random weights of a real network."""
    card = WeightsCard(name, network, stages, style, "random", "", "drawn", "float16", "2026-01-01")
    tensors = trunk_tensors(build_network(network, None, stage_count=len(stages), seed=5), card)
    return store_weights({key: one.half() for key, one in tensors.items()}, card, shelf)


__all__ = ["DEVICE", "PLAN", "coco_folder", "put_weights", "trainer"]
