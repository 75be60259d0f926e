"""Small projects for panels to show."""

from pathlib import Path

import numpy as np
from PIL import Image

from annotator.document.edits import add_class
from annotator.flows.image_folder import add_folder
from annotator.flows.workspace import Workspace


def few_images(folder: Path, *, count: int = 5, classes: tuple[str, ...] = ()) -> Workspace:
    """A project of small one-coloured pictures and one file that is none."""
    images = folder / "images"
    images.mkdir(parents=True)
    for k in range(count):
        pixels = np.full((60, 80, 3), (40 * k, 90, 200 - 40 * k), np.uint8)
        Image.fromarray(pixels).save(images / f"picture_{k}.png")
    (images / "broken.png").write_bytes(b"this is no picture")
    workspace = Workspace.create(folder / "project", images)
    add_folder(workspace)
    for name in classes:
        workspace.do(f"Add {name}", [add_class(workspace.project, name)])
    return workspace
