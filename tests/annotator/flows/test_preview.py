"""The preview: an even choice, every image counted, huge ones reduced."""

from pathlib import Path

import numpy as np
from PIL import Image

from annotator.document.proposal import Proposal
from annotator.flows.preview import Preview, _evenly
from annotator.flows.workspace import Workspace


def test_the_choice_is_even_and_bounded() -> None:
    assert _evenly(5, 24) == frozenset(range(5))
    chosen = sorted(_evenly(1000, 24))
    assert len(chosen) == 24
    assert (chosen[0], chosen[-1]) == (0, 999)
    assert max(np.diff(chosen)) - min(np.diff(chosen)) <= 1


def test_a_sheet_is_written_for_what_was_added(tmp_path: Path, discs: Workspace) -> None:
    images = list(discs.project.images)
    preview = Preview(discs, total=len(images))
    assert preview.save(tmp_path / "none.png") is None
    for image in images:
        classes = np.ones(discs.project.images[image].size, np.uint8)
        preview.add(Proposal(image, classes, 0.1, 1))
    path = preview.save(tmp_path / "deep" / "sheet.png")
    assert path is not None
    with Image.open(path) as sheet:
        assert sheet.width > 1000
        assert len(sheet.getcolors(1 << 24) or ()) > 100, "photographs are on it"
