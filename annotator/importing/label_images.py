"""Label images: PNGs whose pixel values are class ids, matched by name to the images of a project.

0 is background, 255 is ignore. Palette, 8-bit grey and 1-bit grey are taken; colours, 16 bits and
anything scaled are refused, because their values are not ids.
"""

import os
import stat
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.document.classes import IGNORE
from annotator.importing.class_tables import read_class_table
from annotator.importing.errors import LabelFolderMissing, UnreadableLabels

Ids = npt.NDArray[np.uint8]  # (H, W)

FILE_LIMIT_BYTES = 512 << 20
FILES_LIMIT = 500_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_HEADER_BYTES = 26
GREY, PALETTE = 0, 3  # colour types of PNG
KINDS = {2: "colours (RGB)", 4: "grey with transparency", 6: "colours with transparency"}


@dataclass(frozen=True, slots=True)
class LabelDraft:
    """The labels of one image, not yet decoded. ``name`` is the path within the label folder."""

    name: str
    path: Path
    size: tuple[int, int]  # (H, W) of the image it belongs to
    named: bool  # whether the folder has a table of classes
    values: frozenset[int] | None = None  # all that may occur beside 0 and 255, if a person said so

    def read(self) -> Ids:
        """(H, W) uint8 class ids; `UnreadableLabels` with one sentence."""
        ids = _decoded(self.path, self.name, self.size)
        if self.values is not None:
            strange = sorted(set(np.unique(ids).tolist()) - self.values - {0, IGNORE})
            if strange:
                raise UnreadableLabels(
                    f"'{self.name}' holds {_listed(strange)}, which --values does not name."
                )
        if (
            not self._ignore_is_meant
            and ids.max(initial=0) == IGNORE
            and not np.any((ids > 0) & (ids < IGNORE))
        ):
            raise UnreadableLabels(
                f"'{self.name}' holds only 0 and 255, and 255 means 'ignore'; if it is the object, "
                "say so with --values 255=NAME."
            )
        return ids

    @property
    def _ignore_is_meant(self) -> bool:
        """Whether a person has said what the values are, so that a mere 0 and 255 is no slip."""
        return self.named if self.values is None else IGNORE in self.values


@dataclass(frozen=True, eq=False)
class LabelFolder:
    """What a folder of label images offers to a project."""

    READ_ERRORS: ClassVar[tuple[type[Exception], ...]] = (UnreadableLabels, OSError)

    drafts: Mapping[str, LabelDraft]  # by the path of the image
    names: Mapping[int, str]  # by pixel value, as far as the folder tells
    problems: tuple[tuple[str, str], ...]  # (label image, sentence)

    def ids(self) -> frozenset[int]:
        """All values in all readable drafts; decodes every one of them."""
        found: set[int] = set()
        for draft in self.drafts.values():
            try:
                found.update(np.unique(draft.read()).tolist())
            except self.READ_ERRORS:
                continue  # whoever reads that draft is told
        return frozenset(found)


def open_label_folder(
    folder: Path,
    sizes: Mapping[str, tuple[int, int]],
    values: Mapping[int, str] | None = None,
) -> LabelFolder:
    """Match the PNGs below ``folder`` to images; ``sizes`` is image path -> (H, W).

    ``values`` (pixel value -> class name) stands in for the folder's own table; no others may occur
    then, and 255 is no longer ignored where it is among them.

    A label image belongs to the image of the same relative path without extension, else to the
    only image of the same stem. Raises `LabelFolderMissing` if there is no PNG, and
    `UnreadableLabels` for a broken table of classes; every other trouble is one of ``problems``.
    """
    if not folder.is_dir():
        raise LabelFolderMissing(
            f"There is no folder '{folder}'; give the one with the label PNGs."
        )
    names = read_class_table(folder) if values is None else dict(values)
    allowed = None if values is None else frozenset(values)
    matcher = _Matcher(sizes)
    drafts: dict[str, LabelDraft] = {}
    problems: list[tuple[str, str]] = []
    labels = _png_paths(folder)
    if not labels:
        raise LabelFolderMissing(f"There is no PNG in '{folder}'; label images are PNG files.")
    # Exact matches first, so that a mere namesake never takes an image from its own label.
    for label in sorted(labels, key=lambda name: (not matcher.exact(name), name)):
        try:
            path = matcher.image_of(label)
            if path in drafts:
                raise UnreadableLabels(f"'{path}' has labels already, from '{drafts[path].name}'.")
            check_label_png(folder / label, label, sizes[path])
            drafts[path] = LabelDraft(label, folder / label, sizes[path], bool(names), allowed)
        except UnreadableLabels as error:
            problems.append((label, str(error)))
    return LabelFolder(drafts, names, tuple(problems))


