"""The pool of labelled pictures that episodes are drawn from; nothing held out gets into it.

A fold of classes is held out as COCO-20i does it (class i belongs to fold i mod 4): pixels of those
classes are background, their own pictures stay away, and so does every other picture of the same
photographs.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engines.errors import EngineError
from engines.evaluation.image_sets import ImageSet, folder_set, image_set
from engines.evaluation.names import COCO_IDS, COCO_NAMES
from engines.exchange import UNLABELLED_ROW, Pixels, RowMap
from engines.sessions.encoding import working_size

FOLDS = 4
SMALLEST_OBJECT = 256  # pixels at 320 px: some four cells of stride 8


@dataclass(frozen=True, slots=True)
class ViewSize:
    """The long side worked at; ``squashed``: both sides, as PANet does, aspect not kept."""

    size_px: int = 320
    squashed: bool = False

    def of(self, size: tuple[int, int]) -> tuple[int, int]:
        """(h, w) for an image (H, W)."""
        if self.squashed:
            return self.size_px, self.size_px
        return working_size(size, limit_px=self.size_px)


@dataclass(frozen=True, slots=True)
class PoolPicture:
    """One labelled picture. ``rows`` are those of the pool that it shows enough of.

    ``only`` is the row of its one marked object; None where the whole picture is labelled.
    """

    data: ImageSet
    stem: str
    photograph: str
    rows: tuple[int, ...]
    only: int | None = None

    def pixels(self, size: tuple[int, int]) -> Pixels:
        """(h, w, 3) uint8 at ``size``."""
        image = Image.fromarray(self.data.image(self.stem).array)
        return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR))

    def truth(self, wish: ViewSize) -> RowMap:
        """(h, w) uint8 rows of the pool at working size; 0 background, 255 nobody said."""
        stored = self.data.truth(self.stem)
        size = wish.of((int(stored.shape[0]), int(stored.shape[1])))
        if self.only is not None:
            stored = np.where(stored == 1, np.uint8(self.only), stored)
        image = Image.fromarray(stored).resize((size[1], size[0]), Image.Resampling.NEAREST)
        return np.asarray(image)


@dataclass(frozen=True, slots=True)
class EpisodePool:
    """Pictures by number. ``names`` of rows 1, 2, ...; ``members``: row -> numbers of pictures."""

    pictures: tuple[PoolPicture, ...]
    names: tuple[str, ...]
    members: Mapping[int, tuple[int, ...]]
    origin: str  # for cards: folders, and what of them is held out

    @property
    def words(self) -> str:
        """All that a figure has to tell of it."""
        return f"{len(self.pictures)} pictures, {len(self.members)} classes: {self.origin}"

    @property
    def fingerprint(self) -> str:
        """Equal for equal pictures and classes, so that a run goes on with what it began with."""
        text = "\n".join((*self.names, *(f"{p.data.folder.name}/{p.stem}" for p in self.pictures)))
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def episode_pool(data: Path, *, fold: int | None) -> EpisodePool:
    """From ``coco_mini`` and ``coco_mval`` in ``data``, else from its own images and masks.

    ``fold`` 0 to 3 is held out; None trains on all classes. Raises `EngineError` for data without
    a class that has two photographs.
    """
    if fold is not None and not 0 <= fold < FOLDS:
        raise EngineError(f"There is no fold {fold}; choose one of 0 to {FOLDS - 1}, or none.")
    parts = [part for part in ("coco_mini", "coco_mval") if (data / part / "masks").is_dir()]
    if not parts:
        return _folder_pool(data, fold)
    trained = tuple(i for i in range(len(COCO_NAMES)) if fold is None or i % FOLDS != fold)
    row_of = {index: row for row, index in enumerate(trained, start=1)}
    names = tuple(COCO_NAMES[index] for index in trained)
    instances = _instances(data / "coco_mval") if "coco_mval" in parts else []
    away = {photograph(stem) for _, stem, index in instances if index not in row_of}
    found = [
        PoolPicture(one, stem, photograph(stem), (row_of[index],), row_of[index])
        for one, stem, index in instances
        if photograph(stem) not in away
    ]
    if "coco_mini" in parts:
        labelled = _label_maps(data / "coco_mini", trained)
        found += _whole_pictures(labelled, away)
    return _pooled(found, names, f"{' and '.join(parts)}, {_fold_words(fold)}")


def photograph(stem: str) -> str:
    """The COCO id of a picture, without leading zeros."""
    return stem.rsplit("_", 1)[-1].lstrip("0")


def _instances(folder: Path) -> list[tuple[ImageSet, str, int]]:
    """Pictures with one marked object each: (set, stem, class index)."""
    data = image_set(folder, {"object": (255,)})
    return [(data, stem, COCO_NAMES.index(_class_name(stem))) for stem in data.stems]


def _class_name(stem: str) -> str:
    return stem.rsplit("_", 1)[0].rstrip("0123456789").replace("_", " ")


def _label_maps(folder: Path, trained: tuple[int, ...]) -> ImageSet:
    """Full label maps; what is not trained on is background, as nobody would have labelled it."""
    groups = {COCO_NAMES[index]: (COCO_IDS[index],) for index in trained}
    others = tuple(number for i, number in enumerate(COCO_IDS) if i not in set(trained))
    return image_set(folder, groups, background=(0, *others))


def _whole_pictures(data: ImageSet, away: set[str]) -> Iterable[PoolPicture]:
    for stem in data.stems:
        shown = _rows_shown(data.truth(stem))
        if shown and photograph(stem) not in away:
            yield PoolPicture(data, stem, photograph(stem), shown)


def _folder_pool(data: Path, fold: int | None) -> EpisodePool:
    whole = folder_set(data)
    kept = [r for r in range(1, whole.row_count) if fold is None or (r - 1) % FOLDS != fold]
    table = np.zeros(256, np.uint8)
    table[UNLABELLED_ROW] = UNLABELLED_ROW
    table[kept] = np.arange(1, len(kept) + 1)
    names = tuple(whole.names[row - 1] for row in kept)
    away = {
        stem
        for stem in whole.stems
        if set(_rows_shown(whole.truth(stem))) - set(kept)  # shows something held out
    }
    trained = ImageSet(whole.folder, whole.stems, names, table[whole.rows])
    found = [
        PoolPicture(trained, stem, stem, shown)
        for stem in whole.stems
        if stem not in away and (shown := _rows_shown(trained.truth(stem)))
    ]
    return _pooled(found, names, f"{data.name}, {_fold_words(fold)}")


def _rows_shown(truth: RowMap) -> tuple[int, ...]:
    counts = np.bincount(truth.ravel(), minlength=256)
    return tuple(int(r) for r in np.flatnonzero(counts[:UNLABELLED_ROW] >= SMALLEST_OBJECT) if r)


def _pooled(found: list[PoolPicture], names: tuple[str, ...], origin: str) -> EpisodePool:
    members: dict[int, list[int]] = {}
    for number, picture in enumerate(found):
        for row in picture.rows:
            members.setdefault(row, []).append(number)
    usable = {
        row: tuple(numbers)
        for row, numbers in sorted(members.items())
        if len({found[n].photograph for n in numbers}) > 1
    }
    if not usable:
        raise EngineError("No class has two photographs to train on; bring more labelled pictures.")
    return EpisodePool(tuple(found), names, usable, origin)


def _fold_words(fold: int | None) -> str:
    return "nothing held out" if fold is None else f"fold {fold} of {FOLDS} held out"
