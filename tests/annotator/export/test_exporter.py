"""An export is whole, proven and described, or it is not there at all."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from annotator.export import exporter
from annotator.export.dataset import Category, Dataset, ExportImage
from annotator.export.errors import (
    ExportStopped,
    ExportUnproven,
    InvalidDataset,
    InvalidOption,
    TargetRefused,
)
from annotator.export.exporter import FORMATS, ExportOptions, export_dataset
from annotator.export.report import program_version
from annotator.export.splits import SplitShares
from annotator.export.validate import validate_export

MakeImage = Callable[..., ExportImage]
MakeDataset = Callable[..., Dataset]


def instances(out: Path, split: str = "all") -> dict:
    return json.loads((out / "annotations" / f"instances_{split}.json").read_text("ascii"))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("objects", [False, True])
def test_every_format_is_written_proven_and_still_valid_on_its_own(
    tmp_path: Path, make_dataset: MakeDataset, kind: exporter.Format, objects: bool
) -> None:
    objects = objects and kind != "masks"
    options = ExportOptions(format=kind, instances=objects, masks=True)
    result = export_dataset(make_dataset(4), tmp_path / "out", options)
    assert result.report.ok
    assert result.images == 4
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"images", "masks", "report.json", "contact_sheet.png", "README.txt"} <= names
    again = validate_export(tmp_path / "out")
    assert again.ok
    assert again.kind == kind
    assert "truth" in {check.check.name.lower() for check in again.checks} or kind == "masks"


def test_ids_start_at_one_and_categories_follow_the_display_order(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    export_dataset(make_dataset(3), tmp_path / "out")
    content = instances(tmp_path / "out")
    assert [image["id"] for image in content["images"]] == [1, 2, 3]
    ids = [annotation["id"] for annotation in content["annotations"]]
    assert ids == list(range(1, len(ids) + 1))
    rows = [(c["id"], c["name"], c["annotator_class_id"]) for c in content["categories"]]
    assert rows == [(1, "cat", 7), (2, "coin", 3)]
    assert {a["iscrowd"] for a in content["annotations"]} == {0}
    assert content["info"]["description"] == "Toy"
    assert content["licenses"][0]["id"] == content["images"][0]["license"]


def test_one_annotation_for_each_object_when_instances_are_wanted(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    classes = np.zeros((12, 12), np.uint8)
    classes[1:3, 1:3] = classes[3:5, 3:5] = classes[8:10, 8:10] = (
        7  # the first two touch diagonally
    )
    image = make_image("a.png", classes)
    export_dataset(make_dataset(1, image), tmp_path / "one", ExportOptions(instances=True))
    export_dataset(make_dataset(1, image), tmp_path / "all", ExportOptions())
    assert sorted(a["area"] for a in instances(tmp_path / "one")["annotations"]) == [4, 8]
    assert [a["area"] for a in instances(tmp_path / "all")["annotations"]] == [12]


def test_splits_share_out_every_image_and_ids_stay_unique_across_them(
    tmp_path: Path, make_dataset: MakeDataset
) -> None:
    options = ExportOptions(split=SplitShares(8, 1, 1), seed=3)
    result = export_dataset(make_dataset(10), tmp_path / "out", options)
    parts = {name: instances(tmp_path / "out", name) for name in ("train", "val", "test")}
    assert dict(result.splits) == {name: len(p["images"]) for name, p in parts.items()}
    assert dict(result.splits) == {"train": 8, "val": 1, "test": 1}
    for key in ("images", "annotations"):
        ids = [record["id"] for part in parts.values() for record in part[key]]
        assert len(ids) == len(set(ids))
    for part in parts.values():
        images = {image["id"] for image in part["images"]}
        assert {a["image_id"] for a in part["annotations"]} <= images
    assert len({json.dumps(part["categories"]) for part in parts.values()}) == 1


def test_equal_stems_in_subfolders_all_arrive(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    images = [make_image(name, seed=k) for k, name in enumerate(("a/x.png", "b/x.png", "a/X.jpg"))]
    export_dataset(make_dataset(0, *images), tmp_path / "out")
    names = [image["file_name"] for image in instances(tmp_path / "out")["images"]]
    assert names == ["a/x.png", "b/x.png", "a/X_2.png"]
    for name, image in zip(names, images, strict=True):
        with Image.open(tmp_path / "out" / "images" / name) as opened:
            assert np.array_equal(np.asarray(opened), image.read_pixels())


def test_ignored_pixels_belong_to_no_annotation_and_get_a_mask_of_their_own(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    classes = np.zeros((6, 6), np.uint8)
    classes[0], classes[5] = 7, 255
    images = [make_image("sub/a.png", classes), make_image("b.png", np.zeros((6, 6), np.uint8))]
    export_dataset(make_dataset(0, *images), tmp_path / "out")
    assert [a["area"] for a in instances(tmp_path / "out")["annotations"]] == [6]
    assert [p.name for p in (tmp_path / "out" / "ignore").rglob("*.png")] == ["a.png"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["counts"]["ignored_pixels"] == 6


def test_images_without_annotations_stay_unless_left_out(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    dataset = make_dataset(0, make_image("a.png", np.zeros((6, 6), np.uint8)), make_image("b.png"))
    export_dataset(dataset, tmp_path / "with")
    export_dataset(dataset, tmp_path / "without", ExportOptions(include_empty=False))
    assert len(instances(tmp_path / "with")["images"]) == 2
    assert [i["file_name"] for i in instances(tmp_path / "without")["images"]] == ["b.png"]


def test_the_report_counts_pixels_images_and_annotations_of_each_class(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    classes = np.zeros((10, 10), np.uint8)
    classes[:2] = 7
    dataset = make_dataset(
        0, make_image("a.png", classes), make_image("b.png", np.zeros_like(classes))
    )
    export_dataset(dataset, tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text("ascii"))
    assert report["version"] == program_version()
    assert report["classes"][0] == {
        "id": 1, "name": "cat", "annotator_class_id": 7,
        "pixels": 20, "pixel_share": 0.1, "images": 1, "annotations": 1,
    }  # fmt: skip
    assert report["validation"]["passed"] is True
    assert all(check["passed"] for check in report["validation"]["checks"])


def test_an_empty_dataset_is_written_too(tmp_path: Path) -> None:
    result = export_dataset(
        Dataset("Nothing", (Category(1, "a", (1, 1, 1)),), ()), tmp_path / "out"
    )
    assert result.images == result.annotations == 0
    assert instances(tmp_path / "out")["images"] == []


def test_a_failing_reader_leaves_the_former_export_alone(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    export_dataset(make_dataset(2), tmp_path / "out")
    before = (tmp_path / "out" / "report.json").read_text()

    def broken() -> np.ndarray:
        raise MemoryError("the second image is too much")

    good = make_image("a.png")
    bad = ExportImage("b.png", good.size, broken, good.read_classes)
    with pytest.raises(MemoryError):
        export_dataset(make_dataset(0, good, bad), tmp_path / "out", ExportOptions(overwrite=True))
    assert (tmp_path / "out" / "report.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_stopping_leaves_nothing_behind(tmp_path: Path, make_dataset: MakeDataset) -> None:
    seen: list[float] = []
    with pytest.raises(ExportStopped):
        export_dataset(
            make_dataset(6),
            tmp_path / "out",
            report=lambda fraction, _: seen.append(fraction),
            should_stop=lambda: len(seen) > 3,
        )
    assert list(tmp_path.iterdir()) == []


def test_progress_rises_from_nothing_to_all(tmp_path: Path, make_dataset: MakeDataset) -> None:
    seen: list[float] = []
    export_dataset(make_dataset(5), tmp_path / "out", report=lambda f, _: seen.append(f))
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0


def test_a_wrong_mask_is_caught_before_anything_is_put_in_place(
    tmp_path: Path, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_by_one(category_map: np.ndarray, *args: object, **more: object) -> object:
        return genuine(np.roll(category_map, 1, axis=0), *args, **more)

    genuine = exporter.annotation_records
    monkeypatch.setattr(exporter, "annotation_records", off_by_one)
    with pytest.raises(ExportUnproven, match="differs from the accepted labels"):
        export_dataset(make_dataset(2), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_class_is_named_and_nothing_is_written(
    tmp_path: Path, make_dataset: MakeDataset, make_image: MakeImage
) -> None:
    strange = make_image("strange.png", np.full((4, 4), 99, np.uint8))
    with pytest.raises(InvalidDataset, match=r"strange\.png.*99"):
        export_dataset(make_dataset(0, strange), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_second_export_needs_permission(tmp_path: Path, make_dataset: MakeDataset) -> None:
    export_dataset(make_dataset(1), tmp_path / "out")
    with pytest.raises(TargetRefused):
        export_dataset(make_dataset(2), tmp_path / "out")
    export_dataset(make_dataset(2), tmp_path / "out", ExportOptions(overwrite=True))
    assert len(instances(tmp_path / "out")["images"]) == 2


def test_impossible_options_are_refused() -> None:
    with pytest.raises(InvalidOption, match="yolo"):
        ExportOptions(format="yolo")  # type: ignore[arg-type]
    with pytest.raises(InvalidOption, match="objects"):
        ExportOptions(format="masks", instances=True)


def test_split_lists_accompany_label_images(tmp_path: Path, make_dataset: MakeDataset) -> None:
    options = ExportOptions(format="masks", split=SplitShares(1, 1))
    export_dataset(make_dataset(4), tmp_path / "out", options)
    lists = {p.stem: p.read_text().split() for p in (tmp_path / "out" / "splits").iterdir()}
    assert sorted(lists) == ["train", "val"]
    assert sorted(lists["train"] + lists["val"]) == [f"photo_{k}.png" for k in range(4)]


def test_the_contact_sheet_is_a_picture(tmp_path: Path, make_dataset: MakeDataset) -> None:
    export_dataset(make_dataset(3), tmp_path / "out")
    with Image.open(tmp_path / "out" / "contact_sheet.png") as opened:
        assert opened.mode == "RGB"
        assert opened.width > opened.height > 200
