"""Edits: every change a person can make, as small frozen values that can be taken back.

Each has ``check(draft)``, which refuses what a person must not newly do; ``apply(draft)``, which
does it and refuses where the document is not as the edit expects; and ``inverse()``. Undoing runs
inverses without ``check``: what was once right to do is right to go back to.
"""

from typing import TypeAlias

from annotator.document.changes import Changes
from annotator.document.edits_classes import (
    AddClass,
    ChangeClass,
    DropClass,
    ReorderClasses,
    add_class,
    merge_classes,
    recolour_class,
    remove_class,
    rename_class,
    reorder_classes,
)
from annotator.document.edits_cues import AddCue, RemoveCue, ReplaceCue, remove_cue, replace_cue
from annotator.document.edits_images import (
    AddImages,
    ChangeImage,
    RemoveImages,
    remove_images,
    set_problem,
)
from annotator.document.edits_labels import LabelPatch, PixelValues, accept_patch, label_patch
from annotator.document.edits_settings import SetSetting, set_setting

Edit: TypeAlias = (
    AddImages
    | RemoveImages
    | ChangeImage
    | AddClass
    | DropClass
    | ChangeClass
    | ReorderClasses
    | AddCue
    | RemoveCue
    | ReplaceCue
    | LabelPatch
    | SetSetting
)

__all__ = [
    "AddClass",
    "AddCue",
    "AddImages",
    "ChangeClass",
    "ChangeImage",
    "Changes",
    "DropClass",
    "Edit",
    "LabelPatch",
    "PixelValues",
    "RemoveCue",
    "RemoveImages",
    "ReorderClasses",
    "ReplaceCue",
    "SetSetting",
    "accept_patch",
    "add_class",
    "label_patch",
    "merge_classes",
    "recolour_class",
    "remove_class",
    "remove_cue",
    "remove_images",
    "rename_class",
    "reorder_classes",
    "replace_cue",
    "set_problem",
    "set_setting",
]
