"""Label images hold the category numbers as pixel values, under a palette people can look at."""

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from annotator.export.dataset import Category
from annotator.export.label_images import (
    palette,
    write_class_tables,
    write_ignore_mask,
    write_label_image,
)

CATEGORIES = (Category(7, "cat, black", (86, 180, 233)), Category(3, "Münze", (230, 159, 0)))


def test_pixel_values_and_colours_survive(tmp_path: Path) -> None:
    labels = np.array([[0, 1, 2], [255, 0, 1]], np.uint8)
    write_label_image(labels, tmp_path / "sub" / "a.png", palette(CATEGORIES))
    with Image.open(tmp_path / "sub" / "a.png") as opened:
        assert opened.mode == "P"
        assert np.array_equal(np.asarray(opened), labels)
        assert np.asarray(opened.convert("RGB"))[0].tolist() == [
            [0, 0, 0],
            [86, 180, 233],
            [230, 159, 0],
        ]


def test_tables_name_every_value(tmp_path: Path) -> None:
    write_class_tables(CATEGORIES, tmp_path)
    rows = json.loads((tmp_path / "classes.json").read_text("utf-8"))["classes"]
    assert [(row["id"], row["name"], row["annotator_class_id"]) for row in rows] == [
        (1, "cat, black", 7),
        (2, "Münze", 3),
    ]
    with (tmp_path / "classes.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["name"] for row in csv.DictReader(stream)] == ["cat, black", "Münze"]


def test_an_ignore_mask_is_written_only_where_something_is_ignored(tmp_path: Path) -> None:
    labels = np.array([[0, 255]], np.uint8)
    assert write_ignore_mask(labels, tmp_path / "a.png")
    assert not write_ignore_mask(np.zeros((2, 2), np.uint8), tmp_path / "b.png")
    with Image.open(tmp_path / "a.png") as opened:
        assert np.asarray(opened).tolist() == [[0, 255]]
    assert not (tmp_path / "b.png").exists()
