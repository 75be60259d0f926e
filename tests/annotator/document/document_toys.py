"""Small things to do to a toy project."""

import numpy as np

from annotator.document.annotations import BitMask
from annotator.document.edits import AddImages, Edit, label_patch
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import Provenance
from annotator.document.project_file import ProjectFile
from annotator.document.project_folder import OpenProject

DRAWN = int(Provenance.DRAWN)


def file_of(opened: OpenProject) -> ProjectFile:
    file = opened.project.store
    assert isinstance(file, ProjectFile)
    return file


def add_toy_image(opened: OpenProject, width: int = 64, height: int = 48) -> ImageId:
    image_id = opened.project.next_image_id()
    entry = ImageEntry(image_id, f"{image_id}.png", width, height)
    opened.history.do("Add images", [AddImages((entry,))])
    return image_id


def noise_patch(opened: OpenProject, image_id: ImageId, seed: int) -> Edit:
    entry = opened.project.image(image_id)
    classes = np.random.default_rng(seed).integers(0, 2, entry.size, np.uint8)
    whole = BitMask.of(np.ones(entry.size, bool))
    return label_patch(opened.project, image_id, whole, classes, DRAWN)
