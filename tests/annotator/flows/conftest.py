"""A workspace with six photographs and one class, for walking flows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from annotator.document.edits import add_class
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace


@pytest.fixture
def discs(tmp_path: Path, photographs: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "project", photographs) as opened:
        add_folder(opened)
        opened.do("Add disc", [add_class(opened.project, "disc")])
        yield opened
