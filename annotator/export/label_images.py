"""Label images: 8-bit palette PNGs of category numbers, and the tables that name them."""

import csv
import json
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
from PIL import Image

from annotator.export.dataset import BACKGROUND, IGNORE, Category, Labels
from annotator.export.photos import png_bytes

IGNORE_COLOUR = (224, 224, 224)
LABEL_PNG_LEVEL = 6  # flat areas compress well, and quickly


def palette(categories: Sequence[Category]) -> bytes:
    """768 bytes: the colour of every category number, black background, pale ignore."""
    colours = np.zeros((256, 3), np.uint8)
    for number, category in enumerate(categories, start=1):
        colours[number] = category.colour
    colours[IGNORE] = IGNORE_COLOUR
    return colours.tobytes()


def write_label_image(category_map: Labels, path: Path, colours: bytes) -> None:
    """Write (H, W) category numbers as a palette PNG: the pixel values are the numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(category_map)
    picture.putpalette(colours)
    sink = BytesIO()
    picture.save(sink, "PNG", compress_level=LABEL_PNG_LEVEL)
    path.write_bytes(sink.getvalue())


def write_ignore_mask(category_map: Labels, path: Path) -> bool:
    """Write 255 where pixels are ignored and 0 elsewhere; False, and no file, if none is."""
    ignored = category_map == IGNORE
    if not ignored.any():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(ignored.astype(np.uint8) * np.uint8(255)))
    return True


def write_class_tables(categories: Sequence[Category], folder: Path) -> None:
    """``classes.json`` and ``classes.csv``: pixel value, name, colour, the project's stable id."""
    rows = [
        {
            "id": number,
            "name": category.name,
            "colour": list(category.colour),
            "annotator_class_id": category.class_id,
        }
        for number, category in enumerate(categories, start=1)
    ]
    content = {"background": BACKGROUND, "ignore": IGNORE, "classes": rows}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / "classes.json").write_text(text + "\n", "utf-8")
    (folder / "classes.csv").write_text(_csv(categories), "utf-8", newline="")


def _csv(categories: Sequence[Category]) -> str:
    sink = StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow(("id", "name", "red", "green", "blue", "annotator_class_id"))
    for number, category in enumerate(categories, start=1):
        writer.writerow((number, category.name, *category.colour, category.class_id))
    return sink.getvalue()
