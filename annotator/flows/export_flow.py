"""From the project to a dataset on disk, and the check of one that lies there."""

from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from annotator.document.errors import DocumentError
from annotator.document.image_reading import read_pixels
from annotator.document.images import ImageId
from annotator.document.project import Project
from annotator.export.dataset import Category, Dataset, ExportImage
from annotator.export.exporter import (
    ExportOptions,
    ExportResult,
    Format,
    export_dataset,
)
from annotator.export.findings import ValidationReport
from annotator.export.splits import SplitShares
from annotator.export.validate import validate_export
from annotator.flows.image_folder import QUIET, require_image_root
from annotator.flows.workspace import Workspace
from engines.reporting import Reporter

__all__ = [
    "ExportOptions",
    "ExportResult",
    "ValidationReport",
    "categories",
    "export_project",
    "options",
    "validate_folder",
]


def options(
    flavour: str,
    *,
    split: tuple[int, ...] | None = None,
    seed: int = 0,
    instances: bool = False,
    masks: bool = False,
    overwrite: bool = False,
) -> ExportOptions:
    """What to write; ``split`` is one to three shares in percent: train, val, test.

    ``masks`` adds label images to a COCO export. Raises `InvalidOption` for shares that are all 0.
    """
    shares = None if split is None else SplitShares(*(*split, 0, 0)[:3])
    return ExportOptions(
        format=cast(Format, flavour),
        split=shares,
        seed=seed,
        instances=instances,
        masks=masks,
        overwrite=overwrite,
    )


def export_project(
    workspace: Workspace, out: Path, wish: ExportOptions, reporter: Reporter = QUIET
) -> ExportResult:
    """Write every image that has truth, prove the result, then put it in place.

    Raises `DocumentError` if there is no truth yet, `ExportError` for anything that keeps the
    dataset from being written whole.
    """

    def report(fraction: float, message: str) -> None:
        reporter.raise_if_cancelled()
        reporter.progress(fraction, message)

    return export_dataset(dataset(workspace), out, wish, report=report)


def validate_folder(folder: Path, reporter: Reporter = QUIET) -> ValidationReport:
    """Run the checks on a dataset somewhere on disk, ours or not."""

    def report(fraction: float, message: str) -> None:
        reporter.raise_if_cancelled()
        reporter.progress(fraction, message)

    return validate_export(folder, report=report)


def dataset(workspace: Workspace) -> Dataset:
    """The project as exporters see it: images with truth, in project order."""
    project = workspace.project
    labelled = set(project.image_ids_with_labels())
    chosen = [i for i, entry in project.images.items() if i in labelled and entry.problem is None]
    if not chosen:
        raise DocumentError(
            f"Nothing in '{workspace.folder}' is accepted yet; accept answers first, for instance "
            "with 'annotator segment --accept', or import masks."
        )
    require_image_root(workspace)
    return Dataset(
        title=workspace.folder.resolve().name,
        categories=categories(project),
        images=[_export_image(project, image_id) for image_id in chosen],
    )


def categories(project: Project) -> tuple[Category, ...]:
    """Live classes by stable id, so that renaming and reordering never renumber a dataset."""
    return tuple(
        Category(int(row.class_id), row.name, row.colour)
        for row in sorted(project.classes, key=lambda row: row.class_id)
    )


def _export_image(project: Project, image_id: ImageId) -> ExportImage:
    entry, path = project.images[image_id], project.image_path(image_id)
    return ExportImage(
        name=entry.path,
        size=entry.size,
        read_pixels=partial(read_pixels, path, entry.page),
        read_classes=partial(_read_classes, project, image_id),
        source=path,
        page=entry.page,
    )


def _read_classes(project: Project, image_id: ImageId) -> npt.NDArray[np.uint8]:
    return project.visible_classes(image_id)
