"""The preview: a contact sheet of proposals, gathered while they stream by."""

from pathlib import Path

import numpy as np
from PIL import Image

from annotator.document.annotations import ImageTag, TextPrompt
from annotator.document.classes import BACKGROUND
from annotator.document.image_reading import read_pixels
from annotator.document.proposal import Proposal
from annotator.export.contact_sheet import TILE_LIMIT, SheetTile, render_contact_sheet
from annotator.export.dataset import Category
from annotator.flows.export_flow import categories
from annotator.flows.segment_flow import pixel_counts
from annotator.flows.workspace import Workspace

TILE_SIDE_LIMIT = 900  # pixels; a tile on the sheet is smaller, so nothing is lost to the eye


class Preview:
    """Keeps an even choice of ``total`` proposals, and the share of each class in all of them."""

    def __init__(self, workspace: Workspace, *, total: int) -> None:
        self._workspace = workspace
        self._chosen = _evenly(total, TILE_LIMIT)
        self._seen = 0
        self._tiles: list[SheetTile] = []
        self._pixels: dict[int, int] = {}

    def add(self, proposal: Proposal) -> None:
        """Count the proposal, and keep it if it is among the chosen."""
        for class_id, number in pixel_counts(proposal).items():
            self._pixels[class_id] = self._pixels.get(class_id, 0) + number
        if self._seen in self._chosen:
            self._tiles.append(self._tile(proposal))
        self._seen += 1

    def save(self, path: Path, *, title: str | None = None) -> Path | None:
        """Write the sheet as PNG; None if there was nothing to show."""
        if not self._tiles:
            return None
        all_pixels = sum(self._pixels.values())
        shares = {i: n / all_pixels for i, n in self._pixels.items() if i != BACKGROUND}
        sheet = render_contact_sheet(
            self._tiles,
            self._categories(),
            title or self._workspace.folder.name,
            self._subtitle(),
            shares=shares,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        sheet.save(path)
        return path

    def _categories(self) -> tuple[Category, ...]:
        return categories(self._workspace.project)

    def _subtitle(self) -> str:
        drawn = len(self._workspace.project.image_ids_with_cues())
        return f"{self._seen} images answered from cues on {drawn}"

    def _tile(self, proposal: Proposal) -> SheetTile:
        project = self._workspace.project
        entry = project.images[proposal.image_id]
        pixels = read_pixels(project.image_path(proposal.image_id), entry.page)
        scale = min(1.0, TILE_SIDE_LIMIT / max(pixels.shape[:2]))
        classes = proposal.classes
        if scale < 1.0:
            size = (max(round(entry.width * scale), 1), max(round(entry.height * scale), 1))
            pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
            classes = np.asarray(Image.fromarray(classes).resize(size, Image.Resampling.NEAREST))
        return SheetTile(self._caption(proposal), pixels, classes)

    def _caption(self, proposal: Proposal) -> str:
        project = self._workspace.project
        name = project.images[proposal.image_id].path
        cues = project.cues(proposal.image_id)
        drawn = sum(not isinstance(cue, TextPrompt | ImageTag) for cue in cues)
        return f"{name} · {drawn} drawn" if drawn else name


def _evenly(total: int, limit: int) -> frozenset[int]:
    if total <= limit:
        return frozenset(range(total))
    return frozenset(np.linspace(0, total - 1, limit).round().astype(int).tolist())
