"""`annotator models fetch`: nothing comes unasked, and what comes is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotator.__main__ import main
from annotator.flows import engine_shelf
from engines.errors import EngineError


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were fetched, by a fetch that reaches no network."""
    names: list[str] = []

    def bring(one: Any, reporter: Any) -> Any:
        names.append(one.name)
        reporter.progress(0.5, "5 MB")
        raise EngineError(f"{one.url} cannot be fetched: the server says 404.")

    monkeypatch.setattr("engines.fetching.fetch", bring)
    monkeypatch.setenv("ANNOTATOR_MODELS", str(tmp_path / "models"))
    return names


def test_without_a_name_it_lists_what_there_is(
    fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch"]) == 0
    said = capsys.readouterr().out
    assert "clip_rn50" in said
    assert "Apache-2.0" in said
    assert main(["models", "fetch", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["fetchable"]
    assert {row["name"] for row in rows} == {row.name for row in engine_shelf.fetchable()}
    assert fetched == []


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_nothing_comes_before_the_licence_was_accepted(
    options: list[str], fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "clip_rn50", *options]) == 1
    said = capsys.readouterr()
    assert "accept the licence" in said.out + said.err
    assert fetched == []
    if options:
        assert json.loads(said.out)["ok"] is False


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("yes\n", ["clip_rn50"]), ("Y\n", ["clip_rn50"]), ("no\n", []), ("", [])],
)
def test_at_a_terminal_the_person_is_asked(
    typed: str,
    asked: list[str],
    fetched: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = type("Terminal", (), {"isatty": lambda _: True, "readline": lambda _: typed})
    monkeypatch.setattr("sys.stdin", terminal())
    assert main(["models", "fetch", "clip_rn50"]) == 1
    said = capsys.readouterr()
    assert "MIT" in said.out
    assert "https://huggingface.co/" in said.out
    assert fetched == asked


def test_a_machine_accepts_with_yes_and_reads_the_fault(
    fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "resnet18", "--yes", "--json"]) == 1
    assert "404" in json.loads(capsys.readouterr().out)["error"]
    assert fetched == ["resnet18"]


def test_a_name_nobody_publishes_lists_those_that_are(
    fetched: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "resnet19", "--yes"]) == 1
    assert "dinov2_vit_s14" in capsys.readouterr().err
    assert fetched == []
