"""How long each backbone takes per image, by precision and number of threads.

    python benchmarks/backbones.py --models FOLDER [--size 512] [--seconds 1.0]

FOLDER holds weights files as their publishers give them; they are imported into a temporary place.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from engines.backbones.backbone import Backbone
from engines.backbones.catalog import open_backbone
from engines.backbones.importing import import_weights
from engines.device import Precision, choose_device, seeded_generator
from engines.errors import EngineError
from engines.weight_files import SAFETENSORS_SUFFIX, TORCH_SUFFIXES

# How the publishers of well-known files prepared images, where it is not the usual way.
PREPROCESSING = {"mobilenet_v2": "tf", "squeezenet1_1": "caffe"}
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def main() -> None:
    """Measure and print one row per backbone."""
    wish = _arguments()
    with tempfile.TemporaryDirectory() as shelf:
        names = ["filters", *_imported(wish.models, Path(shelf))]
        print(f"{wish.size} px, median ms per image; {torch.__version__}")
        columns = [f"{p} x{t}" for p in PRECISIONS for t in wish.threads]
        print(
            f"{'backbone':20}"
            + "".join(f"{column:>14}" for column in columns)
            + f"{'MiB fp16':>12}"
        )
        for name in names:
            times = list(_row(name, wish, Path(shelf)))
            size = _mebibytes(name, wish, Path(shelf))
            print(f"{name:20}" + "".join(f"{one:14.1f}" for one in times) + f"{size:12.1f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, help="folder of weights files to import and measure")
    parser.add_argument("--size", type=int, default=512, help="side of the square image in px")
    parser.add_argument("--seconds", type=float, default=1.0, help="time per figure")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    return parser.parse_args()


def _imported(models: Path | None, shelf: Path) -> Iterator[str]:
    """Names of all files of ``models`` that fit a known network."""
    if models is None:
        return
    for file in sorted(models.iterdir()):
        if file.suffix not in (SAFETENSORS_SUFFIX, *TORCH_SUFFIXES):
            continue
        try:
            style = PREPROCESSING.get(file.stem)
            imported = import_weights(file, preprocessing=style, models_dir=shelf)
        except EngineError as error:
            print(f"left out: {error}")
            continue
        yield imported.card.name


def _row(name: str, wish: argparse.Namespace, shelf: Path) -> Iterator[float]:
    for precision in PRECISIONS:
        for threads in wish.threads:
            torch.set_num_threads(threads)
            device = choose_device("cpu", precision=precision)
            backbone = open_backbone(name, device, shelf)
            yield _milliseconds(backbone, size=wish.size, seconds=wish.seconds)


def _milliseconds(backbone: Backbone, *, size: int, seconds: float) -> float:
    images = torch.rand(1, 3, size, size, generator=seeded_generator(0))
    backbone.encode(images)  # the first call also compiles
    took: list[float] = []
    while len(took) < 3 or sum(took) < seconds:
        start = time.perf_counter()
        backbone.encode(images)
        took.append(time.perf_counter() - start)
    return sorted(took)[len(took) // 2] * 1000


def _mebibytes(name: str, wish: argparse.Namespace, shelf: Path) -> float:
    """What the maps of one image take in float16."""
    backbone = open_backbone(name, choose_device("cpu", precision="float32"), shelf)
    images = torch.zeros(1, 3, wish.size, wish.size)
    return sum(one.numel() * 2 for one in backbone.encode(images).maps) / 2**20


if __name__ == "__main__":
    main()
