"""What an export says about itself: report.json, the counts behind it, and README.txt."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from annotator.export.dataset import IGNORE, Category, Counts, Dataset
from annotator.export.findings import ValidationReport
from annotator.export.staging import MARKER, REPORT_NAME

REPORT_VERSION = 1
README_NAME = "README.txt"

FORMAT_LINES = {
    "coco": "COCO instances with lossless run-length masks. Reads with pycocotools.COCO.",
    "coco-polygons": (
        "COCO instances with polygons on pixel borders. Rasterised by pycocotools they give back\n"
        "every pixel; regions with holes are cut into several polygons, so no hole is filled."
    ),
    "masks": "8-bit palette PNGs in masks/, one for each image, values as in classes.json.",
}


@dataclass(slots=True)
class Tally:
    """Counts that grow while images stream past. Keys and indices are category numbers."""

    pixels: Counts = field(default_factory=lambda: np.zeros(256, np.int64))
    images_with: Counter[int] = field(default_factory=Counter)
    annotations: Counter[int] = field(default_factory=Counter)
    images: int = 0
    copied: int = 0
    ignore_masks: int = 0

    def add(self, counts: Counts, annotations: dict[int, int]) -> frozenset[int]:
        """Take one image; the numbers of the categories in it."""
        present = frozenset(int(n) for n in np.flatnonzero(counts) if n not in (0, IGNORE))
        self.pixels += counts
        self.images += 1
        self.images_with.update(present)
        self.annotations.update(annotations)
        return present

    def share(self, number: int) -> float:
        """The part of all pixels that one category has, 0 to 1."""
        total = int(self.pixels.sum())
        return int(self.pixels[number]) / total if total else 0.0


def program_version() -> str:
    """The version of this program, or ``unknown`` when it runs without being installed."""
    try:
        return version("annotator")
    except PackageNotFoundError:
        return "unknown"


def write_report(
    folder: Path,
    *,
    dataset: Dataset,
    options: dict[str, Any],
    tally: Tally,
    splits: dict[str, int],
    validation: ValidationReport,
) -> None:
    """Write ``report.json``, which also marks the folder as an export that may be replaced."""
    content = {
        MARKER: REPORT_VERSION,
        "program": "annotator",
        "version": program_version(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": dataset.title,
        "options": options,
        "counts": _counts(tally, splits),
        "classes": [_class_row(k, c, tally) for k, c in enumerate(dataset.categories, start=1)],
        "validation": validation.as_json(),
    }
    text = json.dumps(content, indent=2, allow_nan=False)
    (folder / REPORT_NAME).write_text(text + "\n", "ascii")


def write_readme(folder: Path, kind: str, splits: dict[str, int], tally: Tally) -> None:
    """A few lines for whoever opens the folder without the program."""
    names = ", ".join(f"{name} {count}" for name, count in splits.items())
    lines = [
        FORMAT_LINES[kind],
        "",
        f"Images in images/ ({names}); file names are relative to that folder.",
        "Category ids are 1..N in the order of the project; annotator_class_id is the stable id.",
        "Orientation is baked into the pixels; no file carries an EXIF orientation other than 1.",
        "0 is background. Ignored pixels belong to no annotation"
        + ("; they are 255 in masks/." if kind == "masks" else "."),
    ]
    if tally.ignore_masks:
        lines.append("ignore/ holds 255 where pixels are ignored, for the images that have any.")
    lines += [
        "report.json tells what was counted and checked; contact_sheet.png shows a part of it."
    ]
    (folder / README_NAME).write_text("\n".join(lines) + "\n", "utf-8")


def _counts(tally: Tally, splits: dict[str, int]) -> dict[str, Any]:
    return {
        "images": tally.images,
        "images_by_split": splits,
        "images_copied": tally.copied,
        "annotations": sum(tally.annotations.values()),
        "background_pixels": int(tally.pixels[0]),
        "ignored_pixels": int(tally.pixels[IGNORE]),
    }


def _class_row(number: int, category: Category, tally: Tally) -> dict[str, Any]:
    return {
        "id": number,
        "name": category.name,
        "annotator_class_id": category.class_id,
        "pixels": int(tally.pixels[number]),
        "pixel_share": round(tally.share(number), 6),
        "images": tally.images_with[number],
        "annotations": tally.annotations[number],
    }
