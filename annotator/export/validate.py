"""Validation of a dataset on disk: what this program wrote, or COCO and label images of others."""

import contextlib
import io
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pycocotools.coco import COCO

from annotator.export.errors import ExportStopped
from annotator.export.findings import Check, FindingsLog, Progress, StopQuestion, ValidationReport
from annotator.export.staging import MARKER, REPORT_LIMIT_BYTES, REPORT_NAME
from annotator.export.validate_files import (
    check_image_file,
    find_inside,
    picture_size,
    read_label_png,
)
from annotator.export.validate_json import Instances, load_json, read_instances
from annotator.export.validate_label_images import check_label_images
from annotator.export.validate_masks import Truth, check_masks, check_truth
from annotator.export.validate_score import ScoreSample

FILES_LIMIT = 64
NOT_INSTANCES = frozenset({REPORT_NAME, "classes.json"})


def _quiet(fraction: float, message: str) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


def validate_export(
    folder: Path,
    *,
    truth: Truth | None = None,
    ours: bool | None = None,
    report: Progress = _quiet,
    should_stop: StopQuestion = _never,
) -> ValidationReport:
    """Check everything that can be checked in ``folder``; findings instead of exceptions.

    ``truth`` gives the (H, W) uint8 category numbers that an image's file name stands for, or None.
    Without it the label images beside a COCO export are the truth, if it has any. ``ours`` asks for
    what this program promises beyond the format; by default report.json decides. Raises
    `ExportStopped` and nothing else, whatever the files hold.
    """
    log = FindingsLog()
    ours = written_by_us(folder) if ours is None else ours
    files = instances_files(folder)
    stop = _stopping(should_stop)
    labelled = (folder / "masks").is_dir() and (ours or not files)
    kind, counts = "masks", dict[str, int]()
    if files:
        walk = _CocoWalk(folder, log, ours=ours, truth=truth or _masks_beside(folder, ours=ours))
        kind, counts = walk.run(files, _part(report, 0, 1 + labelled), stop)
    if labelled:
        part = _part(report, int(bool(files)), int(bool(files)) + 1)
        found = check_label_images(folder, log, truth=truth, report=part, raise_if_stopped=stop)
        counts = counts or found
    if files or labelled:
        return log.report(folder, kind, counts)
    text = "There is neither a COCO file nor a folder 'masks' in here."
    log.error(Check.LOADS, folder.name, text if folder.is_dir() else "There is no such folder.")
    return log.report(folder, "nothing", {})


def written_by_us(folder: Path) -> bool:
    """Whether report.json says so."""
    try:
        marked = load_json(folder / REPORT_NAME, REPORT_LIMIT_BYTES)
    except ValueError:
        return False
    return isinstance(marked, dict) and MARKER in marked


def instances_files(folder: Path) -> list[Path]:
    """COCO files of a dataset: those in ``annotations``, else those in the folder itself."""
    for place in (folder / "annotations", folder):
        with contextlib.suppress(OSError):
            found = sorted(path for path in place.glob("*.json") if path.name not in NOT_INSTANCES)
            if found:
                return found[:FILES_LIMIT]
    return []


class _CocoWalk:
    """One pass over the COCO files of a folder, image by image."""

    def __init__(self, folder: Path, log: FindingsLog, *, ours: bool, truth: Truth | None) -> None:
        self._folder = folder
        self._log = log
        self._ours = ours
        self._truth = truth
        self._polygons = 0
        self._counts: dict[str, int] = {"files": 0, "images": 0, "annotations": 0, "categories": 0}

    def run(
        self, files: list[Path], report: Progress, stop: Callable[[], None]
    ) -> tuple[str, dict[str, int]]:
        """Check every file; the kind of dataset it is, and how much there is of it."""
        owners: dict[str, str] = {}
        for position, path in enumerate(files):
            name = path.relative_to(self._folder).as_posix()
            instances = read_instances(path, name, self._log, ours=self._ours)
            if instances is None:
                continue
            self._check_loading(instances)
            self._check_owners(instances, owners)
            self._walk(instances, _part(report, position, len(files)), stop)
        kind = "coco-polygons" if self._polygons * 2 > self._counts["annotations"] else "coco"
        return kind, self._counts

    def _check_loading(self, instances: Instances) -> None:
        """Index the file with pycocotools as its readers do; only once it is known to be sound."""
        if not instances.intact:
            return
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                COCO(str(instances.path))
        except (KeyError, TypeError, ValueError, AssertionError, AttributeError, OSError) as error:
            text = f"pycocotools cannot load the file: {error!r}."
            self._log.error(Check.LOADS, instances.name, text)

    def _check_owners(self, instances: Instances, owners: dict[str, str]) -> None:
        """Every picture belongs to one entry of one file."""
        for number, image in instances.images.items():
            owner = owners.setdefault(image["file_name"], f"{instances.name}, image {number}")
            if owner != f"{instances.name}, image {number}":
                text = f"The image '{image['file_name'][:200]}' is listed twice (also in {owner})."
                self._log.error(Check.IDS, instances.name, text, number)

    def _walk(self, instances: Instances, report: Progress, stop: Callable[[], None]) -> None:
        of_image = defaultdict(list)
        for record in instances.annotations:
            of_image[record["image_id"]].append(record)
            self._polygons += isinstance(record["segmentation"], list)
        self._counts["files"] += 1
        self._counts["images"] += len(instances.images)
        self._counts["annotations"] += len(instances.annotations)
        self._counts["categories"] = max(self._counts["categories"], len(instances.categories))
        roots = self._roots(instances)
        sample = ScoreSample(instances)
        for done, (image_id, image) in enumerate(instances.images.items()):
            stop()
            report(done / len(instances.images), f"Checking {image['file_name'][:120]}")
            size = int(image["height"]), int(image["width"])
            check_image_file(image["file_name"], size, roots, instances.name, self._log)
            records = of_image[image_id]
            sound = check_masks(instances, image_id, records, self._log, ours=self._ours)
            truth = self._truth(image["file_name"]) if self._truth is not None else None
            if truth is not None:
                check_truth(instances, image_id, sound, truth, self._log)
            sample.offer(image_id, sound)
        sample.check(self._log)

    def _roots(self, instances: Instances) -> list[Path]:
        """Where the images of a file may be: ours are in ``images``, others name it by split."""
        split = instances.path.stem.removeprefix("instances_")
        base = self._folder.parent if self._folder.name == "annotations" else self._folder
        return [base / "images", base / "images" / split, base / split, base]


def _masks_beside(folder: Path, *, ours: bool) -> Truth | None:
    """The label images of our own export as truth."""
    masks = folder / "masks"
    if not ours or not masks.is_dir():
        return None

    def read(file_name: str) -> npt.NDArray[np.uint8] | None:
        try:
            path = find_inside(Path(file_name).with_suffix(".png").as_posix(), [masks])
            if path is None:
                return None
            return read_label_png(path, picture_size(path))
        except (ValueError, OSError, SyntaxError, Image.DecompressionBombError):
            return None

    return read


def _part(report: Progress, position: int, count: int) -> Progress:
    """Progress of one of ``count`` equal parts, as progress of the whole."""
    return lambda fraction, message: report((position + fraction) / count, message)


def _stopping(should_stop: StopQuestion) -> Callable[[], None]:
    def raise_if_stopped() -> None:
        if should_stop():
            raise ExportStopped("The work was stopped.")

    return raise_if_stopped
