"""How fast a thousand one-megapixel images become a proven COCO dataset, and in how much memory.

    python benchmarks/export_thousand.py [--images 1000] [--side 1000] [--copy]

The naive way, timed in the same run, encodes a Fortran-ordered full frame for every class.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools import mask as coco_mask
from scipy import ndimage

from annotator.export.dataset import Category, Dataset, ExportImage
from annotator.export.exporter import ExportOptions, export_dataset
from annotator.export.rle import encode_regions

BASES = 10
CLASSES = 4
COLOURS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (204, 121, 167))

Array = npt.NDArray[np.uint8]


def bases(side: int) -> list[tuple[Array, Array]]:
    """Ten pictures (side, side, 3) with grain as photographs have, and labels of soft blobs."""
    made = []
    for seed in range(BASES):
        rng = np.random.default_rng(seed)
        small = rng.standard_normal((4, side // 8, side // 8)).astype(np.float32)
        fields = [ndimage.zoom(ndimage.gaussian_filter(f, 6), 8, order=1) for f in small]
        fields = [np.resize(f / f.std(), (side, side)) for f in fields]
        light = np.stack([110 + 45 * fields[0] + 20 * f for f in fields[1:]], axis=-1)
        grain = rng.normal(0, 4, (side, side, 3))
        labels = np.digitize(fields[1], (0.6, 1.0, 1.5, 2.0)).astype(np.uint8)
        made.append((np.clip(light + grain, 0, 255).astype(np.uint8), labels))
    return made


def images(count: int, made: list[tuple[Array, Array]], sources: list[Path]) -> list[ExportImage]:
    """Variations of the bases: each image is a base rolled by its own amount."""

    def rolled(index: int, part: int) -> Callable[[], Array]:
        shift = 37 * (index // BASES) if not sources else 0
        return lambda: np.roll(made[index % BASES][part], shift, axis=1)

    size = made[0][1].shape
    return [
        ExportImage(
            f"{index // 100:02d}/photo_{index:05d}.jpg",
            (size[0], size[1]),
            rolled(index, 0),
            rolled(index, 1),
            sources[index % BASES] if sources else None,
        )
        for index in range(count)
    ]


def naive_seconds(all_images: list[ExportImage]) -> float:
    """Only the encoding, as it is usually written."""
    spent = 0.0
    for image in all_images:
        labels = image.read_classes()
        start = time.perf_counter()
        for number in np.unique(labels[labels > 0]):
            packed = coco_mask.encode(np.asfortranarray((labels == number).astype(np.uint8)))
            coco_mask.area(packed), coco_mask.toBbox(packed)
        spent += time.perf_counter() - start
    return spent


def our_seconds(all_images: list[ExportImage]) -> float:
    """Only the encoding, as the export does it."""
    spent = 0.0
    for image in all_images:
        labels = image.read_classes()
        start = time.perf_counter()
        encode_regions(labels)
        spent += time.perf_counter() - start
    return spent


def peak_mib() -> float:
    """Peak resident memory of this process; the unit differs between systems."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    """Make, export, print."""
    parser = argparse.ArgumentParser(description="Time the export of a synthetic dataset.")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--format", default="coco", choices=("coco", "coco-polygons", "masks"))
    parser.add_argument("--copy", action="store_true", help="sources are JPEG files to be copied")
    wish = parser.parse_args()
    made = bases(wish.side)
    folder = Path(tempfile.mkdtemp(prefix="export-thousand-"))
    sources = [folder / f"base{k}.jpg" for k in range(BASES)] if wish.copy else []
    for source, (pixels, _) in zip(sources, made, strict=False):
        Image.fromarray(pixels).save(source, quality=92)
    some = images(wish.images, made, sources)
    categories = tuple(Category(k + 1, f"class {k + 1}", COLOURS[k]) for k in range(CLASSES))
    before = peak_mib()
    start = time.perf_counter()
    moments: list[tuple[float, float]] = []
    result = export_dataset(
        Dataset("A thousand", categories, some),
        folder / "out",
        ExportOptions(format=wish.format),
        report=lambda fraction, _: moments.append((fraction, time.perf_counter() - start)),
    )
    total = time.perf_counter() - start
    written = next(at for fraction, at in moments if fraction >= 0.7)
    size = sum(path.stat().st_size for path in (folder / "out").rglob("*") if path.is_file())
    print(f"{result.images} images, {result.annotations} annotations, {size / 1e6:.0f} MB")
    print(f"export with proof  {total:8.1f} s   {result.images / total:6.1f} images/s")
    print(f"  writing          {written:8.1f} s   {result.images / written:6.1f} images/s")
    print(f"peak memory        {peak_mib():8.0f} MiB (before the export {before:.0f} MiB)")
    ours, naive = our_seconds(some), naive_seconds(some)
    print(f"encoding, ours     {ours:8.2f} s   {1e3 * ours / len(some):6.2f} ms/image")
    print(f"encoding, naive    {naive:8.2f} s   {naive / ours:6.1f} times ours")
    print(f"all {result.report.passed} checks passed: {result.report.ok}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
