"""Checks of label images: every photograph has its labels, of its size, in known values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.export.dataset import BACKGROUND, IGNORE
from annotator.export.findings import Check, FindingsLog, Progress
from annotator.export.validate_files import find_inside, picture_fault, picture_size, read_label_png
from annotator.export.validate_json import is_integer, load_json
from annotator.export.validate_masks import Truth

TABLE_LIMIT_BYTES = 8 << 20
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


def check_label_images(
    folder: Path,
    log: FindingsLog,
    *,
    truth: Truth | None,
    report: Progress,
    raise_if_stopped: Callable[[], None],
) -> dict[str, int]:
    """Check ``folder/images`` against ``folder/masks`` and ``classes.json``; how much there is."""
    known = _known_values(folder, log)
    photos = _pictures(folder / "images")
    masks = {path.relative_to(folder / "masks").as_posix() for path in _pictures(folder / "masks")}
    for done, photo in enumerate(photos):
        raise_if_stopped()
        name = photo.relative_to(folder / "images").as_posix()
        report(done / len(photos), f"Checking {name}")
        label_name = Path(name).with_suffix(".png").as_posix()
        masks.discard(label_name)
        labels = _checked_pair(folder, photo, label_name, log)
        if labels is None:
            continue
        _check_values(labels, known, label_name, log)
        expected = truth(name) if truth is not None else None
        if expected is not None:
            _check_equal(labels, expected, label_name, log)
    for orphan in sorted(masks):
        log.error(Check.FILES, "masks", f"The label image '{orphan}' has no photograph.", orphan)
    return {"files": 1, "images": len(photos), "categories": len(known or ())}


def _pictures(folder: Path) -> list[Path]:
    """Pictures in a folder and below; links to folders are not followed."""
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURES)
    return [path for path in found if path.is_file()]


def _checked_pair(
    folder: Path, photo: Path, label_name: str, log: FindingsLog
) -> npt.NDArray[np.uint8] | None:
    log.examined(Check.FILES)
    where = photo.relative_to(folder).as_posix()
    try:
        find_inside(photo.relative_to(folder / "images").as_posix(), [folder / "images"])
        size = picture_size(photo)
        fault = picture_fault(photo, size)
        if fault is not None:
            raise ValueError(fault)
        path = find_inside(label_name, [folder / "masks"])
        if path is None:
            raise ValueError(f"it has no label image 'masks/{label_name}'")
        where = f"masks/{label_name}"
        return read_label_png(path, size)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        log.error(Check.FILES, where, f"The file is not usable: {error}.", where)
        return None


def _known_values(folder: Path, log: FindingsLog) -> set[int] | None:
    """Pixel values that ``classes.json`` names; None if there is no such table."""
    path = folder / "classes.json"
    if not path.exists():
        log.warning(Check.LOADS, path.name, "There is no classes.json, so values have no names.")
        return None
    log.examined(Check.LOADS)
    try:
        content: Any = load_json(path, TABLE_LIMIT_BYTES)
        ids = [row["id"] for row in content["classes"]]
    except (ValueError, KeyError, TypeError) as error:
        log.error(Check.LOADS, path.name, f"The table of classes cannot be read: {error}.")
        return None
    log.examined(Check.IDS, len(ids))
    if not all(is_integer(i) for i in ids) or ids != list(range(1, len(ids) + 1)):
        log.error(Check.IDS, path.name, f"Class ids are not 1 to {len(ids)} in order.")
        return {i for i in ids if is_integer(i)}
    return set(ids)


def _check_values(
    labels: npt.NDArray[np.uint8], known: set[int] | None, name: str, log: FindingsLog
) -> None:
    if known is None:
        return
    log.examined(Check.STRUCTURE)
    strange = sorted({int(v) for v in np.unique(labels)} - known - {BACKGROUND, IGNORE})
    if strange:
        text = f"The value {strange[0]} stands for no class of classes.json."
        log.error(Check.STRUCTURE, f"masks/{name}", text, name)


def _check_equal(
    labels: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint8], name: str, log: FindingsLog
) -> None:
    log.examined(Check.TRUTH)
    wrong = (
        int(np.count_nonzero(labels != expected)) if labels.shape == expected.shape else labels.size
    )
    if wrong:
        text = f"It differs from the accepted labels in {wrong} pixels."
        log.error(Check.TRUTH, f"masks/{name}", text, name)
