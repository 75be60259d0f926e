"""The walls hold: the contracts pass as the code stands, and each one fails when it is broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# contract -> (module that misbehaves, the import it must not have)
BREACHES = {
    "annotator floors": ("annotator/document/classes.py", "import annotator.flows.workspace"),
    "engines floors": ("engines/backbones/backbone.py", "import engines.sessions.catalog"),
    "engines know neither the screen nor the document": (
        "engines/metrics.py",
        "import annotator.document.classes",
    ),
    "document, export and importing know neither Qt nor torch": (
        "annotator/export/dataset.py",
        "import torch",
    ),
    "one door: only flows opens engines": (
        "annotator/cli/output.py",
        "import engines.exchange",
    ),
    "canvas knows neither engines nor torch": (
        "annotator/canvas/overlay.py",
        "import engines.exchange",
    ),
    "panels, window and look know neither engines nor torch": (
        "annotator/look/colours.py",
        "import torch",
    ),
    "screen floors: panels and canvas apart, both on look": (
        "annotator/panels/balance.py",
        "import annotator.canvas.overlay",
    ),
    "the vocabulary of the door is free of torch": ("engines/exchange.py", "import torch"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    for package in ("annotator", "engines"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copied_tree: Path) -> None:
    result = lint(copied_tree)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_of_each_contract_is_caught(contract: str, copied_tree: Path) -> None:
    module, breach = BREACHES[contract]
    path = copied_tree / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{breach}\n", encoding="utf-8")
    result = lint(copied_tree)
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if line.strip().endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), result.stdout


def test_every_contract_of_the_house_is_broken_once_here() -> None:
    import tomllib

    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [c["name"] for c in configured["tool"]["importlinter"]["contracts"]]
    assert sorted(names) == sorted(BREACHES)
