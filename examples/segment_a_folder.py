"""The main job as a program: one stroke on each side of a class, every image of a folder answered.

    python examples/segment_a_folder.py [OUT]

Uses the coins that scikit-image ships; takes about ten seconds on a laptop's processor.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from annotator.document.annotations import Stroke
from annotator.document.classes import BACKGROUND
from annotator.document.edits import AddCue, add_class
from annotator.flows.export_flow import export_project, options
from annotator.flows.image_folder import add_folder
from annotator.flows.segment_flow import SegmentFlow, SegmentOptions, open_images
from annotator.flows.workspace import Workspace


def main(out: Path) -> None:
    """Make photographs, a project, two strokes; answer, accept, export."""
    photographs = out / "photographs"
    photographs.mkdir(parents=True)
    for k, strip in enumerate(np.array_split(data.coins(), 4, axis=1)):
        Image.fromarray(strip).save(photographs / f"coins_{k}.png")

    with Workspace.create(out / "project", photographs) as workspace:
        add_folder(workspace)
        project = workspace.project
        workspace.do("Add class, 'coin'", [add_class(project, "coin")])
        coin = project.classes.ids()[0]
        first = next(iter(project.images))
        for target, points in ((coin, ((38, 44), (50, 60))), (BACKGROUND, ((6, 88), (88, 88)))):
            cue = Stroke(project.next_cue_id(), target, points, radius=4)
            workspace.do("Stroke", [AddCue(first, cue)])

        flow = SegmentFlow(workspace, SegmentOptions())
        flow.learn()
        for answer in flow.answer(open_images(workspace)):
            if answer.proposal is not None:
                flow.accept(answer.proposal)
        result = export_project(workspace, out / "coco", options("coco", instances=True))
    print(f"{result.annotations} objects in {result.images} images: {result.folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp()) / "example")
