"""Output names: unique, portable stems for the images of an export, subfolders kept."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from annotator.export.dataset import ExportImage

# Windows keeps these for devices, with any extension and in any case.
RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"]
)
UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\ud800-\udfff]')
DRIVE = re.compile(r"^[A-Za-z]:")
WRITTEN_SUFFIXES = (".png", ".jpg", ".jpeg")
PART_LIMIT_BYTES = 160  # file systems stop at 255; room is left for page, number and extension
DEPTH_LIMIT = 8  # deeper folders are joined, so that Windows' 260 characters are not reached early


def output_stems(images: Sequence[ExportImage]) -> tuple[str, ...]:
    """One POSIX path without extension per image, in order.

    No two are equal when case and Unicode form are ignored, so photographs and masks of any
    extension can share a stem. A page of a multi-page file ends in ``_p0003`` (pages count from 0).
    """
    pages = Counter((image.name, image.source) for image in images)
    taken: set[str] = set()
    stems: list[str] = []
    for image in images:
        stem = safe_stem(image.name)
        if image.page > 0 or pages[(image.name, image.source)] > 1:
            stem = f"{stem}_p{image.page:04d}"
        stems.append(_unique(stem, taken))
    return tuple(stems)


def safe_stem(name: str) -> str:
    """A relative POSIX path without extension that every common file system accepts.

    Of an absolute path only the file name is kept: the folders of a person's disk are private.
    """
    flat = name.replace("\\", "/")
    absolute = flat.startswith("/") or DRIVE.match(flat) is not None
    parts = [part for part in DRIVE.sub("", flat).split("/") if part not in ("", ".", "..")]
    *folders, last = parts or ["image"]
    kept = [] if absolute else [_safe_part(_without_suffix_look(part)) for part in folders]
    if len(kept) > DEPTH_LIMIT:
        kept = [*kept[: DEPTH_LIMIT - 1], _safe_part("_".join(kept[DEPTH_LIMIT - 1 :]))]
    stem = last.rpartition(".")[0] or last
    return "/".join([*kept, _safe_part(stem)])


def _without_suffix_look(folder: str) -> str:
    """A folder called ``a.png`` would stand where the file ``a.png`` has to."""
    return f"{folder}_" if folder.lower().endswith(WRITTEN_SUFFIXES) else folder


def _safe_part(part: str) -> str:
    clean = UNSAFE.sub("_", unicodedata.normalize("NFC", part))
    clean = clean.encode()[:PART_LIMIT_BYTES].decode(errors="ignore").strip(" ").rstrip(". ")
    if not clean:
        return "_"
    return f"_{clean}" if clean.split(".")[0].strip().lower() in RESERVED else clean


def _unique(stem: str, taken: set[str]) -> str:
    candidate, number = stem, 1
    while _collision_key(candidate) in taken:
        number += 1
        candidate = f"{stem}_{number}"
    taken.add(_collision_key(candidate))
    return candidate


def _collision_key(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())
