"""Every consumer's rules, checked on what was written: pycocotools, torchvision, detectron2, YOLO.

The rules are restated as plain assertions, so none of the consumers but pycocotools is needed.
"""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from annotator.export.dataset import Dataset, ExportImage
from annotator.export.exporter import ExportOptions, export_dataset

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

KINDS = ("coco", "coco-polygons")
NUMBERS = {"cat": 7, "coin": 3}


@pytest.fixture(params=[(kind, objects) for kind in KINDS for objects in (False, True)], ids=str)
def exported(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_dataset: Callable[..., Dataset],
    make_image: Callable[..., ExportImage],
) -> tuple[Path, Dataset]:
    kind, objects = request.param
    holes = np.zeros((40, 50), np.uint8)
    holes[3:30, 4:40] = 7
    holes[8:12, 8:12], holes[15:25, 15:30], holes[18:22, 20:24], holes[39] = 0, 3, 7, 255
    images = [
        make_image("sub/holes.png", holes),
        *(make_image(f"{k}.png", seed=k) for k in range(3)),
    ]
    images.append(make_image("empty.png", np.zeros((9, 11), np.uint8)))
    dataset = make_dataset(0, *images)
    export_dataset(dataset, tmp_path / "out", ExportOptions(format=kind, instances=objects))
    return tmp_path / "out", dataset


def loaded(out: Path) -> COCO:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(out / "annotations" / "instances_all.json"))


def test_ann_to_mask_gives_back_the_accepted_pixels(exported: tuple[Path, Dataset]) -> None:
    out, dataset = exported
    coco = loaded(out)
    names = {row["id"]: row["name"] for row in coco.dataset["categories"]}
    for image_id, source in zip(sorted(coco.imgs), dataset.images, strict=True):
        composed = np.zeros(source.size, np.uint8)
        for annotation in coco.imgToAnns[image_id]:
            mask = coco.annToMask(annotation).astype(bool)
            assert not composed[mask].any(), "annotations never overlap"
            assert annotation["area"] == mask.sum()
            composed[mask] = NUMBERS[names[annotation["category_id"]]]
        truth = source.read_classes()
        assert np.array_equal(composed, np.where(truth == 255, 0, truth))


def test_torchvision_finds_every_picture_as_stored(exported: tuple[Path, Dataset]) -> None:
    out, dataset = exported
    coco = loaded(out)
    for image_id, source in zip(sorted(coco.imgs), dataset.images, strict=True):
        record = coco.loadImgs(image_id)[0]
        with Image.open(out / "images" / record["file_name"]) as opened:
            pixels = np.asarray(opened.convert("RGB"))
        assert np.array_equal(pixels, source.read_pixels())
        assert pixels.shape[:2] == (record["height"], record["width"])


def test_detectron2_would_accept_every_annotation(exported: tuple[Path, Dataset]) -> None:
    coco = loaded(exported[0])
    ids = [annotation["id"] for annotation in coco.dataset["annotations"]]
    assert len(ids) == len(set(ids))
    assert sorted(coco.cats) == list(range(1, len(coco.cats) + 1))
    for annotation in coco.dataset["annotations"]:
        assert "ignore" not in annotation
        segmentation = annotation["segmentation"]
        if isinstance(segmentation, list):
            assert segmentation
            assert all(len(polygon) % 2 == 0 and len(polygon) >= 6 for polygon in segmentation)
        else:
            assert isinstance(segmentation["counts"], str)
            assert segmentation["size"] == [
                coco.imgs[annotation["image_id"]][k] for k in ("height", "width")
            ]


def test_a_yolo_converter_would_skip_nothing(exported: tuple[Path, Dataset]) -> None:
    coco = loaded(exported[0])
    for annotation in coco.dataset["annotations"]:
        image = coco.imgs[annotation["image_id"]]
        assert annotation["iscrowd"] == 0
        assert type(annotation["iscrowd"]) is int
        assert annotation["category_id"] - 1 in range(len(coco.cats))
        x, y, w, h = annotation["bbox"]
        assert w > 0
        assert h > 0
        assert 0 <= x < x + w <= image["width"]
        assert 0 <= y < y + h <= image["height"]


def test_file_names_are_relative_posix_paths(exported: tuple[Path, Dataset]) -> None:
    names = [image["file_name"] for image in loaded(exported[0]).dataset["images"]]
    assert names[0] == "sub/holes.png"
    assert not any(name.startswith("/") or "\\" in name or ".." in name for name in names)


def test_the_json_is_plain_ascii_without_nan(exported: tuple[Path, Dataset]) -> None:
    text = (exported[0] / "annotations" / "instances_all.json").read_text("ascii")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(text, parse_constant=refuse)
