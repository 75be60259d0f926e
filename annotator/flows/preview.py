"""The preview: a contact sheet of proposals, gathered while they stream by."""

from pathlib import Path

import numpy as np
from PIL import Image

from annotator.document.annotations import (
    ERASE,
    Box,
    Cue,
    ImageTag,
    Point,
    Polygon,
    Stroke,
    TextPrompt,
)
from annotator.document.classes import BACKGROUND, IGNORE
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId
from annotator.document.label_map import Labels
from annotator.document.project import Project
from annotator.document.proposal import Proposal
from annotator.document.rasterise import stroke_mask
from annotator.export.contact_sheet import TILE_LIMIT, SheetTile, render_contact_sheet
from annotator.export.dataset import Category
from annotator.flows.export_flow import categories
from annotator.flows.segment_flow import pixel_counts
from annotator.flows.workspace import Workspace

OUTLINE_RADIUS = 0.5  # pixels, of polygons and boxes as they are shown
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
        maps = [proposal.classes]
        if project.cues(proposal.image_id):
            maps.append(_drawn_map(project, proposal.image_id))
        scale = min(1.0, TILE_SIDE_LIMIT / max(pixels.shape[:2]))
        if scale < 1.0:
            size = (max(round(entry.width * scale), 1), max(round(entry.height * scale), 1))
            pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
            nearest = Image.Resampling.NEAREST
            maps = [np.asarray(Image.fromarray(plane).resize(size, nearest)) for plane in maps]
        return SheetTile(self._caption(proposal), pixels, *maps)

    def _caption(self, proposal: Proposal) -> str:
        project = self._workspace.project
        name = project.images[proposal.image_id].path
        cues = project.cues(proposal.image_id)
        drawn = sum(not isinstance(cue, TextPrompt | ImageTag) for cue in cues)
        return f"{name} · {drawn} drawn" if drawn else name


def _drawn_map(project: Project, image_id: ImageId) -> Labels:
    """(H, W) uint8: strokes as they are, polygons and boxes as outlines; ignore elsewhere."""
    size = project.images[image_id].size
    drawn: Labels = np.full(size, IGNORE, np.uint8)
    for cue in project.cues(image_id):
        target = project.classes.resolve(cue.target) if cue.target != ERASE else IGNORE
        if target is None:
            continue
        for points, radius in _pen_tracks(cue):
            (x, y), mask = stroke_mask(points, radius, size)
            h, w = mask.shape
            drawn[y : y + h, x : x + w][mask] = target
    return drawn


def _pen_tracks(cue: Cue) -> list[tuple[tuple[Point, ...], float]]:
    """The lines to draw for a cue, each with its radius; patches of pixels have none."""
    match cue:
        case Stroke(points=points, radius=radius):
            return [(points, radius)]
        case Polygon(ring=ring, holes=holes):
            return [((*line, line[0]), OUTLINE_RADIUS) for line in (ring, *holes)]
        case Box(corners=(x0, y0, x1, y1)):
            corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
            return [(corners, OUTLINE_RADIUS)]
        case _:
            return []


def _evenly(total: int, limit: int) -> frozenset[int]:
    if total <= limit:
        return frozenset(range(total))
    return frozenset(np.linspace(0, total - 1, limit).round().astype(int).tolist())
