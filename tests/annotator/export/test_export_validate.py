"""Validation finds every broken promise, and no file makes it crash."""

import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from annotator.export.dataset import Category, Dataset, ExportImage
from annotator.export.errors import ExportStopped
from annotator.export.exporter import ExportOptions, Format, export_dataset
from annotator.export.findings import KEPT_PER_CHECK, Check, FindingsLog
from annotator.export.rle import encode_regions
from annotator.export.validate import validate_export
from annotator.export.validate_files import find_inside, picture_fault
from annotator.export.validate_json import load_json
from annotator.export.validate_label_images import check_label_images
from annotator.export.validate_masks import MalformedMask, pack, union
from annotator.export.validate_score import average_precision

HUGE = 10**9

needs_posix = pytest.mark.skipif(os.name != "posix", reason="pipes and links as POSIX has them")


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    """A small foreign dataset: two disjoint squares in one image of 20 x 30."""
    labels = np.zeros((20, 30), np.uint8)
    labels[2:8, 2:8], labels[10:16, 12:22] = 1, 2
    annotations = [
        {
            "id": r.value, "image_id": 1, "category_id": r.value, "iscrowd": 0,
            "segmentation": {"size": [20, 30], "counts": r.counts},
            "area": r.area, "bbox": [float(v) for v in r.bbox],
        }
        for r in encode_regions(labels)
    ]  # fmt: skip
    return {
        "info": {}, "licenses": [],
        "images": [{"id": 1, "width": 30, "height": 20, "file_name": "a.png"}],
        "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
        "annotations": annotations,
    }  # fmt: skip


def lay_out(folder: Path, content: object) -> Path:
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "images").mkdir(exist_ok=True)
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(folder / "images" / "a.png")
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "annotations" / "instances_all.json").write_text(text)
    return folder


def failed(folder: Path) -> set[Check]:
    report = validate_export(folder)
    assert all(str(finding).strip().endswith(".") for finding in report.findings)
    json.dumps(report.as_json(), allow_nan=False)
    return {result.check for result in report.checks if not result.passed}