def check_label_png(path: Path, name: str, size: tuple[int, int]) -> None:
    """Look at the header only; `UnreadableLabels` unless it is a label PNG of ``size`` (H, W)."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > FILE_LIMIT_BYTES:
            raise UnreadableLabels(f"'{name}' is no regular file of a sensible size.")
        with path.open("rb") as stream:
            header = stream.read(PNG_HEADER_BYTES)
    except OSError as error:
        raise UnreadableLabels(f"'{name}' cannot be opened: {error.strerror or error}.") from error
    if len(header) < PNG_HEADER_BYTES or not header.startswith(PNG_SIGNATURE):
        raise UnreadableLabels(f"'{name}' is not a PNG; label images are PNG files.")
    width, height = int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")
    if (height, width) != tuple(size):
        raise UnreadableLabels(
            f"'{name}' is {width} x {height} pixels, its image {size[1]} x {size[0]}."
        )
    depth, kind = header[24], header[25]
    if kind in KINDS:
        raise UnreadableLabels(
            f"'{name}' holds {KINDS[kind]}; save it as a palette or 8-bit grey PNG of class ids."
        )
    if kind not in (GREY, PALETTE) or (kind == GREY and depth not in (1, 8)):
        raise UnreadableLabels(
            f"'{name}' has {depth} bits a pixel; save it as a palette or 8-bit grey PNG."
        )


def _listed(values: list[int]) -> str:
    """A few of the values: 'the value 7', 'the values 3, 4, 5, ...'."""
    if len(values) == 1:
        return f"the value {values[0]}"
    return f"the values {', '.join(map(str, values[:5]))}{', ...' if len(values) > 5 else ''}"


class _Matcher:
    """Finds the image a label belongs to."""

    def __init__(self, images: Iterable[str]) -> None:
        self._by_path: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for image in images:
            self._by_path[_without_suffix(image)].append(image)
            self._by_stem[PurePosixPath(image).stem].append(image)

    def exact(self, label: str) -> bool:
        return _without_suffix(label) in self._by_path

    def image_of(self, label: str) -> str:
        found = self._by_path.get(_without_suffix(label))
        if found is None:
            found = self._by_stem.get(PurePosixPath(label).stem, [])
        if len(found) > 1 and label in found:
            return label
        if len(found) != 1:
            which = f"{len(found)} images have" if found else "No image has"
            raise UnreadableLabels(f"{which} the name of '{label}'; each label needs exactly one.")
        return found[0]


def _without_suffix(path: str) -> str:
    return PurePosixPath(path).with_suffix("").as_posix()


def _png_paths(folder: Path) -> list[str]:
    """POSIX paths of all PNGs below ``folder``, hidden ones and links to folders left out."""
    found: list[str] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        base = Path(root).relative_to(folder)
        found += [
            (base / name).as_posix()
            for name in sorted(names)
            if name.lower().endswith(".png") and not name.startswith(".")
        ]
        if len(found) > FILES_LIMIT:
            raise LabelFolderMissing(f"'{folder}' holds more than {FILES_LIMIT} PNGs; give a part.")
    return found


def _decoded(path: Path, name: str, size: tuple[int, int]) -> Ids:
    check_label_png(
        path, name, size
    )  # again: the file may have changed since the folder was opened
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=("PNG",)) as opened:
                ids = np.array(opened, np.uint8)  # 1-bit grey gives 0 and 1
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise UnreadableLabels(f"'{name}' does not decode ({error}); export it again.") from error
    if ids.shape != tuple(size):
        raise UnreadableLabels(f"'{name}' decodes to {ids.shape}, not to {tuple(size)}.")
    return ids
