"""The command line: exit codes, one sentence for each fault, JSON for machines."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotator.__main__ import main
from annotator.cli.output import count


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    main([*arguments, "--json"])
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_new_lists_images_and_names_the_odd_ones(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "broken.jpg").write_bytes(b"not a picture")
    project = str(tmp_path / "p")
    said = run_json(capsys, "new", project, "--images", str(photographs), "--classes", "disc, ring")
    assert said["ok"] is True
    assert said["images"] == 6
    assert [p["image"] for p in said["problems"]] == ["broken.jpg"]  # type: ignore[attr-defined, index]


def test_a_fault_is_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["segment", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("annotator: ")
    assert said.err.count("\n") == 1
    assert "nowhere" in said.err


def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["export"])
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_a_machine_reads_its_fault_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_json(capsys, "validate", str(tmp_path / "nowhere"))
    assert said["ok"] is False
    assert "nowhere" in json.dumps(said["report"])


@pytest.mark.parametrize("split", ["80/10", "a/b/c", "50/30/10/10", "120/-20"])
def test_a_split_must_add_up(split: str) -> None:
    arguments = ["export", "p", "--format", "coco", "--out", "o", "--split", split]
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "image", "1 image"),
        (1200, "image", "1,200 images"),
        (2, "box", "2 boxes"),
        (0, "class", "0 classes"),
    ],
)
def test_counting_is_said_in_proper_english(number: int, noun: str, text: str) -> None:
    assert count(number, noun) == text


def test_models_and_doctor_speak_to_machines(capsys: pytest.CaptureFixture[str]) -> None:
    shelf = run_json(capsys, "models", "list")
    assert {"filters"} <= {row["name"] for row in shelf["backbones"]}  # type: ignore[attr-defined, index]
    found = run_json(capsys, "doctor")["found"]
    assert {"python", "torch", "device", "dtype", "memory"} <= set(found)  # type: ignore[call-overload]


def test_a_missing_weights_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "import", str(tmp_path / "none.pt")]) == 1
    said = capsys.readouterr().err
    assert "none.pt" in said
    assert said.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one child process")
def test_interrupt_stops_within_a_second_and_says_so(tmp_path: Path, photographs: Path) -> None:
    from PIL import Image

    for k in range(3000):
        Image.new("RGB", (8, 8), (k % 256, 0, 0)).save(photographs / f"small_{k}.png")
    command = [sys.executable, "-m", "annotator", "new", str(tmp_path / "p"), "--images"]
    child = subprocess.Popen(
        [*command, str(photographs)], stderr=subprocess.PIPE, env={**os.environ}, text=True
    )
    _wait_for(tmp_path / "p")
    child.send_signal(signal.SIGINT)
    sent = time.monotonic()
    _, said = child.communicate(timeout=30)
    if child.returncode == 0:
        pytest.skip("this machine had listed every image before it was interrupted")
    assert time.monotonic() - sent < 2.0  # one second, and as much again for a busy machine
    assert child.returncode == 1
    assert said.count("\n") <= 1, said


def _wait_for(path: Path, limit_s: float = 30.0) -> None:
    until = time.monotonic() + limit_s
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.005)
