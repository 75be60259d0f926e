"""Tables as blobs and back: rows of images, rows of classes, settings."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

from annotator.document.classes import ClassId, ClassTable, LabelClass
from annotator.document.codec import (
    DamagedPayload,
    Header,
    deflate,
    inflate,
    seal,
    unseal,
    whole_number,
)
from annotator.document.edits_classes import check_row
from annotator.document.edits_images import check_entry
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId

Row = list[Any]  # JSON; every reader checks what it takes out


def pack_entries(entries: Sequence[ImageEntry]) -> tuple[Header, bytes]:
    """Entries as a header and one part; a hundred thousand of them come to about a megabyte."""
    rows = [[e.image_id, e.path, e.width, e.height, e.page, e.problem] for e in entries]
    text = json.dumps(rows, separators=(",", ":")).encode()
    return {"size": len(text)}, deflate(text)


def unpack_entries(header: Header, part: bytes) -> tuple[ImageEntry, ...]:
    """Entries from `pack_entries`; `DamagedPayload` for anything that is no sound entry."""
    rows = read_json(inflate(part, whole_number(header, "size")))
    if not isinstance(rows, list):
        raise DamagedPayload("no rows of images")
    return tuple(map(entry_of, rows))


def entry_of(row: Row | tuple[Any, ...]) -> ImageEntry:
    """An entry from id, path, width, height, page and problem; `DamagedPayload` if unsound."""
    try:
        image_id, path, width, height, page, problem = row
        if not type(image_id) is type(width) is type(height) is type(page) is int:
            raise DamagedPayload("image without numbers")
        if type(path) is not str or not (problem is None or type(problem) is str):
            raise DamagedPayload("image without path")
        entry = ImageEntry(ImageId(image_id), path, width, height, page, problem)
        check_entry(entry)
    except (InvalidEdit, TypeError, ValueError) as cause:
        raise DamagedPayload("image unsound") from cause
    return entry


def entry_crc(entry: ImageEntry) -> int:
    """CRC-32 of an entry, for the columns of the project file that have none of their own."""
    numbers = f"{entry.image_id} {entry.width} {entry.height} {entry.page}"
    return zlib.crc32(f"{numbers} {entry.problem} {entry.path}".encode())


def pack_classes(table: ClassTable) -> bytes:
    """The class table as one sealed blob."""
    return seal({"rows": [class_row(row) for row in table.rows]})


def unpack_classes(blob: bytes) -> ClassTable:
    """The class table in a blob; `DamagedPayload` for unsound rows or merges in a circle."""
    header, _ = unseal(blob)
    rows = header.get("rows")
    if not isinstance(rows, list):
        raise DamagedPayload("no rows of classes")
    table = ClassTable(tuple(map(class_of, rows)))
    merges = {row.class_id: row.merged_into for row in table.rows}
    if len(merges) < len(table.rows):
        raise DamagedPayload("class id given twice")
    for row in table.rows:
        _check_chain(row, merges)
    return table


def class_row(row: LabelClass) -> Row:
    """A class as JSON."""
    merged = None if row.merged_into is None else int(row.merged_into)
    return [int(row.class_id), row.name, list(map(int, row.colour)), merged, bool(row.removed)]


def class_of(row: Row) -> LabelClass:
    """A class from `class_row`; `DamagedPayload` for anything else."""
    try:
        class_id, name, (red, green, blue), merged, removed = row
        if {type(n) for n in (class_id, red, green, blue)} != {int} or type(removed) is not bool:
            raise DamagedPayload("class without numbers")
        if not (merged is None or type(merged) is int):
            raise DamagedPayload("class merged into nothing")
        target = None if merged is None else ClassId(merged)
        made = LabelClass(ClassId(class_id), name, (red, green, blue), target, removed)
        check_row(made)
    except (InvalidEdit, TypeError, ValueError, AttributeError) as cause:
        raise DamagedPayload("class unsound") from cause
    return made


def pack_settings(settings: dict[str, str]) -> bytes:
    """Settings as one sealed blob."""
    return seal(settings)


def unpack_settings(blob: bytes) -> dict[str, str]:
    """Settings in a blob; `DamagedPayload` where one is no text."""
    settings, _ = unseal(blob)
    if not all(isinstance(text, str) for text in settings.values()):
        raise DamagedPayload("setting is no text")
    return settings


def read_json(text: bytes) -> Any:
    """Parsed JSON; `DamagedPayload` where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise DamagedPayload("rows unreadable") from cause


def _check_chain(row: LabelClass, merges: dict[ClassId, ClassId | None]) -> None:
    seen, target = {row.class_id}, row.merged_into
    while target is not None:
        if target in seen or target not in merges:
            raise DamagedPayload("classes merged in a circle or into nothing")
        seen.add(target)
        target = merges[target]
