"""The project file: one SQLite database that every gesture is committed to in one transaction."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any

from annotator.document.annotations import Cue, CueId, TextPrompt
from annotator.document.classes import ClassTable
from annotator.document.codec import DamagedPayload
from annotator.document.cue_codec import pack_cue, unpack_cue
from annotator.document.draft import Draft
from annotator.document.errors import NotSaved, ProjectDamaged
from annotator.document.file_opening import FileKey, naming_trouble, open_database, release
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_map import LabelMap, Provenance
from annotator.document.project import ProjectState
from annotator.document.table_codec import (
    entry_crc,
    entry_of,
    pack_classes,
    pack_settings,
    unpack_classes,
    unpack_settings,
)
from annotator.document.tiles import TileKey, kinds_in, pack_tile, tile_count, unpack_tile

Rows = list[tuple[Any, ...]]  # what SQLite gives; every reader checks what it takes out

_PUT_IMAGE = (
    "INSERT INTO image VALUES (?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (image_id) DO UPDATE SET"
    " path = excluded.path, width = excluded.width, height = excluded.height,"
    " page = excluded.page, problem = excluded.problem, crc = excluded.crc, removed = 0"
)
# A removed image keeps its row for as long as cues or labels hang on it.
_DROP_BARE_IMAGE = (
    "DELETE FROM image WHERE image_id = ?"
    " AND NOT EXISTS (SELECT 1 FROM cue WHERE cue.image_id = image.image_id)"
    " AND NOT EXISTS (SELECT 1 FROM tile WHERE tile.image_id = image.image_id)"
)
_PUT_CUE = (
    "INSERT INTO cue VALUES (?, ?, ?) ON CONFLICT (cue_id) DO UPDATE SET"
    " image_id = excluded.image_id, payload = excluded.payload"
)
_PUT_TILE = (
    "INSERT INTO tile (image_id, tile_row, tile_column, payload, kinds) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (image_id, tile_row, tile_column) DO UPDATE SET payload = excluded.payload,"
    " kinds = excluded.kinds"
)
_DROP_TILE = "DELETE FROM tile WHERE image_id = ? AND tile_row = ? AND tile_column = ?"


class ProjectFile:
    """An open, locked project file. One thread writes; others may read between two gestures."""

    def __init__(self, path: Path) -> None:
        """Open; raises as `file_opening.open_database` does."""
        self.path = path
        self.lock = RLock()
        connection, key = open_database(path)
        self._connection: sqlite3.Connection | None = connection
        self._key: FileKey = key

    def close(self) -> None:
        """Give the file back. Everything is on disk already."""
        with self.lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                release(self._key)

    # -- statements ------------------------------------------------------------------------------

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection; `NotSaved` once the file is closed."""
        if self._connection is None:
            raise NotSaved(f"The project '{self.path}' is closed; open it again.")
        return self._connection

    def rows(self, statement: str, values: Sequence[object] = ()) -> Rows:
        """All rows of a query."""
        with self.lock, naming_trouble(self.path):
            return self.connection.execute(statement, values).fetchall()

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """One statement within the transaction under way."""
        with naming_trouble(self.path):
            self.connection.execute(statement, values)

    def run_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """One statement for each row, within the transaction under way."""
        with naming_trouble(self.path):
            self.connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that happens within is committed together, or none of it."""
        with self.lock:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if (
            self.connection.in_transaction
        ):  # SQLite has rolled back by itself where the disk is full
            with suppress(sqlite3.Error):  # the reason it is rolled back says more
                self.connection.execute("ROLLBACK")

    # -- reading ---------------------------------------------------------------------------------

    def load(self) -> ProjectState:
        """Everything that is always in memory; `ProjectDamaged` where it cannot be understood."""
        with self.lock:
            with self._naming_damage("its list of images"):
                images = self._load_images()
            with self._naming_damage("its classes or settings"):
                classes, settings = self._load_tables()
            with self._naming_damage("its text prompts"):
                prompts = self._load_prompts()
            counters: dict[str, int] = dict(self.rows("SELECT name, value FROM counter"))
            return ProjectState(
                classes=classes,
                images=images,
                prompts=prompts,
                settings=settings,
                with_cues=self._ids("SELECT 1 FROM cue WHERE cue.image_id = image.image_id"),
                with_labels=self._ids("SELECT 1 FROM tile WHERE tile.image_id = image.image_id"),
                next_cue_id=max(counters.get("next_cue_id", 1), self._above("cue")),
                next_image_id=max(counters.get("next_image_id", 1), self._above("image")),
            )

    def read_cues(self, image_id: ImageId) -> tuple[Cue, ...]:
        """The cues of an image by id."""
        rows = self.rows(
            "SELECT payload FROM cue WHERE image_id = ? ORDER BY cue_id", (int(image_id),)
        )
        with self._naming_damage(f"the marks of {self._name_of(image_id)}"):
            return tuple(unpack_cue(payload) for (payload,) in rows)

    def read_label_map(self, entry: ImageEntry) -> LabelMap:
        """The label map of an image, put together from its tiles."""
        label_map = LabelMap.empty(entry.height, entry.width)
        with self._naming_damage(f"the labels of the image '{entry.path}'"):
            for key, payload in self.read_tiles(entry.image_id):
                unpack_tile(
                    payload, key, classes=label_map.classes, provenance=label_map.provenance
                )
        return label_map

    def read_tiles(self, image_id: ImageId) -> list[tuple[TileKey, bytes]]:
        """Every stored tile of an image, still packed."""
        rows = self.rows(
            "SELECT tile_row, tile_column, payload FROM tile WHERE image_id = ?", (int(image_id),)
        )
        return [(TileKey(row, column), payload) for row, column, payload in rows]

    def read_provenance_kinds(self, entry: ImageEntry) -> frozenset[Provenance]:
        """Every provenance that some pixel of the image has, without reading a pixel."""
        rows = self.rows("SELECT kinds FROM tile WHERE image_id = ?", (int(entry.image_id),))
        found = {kind for (bits,) in rows for kind in Provenance if bits >> kind & 1}
        if len(rows) < tile_count(entry.height, entry.width):
            found.add(Provenance.UNTOUCHED)
        return frozenset(found)

    def knows_cue(self, cue_id: CueId) -> bool:
        """Whether any cue has the id."""
        return bool(self.rows("SELECT 1 FROM cue WHERE cue_id = ?", (int(cue_id),)))

    def knows_image(self, image_id: ImageId) -> bool:
        """Whether any image has the id, be it a removed one."""
        return bool(self.rows("SELECT 1 FROM image WHERE image_id = ?", (int(image_id),)))

    def _load_images(self) -> dict[ImageId, ImageEntry]:
        rows = self.rows(
            "SELECT image_id, path, width, height, page, problem, crc FROM image"
            " WHERE removed = 0 ORDER BY image_id"
        )
        images = {ImageId(row[0]): entry_of(row[:-1]) for row in rows}
        if [row[-1] for row in rows] != list(map(entry_crc, images.values())):
            raise DamagedPayload("checksum differs")
        if len({(entry.path, entry.page) for entry in images.values()}) < len(images):
            raise DamagedPayload("image listed twice")
        return images

    def _load_tables(self) -> tuple[ClassTable, dict[str, str]]:
        stored: dict[str, bytes] = dict(self.rows("SELECT name, payload FROM state"))
        classes = unpack_classes(stored["classes"]) if "classes" in stored else ClassTable()
        settings = unpack_settings(stored["settings"]) if "settings" in stored else {}
        return classes, settings

    def _load_prompts(self) -> tuple[TextPrompt, ...]:
        rows = self.rows("SELECT payload FROM cue WHERE image_id IS NULL ORDER BY cue_id")
        cues = [unpack_cue(payload) for (payload,) in rows]
        prompts = tuple(cue for cue in cues if isinstance(cue, TextPrompt))
        if len(prompts) < len(cues):
            raise DamagedPayload("a mark without an image")
        return prompts

    def _ids(self, having: str) -> set[ImageId]:
        rows = self.rows(f"SELECT image_id FROM image WHERE EXISTS ({having})")
        return {ImageId(image_id) for (image_id,) in rows}

    def _above(self, table: str) -> int:
        return int(self.rows(f"SELECT coalesce(max({table}_id), 0) + 1 FROM {table}")[0][0])

    def _name_of(self, image_id: ImageId) -> str:
        rows = self.rows("SELECT path FROM image WHERE image_id = ?", (int(image_id),))
        return f"the image '{rows[0][0]}'" if rows else f"an unknown image ({image_id})"

    @contextmanager
    def _naming_damage(self, thing: str) -> Iterator[None]:
        try:
            yield
        except DamagedPayload as cause:
            raise ProjectDamaged(
                f"The project file '{self.path}' is damaged: {thing} cannot be read ({cause}). "
                "Restore it from a backup."
            ) from cause

    # -- writing, within a transaction -----------------------------------------------------------

    def write(self, draft: Draft) -> None:
        """Write all that a draft changes."""
        changed = draft.changed_images.items()
        self.run_many(_PUT_IMAGE, (_image_row(entry) for _, entry in changed if entry is not None))
        rows = draft.cue_rows.items()
        gone = [(int(cue_id),) for cue_id, (_, cue) in rows if cue is None]
        self.run_many("DELETE FROM cue WHERE cue_id = ?", gone)
        self.run_many(_PUT_CUE, (_cue_row(home, cue) for _, (home, cue) in rows if cue is not None))
        draft.write_labels(self)
        removed = [(int(image_id),) for image_id, entry in changed if entry is None]
        self.run_many("UPDATE image SET removed = 1 WHERE image_id = ?", removed)
        self.run_many(_DROP_BARE_IMAGE, removed)
        self._write_tables(draft)

    def write_tiles(self, image_id: ImageId, label_map: LabelMap, keys: set[TileKey]) -> None:
        """Store these tiles of a map; untouched ones are not stored at all."""
        for key in sorted(keys):
            place = (int(image_id), key.row, key.column)
            payload = pack_tile(label_map, key)
            if payload is None:
                self.run(_DROP_TILE, place)
            else:
                self.run(_PUT_TILE, (*place, payload, kinds_in(label_map, key)))

    def set_counter(self, name: str, value: int) -> None:
        """Store a number under a name."""
        self.run("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, int(value)))

    def _write_tables(self, draft: Draft) -> None:
        put = "INSERT OR REPLACE INTO state VALUES (?, ?)"
        if draft.changes_classes:
            self.run(put, ("classes", pack_classes(draft.classes)))
        if draft.changes_settings:
            self.run(put, ("settings", pack_settings(draft.settings)))
        if draft.changes_next_ids:
            next_cue_id, next_image_id = draft.next_ids()
            self.set_counter("next_cue_id", next_cue_id)
            self.set_counter("next_image_id", next_image_id)


def _image_row(entry: ImageEntry) -> tuple[object, ...]:
    size = int(entry.width), int(entry.height)
    row = int(entry.image_id), entry.path, *size, int(entry.page), entry.problem
    return *row, entry_crc(entry)


def _cue_row(home: ImageId | None, cue: Cue) -> tuple[object, ...]:
    return int(cue.cue_id), None if home is None else int(home), pack_cue(cue)
