"""COCO instances files, written line by line while images stream past.

One annotation per class per image, or one per connected object. RLE and ``iscrowd`` 0 go together:
readers decide by the type of ``segmentation``, and a crowd would be left out of scores. Pixels of
value 255 (ignore) belong to no annotation.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from annotator.export.coco_polygons import polygons_of
from annotator.export.dataset import IGNORE, Category, Labels
from annotator.export.rle import Region, encode_regions, object_map

Flavour = Literal["coco", "coco-polygons"]
Record = dict[str, Any]

FOLDER = "annotations"
SPOOL_NAME = "annotations.spool"
LICENCE_ID = 1


def annotation_records(
    category_map: Labels, flavour: Flavour, *, instances: bool
) -> Iterator[Record]:
    """Annotations of one image without ids, native Python values only.

    ``category_map`` (H, W) uint8 category numbers. Area and bbox (x, y, w, h) are of the pixels.
    """
    labels = object_map(category_map) if instances else category_map
    for region in encode_regions(labels):
        number = int(category_map[region.seed])
        if number == IGNORE:
            continue
        yield {
            "category_id": number,
            "segmentation": _segmentation(region, labels, flavour),
            "area": region.area,
            "bbox": [float(edge) for edge in region.bbox],
            "iscrowd": 0,
        }


def image_record(number: int, file_name: str, size: tuple[int, int]) -> Record:
    """The image entry; ``file_name`` is POSIX, relative to the folder ``images``."""
    return {
        "id": number,
        "width": int(size[1]),
        "height": int(size[0]),
        "file_name": file_name,
        "license": LICENCE_ID,
    }


def category_records(categories: Sequence[Category]) -> list[Record]:
    """Categories 1..N in display order, the project's stable id as an extra key."""
    return [
        {
            "id": number,
            "name": category.name,
            "supercategory": category.name,
            "color": list(category.colour),
            "annotator_class_id": category.class_id,
        }
        for number, category in enumerate(categories, start=1)
    ]


class InstancesWriter:
    """Collects annotations on disk, then deals them out to one file per split.

    The split may depend on what all the images hold, so annotations wait in a spool file in order
    of their images; only image entries stay in memory.
    """

    def __init__(self, folder: Path, title: str, categories: Sequence[Category]) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir()
        self._title = title
        self._categories = category_records(categories)
        self._images: list[Record] = []
        self._lines_per_image: list[int] = []
        self._spool = (self._folder / SPOOL_NAME).open("w", encoding="ascii")
        self._next_id = 1

    def __enter__(self) -> "InstancesWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, image: Record, annotations: Iterator[Record]) -> dict[int, int]:
        """Take one image and its annotations; how many annotations each category got."""
        found: dict[int, int] = {}
        for annotation in annotations:
            line = {"id": self._next_id, "image_id": image["id"], **annotation}
            self._spool.write(_line(line) + "\n")
            self._next_id += 1
            found[annotation["category_id"]] = found.get(annotation["category_id"], 0) + 1
        self._images.append(image)
        self._lines_per_image.append(sum(found.values()))
        return found

    def deal(self, split_of: Sequence[str], splits: Sequence[str]) -> list[Path]:
        """Write ``instances_SPLIT.json`` for every one of ``splits`` and drop the spool.

        ``split_of`` names the split of each image in the order they were added.
        """
        self._spool.close()
        spool = self._folder / SPOOL_NAME
        paths = {name: self._folder / f"instances_{name}.json" for name in splits}
        with ExitStack() as stack:
            files = {name: _open(path, stack) for name, path in paths.items()}
            for file in files.values():
                file.write(self._head())
            with spool.open(encoding="ascii") as lines:
                self._deal_lines(lines, files, split_of)
            for name, file in files.items():
                self._tail(file, [split == name for split in split_of])
        spool.unlink()
        return list(paths.values())

    def _deal_lines(
        self, lines: IO[str], files: dict[str, IO[str]], split_of: Sequence[str]
    ) -> None:
        begun: set[str] = set()
        for name, count in zip(split_of, self._lines_per_image, strict=True):
            for _ in range(count):
                files[name].write((",\n" if name in begun else "\n") + next(lines).rstrip("\n"))
                begun.add(name)

    def _head(self) -> str:
        today = date.today()
        top = {
            "info": {
                "description": self._title,
                "version": "1.0",
                "year": today.year,
                "contributor": "",
                "url": "",
                "date_created": today.isoformat(),
            },
            "licenses": [{"id": LICENCE_ID, "name": "not stated", "url": ""}],
            "categories": self._categories,
        }
        return _line(top)[:-1] + ',\n"annotations": ['

    def _tail(self, file: IO[str], chosen: Sequence[bool]) -> None:
        file.write('\n],\n"images": [')
        mine = (image for image, wanted in zip(self._images, chosen, strict=True) if wanted)
        for position, image in enumerate(mine):
            file.write((",\n" if position else "\n") + _line(image))
        file.write("\n]}\n")


def _segmentation(region: Region, labels: np.ndarray[Any, Any], flavour: Flavour) -> Any:
    if flavour == "coco":
        return {"size": [int(side) for side in labels.shape], "counts": region.counts}
    x, y, w, h = region.bbox
    return polygons_of(labels[y : y + h, x : x + w] == region.value, (x, y))


def _open(path: Path, stack: ExitStack) -> IO[str]:
    return stack.enter_context(path.open("w", encoding="ascii", newline="\n"))


def _line(record: Record) -> str:
    # ASCII with escapes: pycocotools opens files in the encoding of the system it runs on.
    return json.dumps(record, allow_nan=False, separators=(",", ":"))
