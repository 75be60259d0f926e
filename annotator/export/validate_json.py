"""COCO JSON from anywhere, read with suspicion: size, structure, ids and native values."""

import json
import math
import os
import stat
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from annotator.export.findings import Check, FindingsLog

JSON_LIMIT_BYTES = 4 << 30
LARGEST_SIDE = 1_000_000
LARGEST_IMAGE_PIXELS = 2_000_000_000  # pycocotools counts pixels in 32 bits
LARGEST_ID = 2**53  # beyond it readers in other languages lose digits
LISTS = ("images", "annotations", "categories")

Record = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Instances:
    """The sound entries of one instances file; unsound ones are findings and left out."""

    path: Path
    name: str  # as findings call the file
    images: dict[int, Record]
    annotations: list[Record]
    categories: dict[int, Record]
    intact: bool  # whether the whole file may be given to pycocotools


class _NotANumberError(ValueError):
    """JSON that spells NaN or Infinity."""


def load_json(path: Path, limit_bytes: int = JSON_LIMIT_BYTES) -> Any:
    """The content of a JSON file; `ValueError` with a clause that says what is wrong with it."""
    try:
        facts = os.lstat(path)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("it is not a regular file")
        if facts.st_size > limit_bytes:
            raise ValueError(f"it is larger than {limit_bytes >> 20} MiB")
        with path.open(encoding="utf-8-sig") as stream:
            return json.load(stream, parse_constant=_refuse_constant)
    except OSError as error:
        raise ValueError(f"it cannot be opened ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    except _NotANumberError:
        raise
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}: {error.msg})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_instances(path: Path, name: str, log: FindingsLog, *, ours: bool) -> Instances | None:
    """Read and check one instances file; None if nothing in it can be used.

    ``ours`` makes findings of what other programs may do but this one never does.
    """
    log.examined(Check.LOADS)
    try:
        content = load_json(path)
    except ValueError as error:
        log.error(Check.LOADS, name, f"The file cannot be read: {error}.")
        return None
    if not isinstance(content, dict) or any(not isinstance(content.get(k), list) for k in LISTS):
        log.error(
            Check.LOADS, name, "The file is not COCO: it needs lists of " + ", ".join(LISTS) + "."
        )
        return None
    before = log.errors(Check.STRUCTURE) + log.errors(Check.IDS)
    for key in ("info", "licenses"):
        if key not in content:
            say = log.error if ours else log.warning
            say(Check.STRUCTURE, name, f"'{key}' is missing; some readers want it.")
    categories = _sound(content["categories"], "category", _category_fault, name, log)
    images = _sound(content["images"], "image", _image_fault, name, log)
    annotations = _sound(content["annotations"], "annotation", _annotation_fault, name, log)
    _check_category_ids(categories, name, log)
    kept = _connected(annotations, images, categories, name, log)
    intact = log.errors(Check.STRUCTURE) + log.errors(Check.IDS) == before
    by_id = {record["id"]: record for record in images}
    return Instances(path, name, by_id, kept, {c["id"]: c for c in categories}, intact)


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumberError(f"it holds {name}, which is not JSON")


def _sound(
    records: list[Any], kind: str, fault_of: Any, name: str, log: FindingsLog
) -> list[Record]:
    """The records without fault, ids unique; a finding for every other one."""
    sound: list[Record] = []
    seen: Counter[int] = Counter()
    log.examined(Check.STRUCTURE, len(records))
    log.examined(Check.IDS, len(records))
    for position, record in enumerate(records):
        if not isinstance(record, dict) or not is_integer(record.get("id")):
            log.error(Check.STRUCTURE, name, f"The {kind} at position {position} has no whole id.")
            continue
        number = record["id"]
        fault = fault_of(record)
        if fault is not None:
            log.error(Check.STRUCTURE, name, f"The {kind} {number} {fault}.", number)
            continue
        seen[number] += 1
        if seen[number] > 1:
            log.error(Check.IDS, name, f"The {kind} id {number} is used more than once.", number)
            continue
        if not 1 <= number <= LARGEST_ID:
            text = f"The {kind} id {number} is out of range; ids start at 1, some readers ignore 0."
            log.error(Check.IDS, name, text, number)
        sound.append(record)
    return sound


def is_integer(value: object) -> bool:
    """A whole number that is not a truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_finite(value: object) -> bool:
    """A whole or real number that is neither NaN nor infinite, and fits a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e15 and math.isfinite(value)


def _category_fault(record: Record) -> str | None:
    if not isinstance(record.get("name"), str) or not record["name"].strip():
        return "has no name"
    return None


def _image_fault(record: Record) -> str | None:
    sides: tuple[Any, Any] = record.get("width"), record.get("height")
    if not all(is_integer(side) for side in sides):
        return "has a width or height that is not a whole number"
    if not all(1 <= side <= LARGEST_SIDE for side in sides):
        return f"claims a size of {sides[0]} x {sides[1]} pixels"
    if sides[0] * sides[1] > LARGEST_IMAGE_PIXELS:
        return f"claims more pixels than a mask can have ({sides[0]} x {sides[1]})"
    if not isinstance(record.get("file_name"), str) or not record["file_name"]:
        return "has no file name"
    return None


def _annotation_fault(record: Record) -> str | None:
    if not is_integer(record.get("image_id")) or not is_integer(record.get("category_id")):
        return "does not name its image and category by whole numbers"
    crowd = record.get("iscrowd", 0)
    if not is_integer(crowd) or crowd not in (0, 1):
        return "has an iscrowd that is neither 0 nor 1"
    if "ignore" in record:
        return "has the key 'ignore', at which detectron2 stops"
    bbox = record.get("bbox")
    if not isinstance(bbox, list) or len(bbox) != 4 or not all(map(is_finite, bbox)):
        return "has a bbox that is not four finite numbers"
    if not is_finite(record.get("area")):
        return "has an area that is not a finite number"
    if not isinstance(record.get("segmentation"), list | dict):
        return "has no segmentation"
    return None


def _check_category_ids(categories: list[Record], name: str, log: FindingsLog) -> None:
    ids = sorted(record["id"] for record in categories)
    if ids and ids[0] >= 1 and ids != list(range(1, len(ids) + 1)):
        log.warning(Check.IDS, name, f"Category ids are not 1 to {len(ids)} without gaps.")
    twice = [word for word, n in Counter(r["name"] for r in categories).items() if n > 1]
    for word in twice[:10]:
        log.warning(Check.IDS, name, f"Two categories are called '{word[:80]}'.")


def _connected(
    annotations: Iterable[Record],
    images: list[Record],
    categories: list[Record],
    name: str,
    log: FindingsLog,
) -> list[Record]:
    """Annotations whose image and category exist."""
    image_ids = {record["id"] for record in images}
    category_ids = {record["id"] for record in categories}
    kept = []
    for record in annotations:
        if record["image_id"] not in image_ids:
            text = f"The annotation {record['id']} belongs to no image of the file."
        elif record["category_id"] not in category_ids:
            text = (
                f"The annotation {record['id']} has the unknown category {record['category_id']}."
            )
        else:
            kept.append(record)
            continue
        log.error(Check.IDS, name, text, record["id"])
    return kept
