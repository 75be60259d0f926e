"""Muted images: those whose marks stand but teach nothing, kept as settings of the project."""

from annotator.document.edits import SetSetting, set_setting
from annotator.document.images import ImageId
from annotator.document.project import Project

PREFIX = "muted/"  # one setting for each image, so that none of them is ever too long
YES = "yes"


def muted_images(project: Project) -> frozenset[ImageId]:
    """Images that are to teach nothing, whether or not there is anything on them to learn."""
    named = (key.removeprefix(PREFIX) for key in project.settings if key.startswith(PREFIX))
    numbers = (ImageId(int(name)) for name in named if name.isascii() and name.isdecimal())
    return frozenset(number for number in numbers if number in project.images)


def mute_edit(project: Project, image_id: ImageId, *, muted: bool) -> SetSetting:
    """The edit that mutes an image or lets it teach again; `InvalidEdit` if there is none."""
    project.image(image_id)
    return set_setting(project, f"{PREFIX}{image_id}", YES if muted else None)
