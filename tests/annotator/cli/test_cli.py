"""The command line: exit codes, one sentence for each fault, JSON for machines."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

import pytest

from annotator.__main__ import main
from annotator.cli.output import Output, count
from annotator.cli.parser import parse


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


def test_a_project_that_cannot_be_made_leaves_nothing(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = ["--images", str(photographs)]
    assert main(["new", str(tmp_path / "p"), *images, "--classes", "x" * 300]) == 1
    assert not (tmp_path / "p").exists()
    before = sorted(photographs.iterdir())
    assert main(["new", str(photographs), *images, "--classes", "x" * 300]) == 1
    assert sorted(photographs.iterdir()) == before
    assert main(["new", str(tmp_path / "p"), *images, "--classes", "disc"]) == 0


def test_a_project_in_the_way_is_never_taken_away(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["new", str(tmp_path / "p"), "--images", str(photographs)]
    assert [main(command), main(command)] == [0, 1]
    assert (tmp_path / "p" / "project.annotator").is_file()


def test_rescan_tells_what_has_come_and_gone(
    tmp_path: Path, photographs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = str(tmp_path / "p")
    run_json(capsys, "new", project, "--images", str(photographs))
    (photographs / "disc_0.png").rename(photographs / "disc_9.png")
    moved = photographs.rename(tmp_path / "moved")
    assert "rescan" in str(run_json(capsys, "rescan", project)["error"])
    said = run_json(capsys, "rescan", project, "--images", str(moved))
    assert said["images"] == 1
    assert said["folder"] == str(moved)
    assert [p["image"] for p in said["problems"]] == ["disc_0.png"]  # type: ignore[attr-defined, index]


@pytest.mark.parametrize("values", ["255", "=crack", "255=", "0=crack", "256=x", "1=a,1=b", "x=y"])
def test_values_must_name_pixel_values(values: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["import", "p", "--masks", "m", "--values", values])
    assert left.value.code == 2
    assert "_values" not in capsys.readouterr().err


def test_values_are_taken_as_they_are_said() -> None:
    wish = parse(["import", "p", "--masks", "m", "--values", "255=crack, 7 = a=b"])
    assert wish.values == {255: "crack", 7: "a=b"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk to write to")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_output_that_cannot_be_written_is_one_sentence(form: list[str]) -> None:
    with open("/dev/full", "w") as full:
        ended = _command(["models", "list", *form], stdout=full)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1, ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise there")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_has_gone_is_no_fault_to_shout_about(form: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as broken:
        ended = _command(["models", "list", *form], stdout=broken)
    assert ended.stderr == ""


def test_a_terminal_that_cannot_spell_a_name_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "ö"
    folder.mkdir()
    ended = _command(["validate", str(folder)], stdout=subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert "Traceback" not in ended.stderr
    assert "\\xf6" in ended.stdout


def _command(
    arguments: list[str], *, stdout: int | TextIO, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "annotator", *arguments]
    return subprocess.run(
        command, stdout=stdout, stderr=subprocess.PIPE, env={**os.environ, **environment},
        text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one child process")
def test_an_interrupt_that_is_swallowed_still_ends_the_command_with_a_sentence() -> None:
    program = (
        "import time\n"
        "from annotator.cli import model_commands\n"
        "from annotator.cli.run import run\n"
        "def deaf(wish, output):\n"
        "    try:\n"
        "        print('begun', flush=True)\n"
        "        time.sleep(30)\n"
        "    except KeyboardInterrupt: time.sleep(30)\n"
        "model_commands.doctor = deaf\n"
        "run(['doctor'])\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 1
    assert said.startswith("annotator: Stopped.")
    assert said.count("\n") == 1


def test_names_from_outside_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().fail("There is no 'a\x1b[2Jb'.")
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "[2Jb" in said
