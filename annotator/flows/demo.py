"""The demo: real photographs that scikit-image ships, a handful of cues, the whole job."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.document.annotations import Box, Cue, Polygon, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue, add_class, set_setting
from annotator.document.errors import DocumentError
from annotator.document.project import Project
from annotator.flows.image_folder import QUIET, add_folder
from annotator.flows.kept_choices import BACKBONE
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter

DEFAULT_OUT = "annotator-demo"
DEMO_BACKBONE = "filters"  # coins and stained tissue are textures, and the pictures are small


@dataclass(frozen=True, slots=True)
class DemoFolders:
    """Where the demo puts things, all below one folder."""

    root: Path

    @property
    def images(self) -> Path:
        """The photographs, cut into tiles."""
        return self.root / "images"

    @property
    def project(self) -> Path:
        """The project."""
        return self.root / "project"

    @property
    def sheet(self) -> Path:
        """The picture to look at."""
        return self.root / "contact_sheet.png"

    def export(self, flavour: str) -> Path:
        """The dataset of one flavour."""
        return self.root / flavour


def demo_folders(wish: Path | None) -> DemoFolders:
    """An empty or new folder: the one asked for, else the first free 'annotator-demo'."""
    if wish is not None:
        if wish.exists() and (not wish.is_dir() or any(wish.iterdir())):
            raise DocumentError(
                f"'{wish}' holds something already; choose an empty folder for --out."
            )
        return DemoFolders(wish)
    number = 1
    while (folder := Path(DEFAULT_OUT if number == 1 else f"{DEFAULT_OUT}-{number}")).exists():
        number += 1
    return DemoFolders(folder)


def make_demo_project(folders: DemoFolders, reporter: Reporter = QUIET) -> Workspace:
    """Cut the photographs, make the project, draw the stored cues; the caller closes it."""
    script = _script()
    folders.images.mkdir(parents=True)
    _write_tiles(folders.images, script["tiles"])
    workspace = Workspace.create(folders.project, folders.images)
    add_folder(workspace, reporter)
    for name, (red, green, blue) in script["classes"]:
        made = add_class(workspace.project, name, (red, green, blue))
        workspace.do(gesture("Add class", name), [made])
    choice = set_setting(workspace.project, BACKBONE, DEMO_BACKBONE)
    workspace.do(gesture("Backbone", DEMO_BACKBONE), [choice])
    for path, drawings in script["cues"].items():
        _draw(workspace, path, drawings)
    return workspace


def cue_count(project: Project) -> dict[str, int]:
    """How many cues of each kind were drawn: {'stroke': 10, 'box': 1, ...}."""
    kinds = [
        type(cue).__name__.lower()
        for image_id in project.image_ids_with_cues()
        for cue in project.cues(image_id)
    ]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _draw(workspace: Workspace, path: str, drawings: list[dict[str, Any]]) -> None:
    project = workspace.project
    entry = project.image_named(path)
    if entry is None:
        raise DocumentError(f"The demo's photograph '{path}' is missing from its project.")
    for drawing in drawings:
        cue = _cue(drawing, project)
        workspace.do(
            gesture(drawing["kind"].capitalize(), drawing["class"]), [AddCue(entry.image_id, cue)]
        )


def _cue(drawing: dict[str, Any], project: Project) -> Cue:
    cue_id, target = project.next_cue_id(), _class_id(project, drawing["class"])
    match drawing["kind"]:
        case "stroke":
            return Stroke(cue_id, target, _points(drawing["points"]), float(drawing["radius"]))
        case "polygon":
            return Polygon(cue_id, target, _points(drawing["ring"]))
        case "box":
            x0, y0, x1, y1 = map(float, drawing["corners"])
            return Box(cue_id, target, (x0, y0, x1, y1))
        case kind:
            raise DocumentError(f"The demo's script asks for a cue of the unknown kind '{kind}'.")


def _class_id(project: Project, name: str) -> ClassId:
    found = project.classes.named(name)
    return BACKGROUND if found is None else found.class_id


def _points(pairs: list[list[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in pairs)


def _write_tiles(folder: Path, grids: dict[str, list[int]]) -> None:
    from skimage import data

    photographs = {"slide": data.immunohistochemistry(), "coins": data.coins()}
    for name, (rows, columns) in grids.items():
        (folder / name).mkdir()
        for (row, column), tile in _tiles(photographs[name], rows, columns):
            Image.fromarray(tile).save(folder / name / f"{name}_{row + 1}{column + 1}.png")


def _tiles(
    photograph: npt.NDArray[np.uint8], rows: int, columns: int
) -> list[tuple[tuple[int, int], npt.NDArray[np.uint8]]]:
    strips = np.array_split(photograph, rows, axis=0)
    cut = [np.array_split(strip, columns, axis=1) for strip in strips]
    return [
        ((row, column), np.ascontiguousarray(cut[row][column]))
        for row in range(rows)
        for column in range(columns)
    ]


def _script() -> dict[str, Any]:
    """The stored cues: in the source tree, or inside the installed package."""
    beside_source = Path(__file__).parents[2] / "assets" / "demo" / "cues.json"
    installed = resources.files("annotator") / "_assets" / "demo" / "cues.json"
    source = beside_source if beside_source.is_file() else installed
    script: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return script
