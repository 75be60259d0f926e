"""Tables that name the values of label images: classes.json, classes.csv or labels.txt.

classes.json   {"classes": [{"id": 1, "name": "cat"}, ...]}, {"1": "cat", ...} or ["cat", ...]
classes.csv    a header with the columns ``id`` and ``name``
labels.txt     one name a line, from 1 on (a first line ``background`` is 0), or ``1 cat``
"""

import csv
import json
import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from annotator.document.classes import BACKGROUND, LARGEST_ID, checked_name
from annotator.document.errors import InvalidEdit
from annotator.importing.errors import UnreadableLabels

TABLE_LIMIT_BYTES = 4 << 20
NUMBERED = re.compile(r"(\d{1,3})\s*[\s:;,]\s*(\S.*)")
BACKGROUND_WORDS = frozenset({"background", "_background_", "__background__"})
SKIPPED_WORDS = frozenset({"__ignore__"})  # labelme's first line, which stands for -1


def read_class_table(folder: Path) -> dict[int, str]:
    """Pixel value -> class name from the first table that ``folder`` has; empty without any.

    Raises `UnreadableLabels` if the table is there but cannot be used.
    """
    for name, parse in (("classes.json", _json), ("classes.csv", _csv), ("labels.txt", _lines)):
        path = folder / name
        if path.is_file():
            try:
                return _checked(parse(_text(path)))
            except (ValueError, KeyError, TypeError, RecursionError, csv.Error) as error:
                raise UnreadableLabels(
                    f"The table of classes '{path}' cannot be read ({error}); mend or remove it."
                ) from error
    return {}


def _text(path: Path) -> str:
    if path.stat().st_size > TABLE_LIMIT_BYTES:
        raise ValueError(f"it is larger than {TABLE_LIMIT_BYTES >> 20} MiB")
    return path.read_text("utf-8-sig")


def _json(text: str) -> Iterable[tuple[int, str]]:
    content: Any = json.loads(text)
    if isinstance(content, dict) and isinstance(content.get("classes"), list):
        content = content["classes"]
    if isinstance(content, dict):
        return [(int(value), name) for value, name in content.items()]
    if all(isinstance(row, dict) for row in content):
        return [(int(row["id"]), row["name"]) for row in content]
    return list(enumerate(content, start=1))


def _csv(text: str) -> Iterable[tuple[int, str]]:
    return [(int(row["id"]), row["name"]) for row in csv.DictReader(StringIO(text, newline=""))]


def _lines(text: str) -> Iterable[tuple[int, str]]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    numbered = [NUMBERED.fullmatch(line) for line in lines]
    if lines and all(numbered):
        return [(int(match[1]), match[2]) for match in numbered if match is not None]
    names = [line for line in lines if line.lower() not in SKIPPED_WORDS]
    first = BACKGROUND if names and names[0].lower() in BACKGROUND_WORDS else BACKGROUND + 1
    return list(enumerate(names, start=first))


def _checked(rows: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Names of values 1 to 254; `ValueError` for anything a project could not hold."""
    names: dict[int, str] = {}
    for value, name in rows:
        if not isinstance(name, str):
            raise TypeError(f"the name of class {value} is no text")
        if value == BACKGROUND or value > LARGEST_ID:  # background and ignore have no class
            continue
        if value < 0 or value in names:
            raise ValueError(f"the class id {value} is negative or used twice")
        try:
            names[value] = checked_name(name)
        except InvalidEdit as error:
            raise ValueError(f"class {value}: {error}") from error
    return names
