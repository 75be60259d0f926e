"""The main job on the command line: a folder, a mask, every image answered, a proven dataset."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from annotator.__main__ import main

pytestmark = pytest.mark.journey


def disc_mask(k: int) -> np.ndarray:
    rows, columns = np.mgrid[:96, :128]
    return ((columns - 30 - 12 * k) ** 2 + (rows - 40 - 4 * k) ** 2 < 20**2).astype(np.uint8)


def ask(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, object]:
    capsys.readouterr()
    code = main([*map(str, arguments), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code == 0, said
    return said  # type: ignore[no-any-return]


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray(disc_mask(0)).save(folder / "disc_0.png")
    return folder


@pytest.mark.parametrize("role", ["truth", "support"])
@pytest.mark.parametrize("method", ["probe", "panet"])
def test_one_mask_labels_the_whole_folder(
    tmp_path: Path, photographs: Path, masks: Path, role: str, method: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs, "--classes", "disc")
    ask(capsys, "import", project, "--masks", masks, "--as", role)
    said = ask(capsys, "segment", project, "--method", method, "--accept")
    assert said["support"] == 1
    assert len(said["images"]) == (5 if role == "truth" else 6)  # type: ignore[arg-type]
    ask(capsys, "export", project, "--format", "coco", "--out", tmp_path / "out")
    coco = COCO(tmp_path / "out" / "annotations" / "instances_all.json")
    assert len(coco.imgs) == 6
    for image in coco.imgs.values():
        number = int(image["file_name"].split("_")[-1][0])
        (annotation,) = coco.loadAnns(coco.getAnnIds(image["id"]))
        found, wanted = coco.annToMask(annotation).astype(bool), disc_mask(number).astype(bool)
        assert (found & wanted).sum() / (found | wanted).sum() > 0.9


def test_a_project_goes_on_where_it_was_left(
    tmp_path: Path, photographs: Path, masks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs, "--classes", "disc")
    ask(capsys, "import", project, "--masks", masks)
    first = ask(capsys, "segment", project)
    assert first["accepted"] is False
    assert Path(str(first["preview"])).is_file()
    assert main(["export", str(project), "--format", "masks", "--out", str(tmp_path / "o")]) == 0
    assert len(list((tmp_path / "o" / "masks").rglob("*.png"))) == 1, (
        "nothing but the import is true"
    )
    ask(capsys, "segment", project, "--accept")
    assert ask(capsys, "segment", project)["images"] == [], "every image is answered"
    again = ask(capsys, "segment", project, "--again")
    assert len(again["images"]) == 5, "imported truth is never asked again"  # type: ignore[arg-type]


def test_both_flavours_split_and_pass_their_checks(
    tmp_path: Path, photographs: Path, masks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs, "--classes", "disc")
    ask(capsys, "import", project, "--masks", masks)
    ask(capsys, "segment", project, "--accept")
    for flavour in ("coco", "coco-polygons"):
        out = tmp_path / flavour
        ask(
            capsys,
            "export",
            project,
            "--format",
            flavour,
            "--out",
            out,
            "--split",
            "50/50",
            "--seed",
            "3",
        )
        said = ask(capsys, "validate", out)
        assert said["report"]["passed"] is True  # type: ignore[index]
        numbers = [
            len(json.loads((out / "annotations" / f"instances_{part}.json").read_text())["images"])
            for part in ("train", "val")
        ]
        assert sum(numbers) == 6
        assert min(numbers) > 0
    assert main(["export", str(project), "--format", "coco", "--out", str(tmp_path / "coco")]) == 1
    ask(capsys, "export", project, "--format", "coco", "--out", tmp_path / "coco", "--overwrite")


def test_an_export_of_nothing_says_what_to_do(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs)
    assert main(["export", str(project), "--format", "coco", "--out", str(tmp_path / "o")]) == 1
    assert "segment --accept" in capsys.readouterr().err


def test_segmenting_without_a_cue_says_what_to_do(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs, "--classes", "disc")
    assert main(["segment", str(project)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.strip() != "annotator:"


def test_segmenting_goes_through_where_the_preview_cannot_be_written(
    tmp_path: Path, photographs: Path, masks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    ask(capsys, "new", project, "--images", photographs, "--classes", "disc")
    ask(capsys, "import", project, "--masks", masks)
    (project / "cache" / "preview.png").mkdir()  # nothing can be written there
    said = ask(capsys, "segment", project, "--accept")
    assert said["preview"] is None
    assert said["accepted"] is True
    assert ask(capsys, "segment", project)["images"] == []