def changed(content: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy with the value at ``images.0.id`` or the like replaced; ``...`` removes it."""
    copy = deepcopy(content)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = copy
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copy


def test_a_sound_foreign_dataset_passes(tmp_path: Path, content: dict[str, Any]) -> None:
    report = validate_export(lay_out(tmp_path, content))
    assert report.ok
    assert dict(report.counts) == {"files": 1, "images": 1, "annotations": 2, "categories": 2}


FAULTS: list[tuple[str, object, Check]] = [
    ("images.0.id", 0, Check.IDS),
    ("images.0.id", "1", Check.STRUCTURE),
    ("images.0.width", HUGE, Check.STRUCTURE),
    ("images.0.width", 31, Check.FILES),
    ("images.0.width", True, Check.STRUCTURE),
    ("images.0.height", -20, Check.STRUCTURE),
    ("images.0.file_name", "../a.png", Check.FILES),
    ("images.0.file_name", "/etc/hostname", Check.FILES),
    ("images.0.file_name", "C:\\a.png", Check.FILES),
    ("images.0.file_name", "sub\\a.png", Check.FILES),
    ("images.0.file_name", "a\0.png", Check.FILES),
    ("images.0.file_name", "x" * 5000, Check.FILES),
    ("images.0.file_name", "missing.png", Check.FILES),
    ("images.0.file_name", ["a.png"], Check.STRUCTURE),
    ("images.0", 7, Check.STRUCTURE),
    ("categories.0.name", ..., Check.STRUCTURE),
    ("categories.0.id", 0, Check.IDS),
    ("annotations.0.id", 2, Check.IDS),
    ("annotations.0.id", 0, Check.IDS),
    ("annotations.0.id", 2**80, Check.IDS),
    ("annotations.0.image_id", 9, Check.IDS),
    ("annotations.0.category_id", 9, Check.IDS),
    ("annotations.0.iscrowd", 2, Check.STRUCTURE),
    ("annotations.0.iscrowd", False, Check.STRUCTURE),
    ("annotations.0.ignore", 1, Check.STRUCTURE),
    ("annotations.0.area", 99, Check.MEASURES),
    ("annotations.0.area", "36", Check.STRUCTURE),
    ("annotations.0.area", 10**400, Check.STRUCTURE),
    ("annotations.0.bbox", [2, 2, 6], Check.STRUCTURE),
    ("annotations.0.bbox", [20.0, 2.0, 6.0, 6.0], Check.MEASURES),
    ("annotations.0.segmentation", None, Check.STRUCTURE),
    ("annotations.0.segmentation", [], Check.GEOMETRY),
    ("annotations.0.segmentation", {}, Check.GEOMETRY),
    ("annotations.0.segmentation.size", [HUGE, HUGE], Check.GEOMETRY),
    ("annotations.0.segmentation.size", [30, 20], Check.GEOMETRY),
    ("annotations.0.segmentation.counts", "oooooooooooo", Check.GEOMETRY),
    ("annotations.0.segmentation.counts", "ü", Check.GEOMETRY),
    ("annotations.0.segmentation.counts", [HUGE, HUGE], Check.GEOMETRY),
    ("annotations.0.segmentation.counts", [-5, 605], Check.GEOMETRY),
    ("annotations.0.segmentation.counts", [600], Check.GEOMETRY),
    ("annotations.0.segmentation.counts", 5, Check.GEOMETRY),
    ("annotations.0.segmentation", [[1, 1, 5, 5]], Check.GEOMETRY),
    ("annotations.0.segmentation", [[1, 1, 5, 5, 1, 5, 2]], Check.GEOMETRY),
    ("annotations.0.segmentation", [[1, 1, 5, 5, 1, "5"]], Check.GEOMETRY),
    ("annotations.0.segmentation", [[0, 0, HUGE, 0, 0, HUGE]], Check.GEOMETRY),
    ("annotations.0.segmentation", [[-9, 0, 5, 0, 0, 5]], Check.GEOMETRY),
    ("annotations.0.segmentation", ["12345678"], Check.GEOMETRY),
    ("annotations", {}, Check.LOADS),
]


@pytest.mark.parametrize(("path", "value", "check"), FAULTS)
def test_each_fault_is_found_under_its_check(
    tmp_path: Path, content: dict[str, Any], path: str, value: object, check: Check
) -> None:
    assert check in failed(lay_out(tmp_path, changed(content, path, value)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "\ufeff{",
        '{"images": NaN}',
        "[" * 200_000,
        '{"images": 1e999}',
        "9" * 5000,
    ],
)
def test_broken_json_is_a_finding(tmp_path: Path, text: str) -> None:
    assert failed(lay_out(tmp_path, text)) == {Check.LOADS}


def test_files_that_are_too_large_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1, 2, 3, 4]")
    with pytest.raises(ValueError, match="larger"):
        load_json(tmp_path / "a.json", limit_bytes=4)


@needs_posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ValueError, match="regular"):
        load_json(tmp_path / "pipe.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=6,
)
PLACES = sorted({path for path, _, _ in FAULTS})


@given(path=st.sampled_from(PLACES), value=JSON)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_value_anywhere_makes_validation_crash(
    tmp_path: Path, content: dict[str, Any], path: str, value: object
) -> None:
    validate_export(lay_out(tmp_path, changed(content, path, value)))


@pytest.mark.parametrize("name", ["../out.png", "sub/../../out.png", "..\\out.png"])
def test_a_name_that_climbs_out_is_refused_even_if_the_file_is_there(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "out.png").write_bytes(b"x")
    with pytest.raises(ValueError, match="leads out of the dataset"):
        find_inside(name, [tmp_path / "data"])
    with pytest.raises(ValueError, match="leads out of the dataset"):
        find_inside((tmp_path / "out.png").as_posix(), [tmp_path / "data"])


@needs_posix
def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ValueError, match="link"):
        find_inside("a.png", [tmp_path / "data"])


def test_an_orientation_tag_and_a_cut_file_are_found(tmp_path: Path) -> None:
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    picture.save(tmp_path / "cut.png")
    cut = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(cut[: len(cut) // 2])
    assert "orientation" in str(picture_fault(tmp_path / "turned.jpg", (20, 30)))
    assert "decode" in str(picture_fault(tmp_path / "cut.png", (20, 30)))


def test_our_own_promises_are_stricter(
    tmp_path: Path, make_dataset: Callable[..., Dataset]
) -> None:
    out = tmp_path / "out"
    export_dataset(make_dataset(2), out)
    path = out / "annotations" / "instances_all.json"
    content = json.loads(path.read_text())
    twin = {**content["annotations"][0], "id": 999, "category_id": 2}
    path.write_text(json.dumps({**content, "annotations": [*content["annotations"], twin]}))
    assert Check.OVERLAP in failed(out)
    del content["info"]
    path.write_text(json.dumps(content))
    assert Check.STRUCTURE in failed(out)


def test_masks_beside_a_coco_export_are_its_truth(
    tmp_path: Path, make_dataset: Callable[..., Dataset]
) -> None:
    out = tmp_path / "out"
    export_dataset(make_dataset(2), out, ExportOptions(masks=True))
    with Image.open(out / "masks" / "photo_1.png") as opened:
        altered = opened.copy()
    altered.putpixel((3, 3), 0 if altered.getpixel((3, 3)) else 1)
    altered.save(out / "masks" / "photo_1.png")
    assert failed(out) == {Check.TRUTH}


def test_faults_of_label_images_are_found(
    tmp_path: Path, make_dataset: Callable[..., Dataset]
) -> None:
    out = tmp_path / "out"
    export_dataset(make_dataset(3), out, ExportOptions(format="masks"))
    assert validate_export(out).ok
    (out / "masks" / "photo_0.png").rename(out / "masks" / "orphan.png")
    Image.fromarray(np.full((40, 56), 77, np.uint8)).save(out / "masks" / "photo_1.png")
    Image.fromarray(np.zeros((40, 56, 3), np.uint8)).save(out / "masks" / "photo_2.png")
    texts = [str(finding) for finding in validate_export(out).findings]
    assert len(texts) == 4
    for words in ("no photograph", "no label image", "value 77", "8-bit palette"):
        assert any(words in text for text in texts)


@pytest.mark.parametrize("table", ["[]", '{"classes": 3}', '{"classes": [{"id": 2}]}', "{"])
def test_a_broken_class_table_is_found(tmp_path: Path, table: str) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "classes.json").write_text(table)
    log = FindingsLog()
    check_label_images(
        tmp_path, log, truth=None, report=lambda *_: None, raise_if_stopped=lambda: None
    )
    assert not log.report(tmp_path, "masks", {}).ok


def test_a_folder_without_a_dataset_is_no_success(tmp_path: Path) -> None:
    report = validate_export(tmp_path)
    assert not report.ok
    assert not validate_export(tmp_path / "nowhere").ok


def test_validation_can_be_stopped(tmp_path: Path, content: dict[str, Any]) -> None:
    with pytest.raises(ExportStopped):
        validate_export(lay_out(tmp_path, content), should_stop=lambda: True)


def test_a_million_faults_are_counted_and_a_few_are_told(tmp_path: Path) -> None:
    log = FindingsLog()
    for number in range(1000):
        log.error(Check.IDS, "a.json", "Wrong.", number)
    report = log.report(tmp_path, "coco", {})
    assert len(report.findings) == KEPT_PER_CHECK
    assert report.checks[0].errors == 1000


def test_perfect_predictions_score_one_even_with_hundreds_of_objects() -> None:
    labels = np.zeros((90, 90), np.int32)
    labels[::7, ::7] = np.arange(1, 170).reshape(13, 13)
    annotations = [
        {
            "id": r.value, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": r.area,
            "bbox": list(r.bbox), "segmentation": {"size": [90, 90], "counts": r.counts.encode()},
        }
        for r in encode_regions(labels)
    ]  # fmt: skip
    images = [{"id": 1, "width": 90, "height": 90}]
    assert average_precision(images, annotations, [{"id": 1}]) == pytest.approx(1.0, abs=1e-12)
    moved = [{**a, "id": a["id"] - 1} for a in annotations]  # ids from 0: the classic fault
    assert average_precision(images, moved, [{"id": 1}]) < 1.0


def test_polygons_runs_and_strings_of_one_mask_pack_alike() -> None:
    spelled = [
        [[1, 1, 3, 1, 3, 3, 1, 3]],
        {"size": [4, 5], "counts": [5, 2, 2, 2, 9]},
        {"size": [4, 5], "counts": encode_regions(_square())[0].counts},
    ]
    assert len({pack(segmentation, (4, 5))["counts"] for segmentation in spelled}) == 1
    with pytest.raises(MalformedMask):
        pack({"size": [4, 5]}, (4, 5))


def test_a_union_of_hundreds_is_that_of_pairs() -> None:
    masks = [pack([[x, 0, x + 1, 0, x + 1, 9, x, 9]], (9, 300)) for x in range(300)]
    assert union(masks)["counts"] == pack([[0, 0, 300, 0, 300, 9, 0, 9]], (9, 300))["counts"]


def _square() -> np.ndarray:
    labels = np.zeros((4, 5), np.uint8)
    labels[1:3, 1:3] = 1
    return labels


def test_an_image_of_many_hundred_objects_is_checked_like_any_other(tmp_path: Path) -> None:
    labels = np.zeros((70, 70), np.uint8)
    labels[1::3, 1::3] = 1  # 23 x 23 single pixels
    image = ExportImage("a.png", (70, 70), lambda: np.zeros((70, 70, 3), np.uint8), lambda: labels)
    dataset = Dataset("Crowd", (Category(1, "nucleus", (1, 2, 3)),), (image,))
    result = export_dataset(dataset, tmp_path / "out", ExportOptions(instances=True))
    assert result.annotations == 529
    assert result.report.ok


def test_a_folder_that_is_not_there_is_called_so(tmp_path: Path) -> None:
    (finding,) = validate_export(tmp_path / "nowhere").findings
    assert "no such folder" in str(finding)


@pytest.mark.parametrize("form", ["coco", "masks"])
def test_a_picture_that_pillow_would_warn_of_is_checked_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Format
) -> None:
    side = 1200
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", side**2 - 1)  # a warning, not yet a fault
    labels, pixels = np.ones((side, side), np.uint8), np.zeros((side, side, 3), np.uint8)
    image = ExportImage("a.png", (side, side), lambda: pixels, lambda: labels)
    dataset = Dataset("Big", (Category(1, "one", (1, 2, 3)),), (image,))
    export_dataset(dataset, tmp_path / "out", ExportOptions(format=form, masks=True))
    assert validate_export(tmp_path / "out").ok
