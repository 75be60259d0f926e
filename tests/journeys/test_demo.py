"""The demo: a stranger's first minute."""

import json
from pathlib import Path

import pytest
from PIL import Image

from annotator.__main__ import main
from annotator.cli import demo_command
from annotator.document.errors import DocumentError
from annotator.flows.demo import demo_folders

pytestmark = pytest.mark.journey


def test_the_demo_ends_with_two_proven_datasets_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "demo"
    assert main(["demo", "--headless", "--json", "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["cues"]["box"] == 1
    assert said["cues"]["polygon"] == 1
    assert all(report["passed"] for report in said["reports"].values())
    with Image.open(said["contact_sheet"]) as sheet:
        assert sheet.width > 1000
    counts = {}
    for flavour in ("coco", "coco-polygons"):
        parts = sorted((out / flavour / "annotations").glob("instances_*.json"))
        documents = [json.loads(part.read_text(encoding="utf-8")) for part in parts]
        counts[flavour] = sum(len(document["images"]) for document in documents)
        assert {c["name"] for c in documents[0]["categories"]} == {"gland", "nucleus", "coin"}
    assert counts == {"coco": 15, "coco-polygons": 15}


def test_with_a_display_the_demo_ends_in_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(demo_command, "_has_display", lambda: True)
    monkeypatch.setattr(
        demo_command, "_open_window", lambda folders: opened.append(folders.project)
    )
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    assert opened == [tmp_path / "demo" / "project"]


def test_the_demo_never_writes_over_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "annotator-demo").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    assert demo_folders(None).root.name == "annotator-demo-2"
    with pytest.raises(DocumentError, match="holds something"):
        demo_folders(tmp_path / "full")
