"""A draft: the project as it will be once the gesture under way is on disk.

Edits change the draft, never the project. The project adopts the draft after the commit, and where
the commit fails the draft is thrown away, so memory and disk cannot drift apart.
"""

from annotator.document.annotations import Bitmap, Cue, CueId, PixelBox, TextPrompt
from annotator.document.classes import ClassTable
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_cache import bytes_of
from annotator.document.label_map import LabelMap, Labels
from annotator.document.project import Project, Store
from annotator.document.tiles import TileKey, tiles_under

HOLD_BYTES = 256 << 20  # label maps a draft keeps before it writes them out ahead of the commit


class Draft:
    """An overlay over a project: reads see the changes of earlier edits of the same gesture."""

    def __init__(self, project: Project, *, hold_bytes: int = HOLD_BYTES) -> None:
        self._project = project
        self._hold_bytes = hold_bytes
        self.classes: ClassTable = project.classes
        self.settings: dict[str, str] = dict(project.settings)
        self.prompts: tuple[TextPrompt, ...] = project.prompts()
        self.changed_images: dict[ImageId, ImageEntry | None] = {}
        self.changed_cues: dict[ImageId, tuple[Cue, ...]] = {}
        self.cue_rows: dict[CueId, tuple[ImageId | None, Cue | None]] = {}
        self.changed_label_maps: dict[ImageId, LabelMap] = {}
        self.changed_tiles: dict[ImageId, set[TileKey]] = {}
        self.labelled: dict[ImageId, bool] = {}  # every image whose map changed -> touched now
        self._held_bytes = 0
        self._changed_names: dict[tuple[str, int], ImageId | None] = {}
        self._next_cue_id, self._next_image_id = project.saved_next_ids

    @property
    def changes_classes(self) -> bool:
        """Whether the class table is another one than the project's."""
        return self.classes is not self._project.classes

    @property
    def changes_settings(self) -> bool:
        """Whether a setting differs from the project's."""
        return self.settings != self._project.settings

    @property
    def changes_next_ids(self) -> bool:
        """Whether an id was used for the first time."""
        return self.next_ids() != self._project.saved_next_ids

    def next_ids(self) -> tuple[int, int]:
        """One above the largest cue id and image id ever used, this draft included."""
        return self._next_cue_id, self._next_image_id

    # -- images ----------------------------------------------------------------------------------

    def has_image(self, image_id: ImageId) -> bool:
        """Whether the image is there, in the draft or else in the project."""
        if image_id in self.changed_images:
            return self.changed_images[image_id] is not None
        return image_id in self._project.images

    def image(self, image_id: ImageId) -> ImageEntry:
        """The entry; `InvalidEdit` if there is none."""
        entry = self.changed_images.get(image_id)
        if entry is None and image_id in self.changed_images:
            raise InvalidEdit(f"The project has no image with id {image_id}.")
        return entry or self._project.image(image_id)

    def name_taken(self, path: str, page: int) -> bool:
        """Whether an image stands at that path and page."""
        if (path, page) in self._changed_names:
            return self._changed_names[path, page] is not None
        return self._project.image_named(path, page) is not None

    def image_id_used(self, image_id: ImageId) -> bool:
        """Whether the id belongs, or once belonged, to an image."""
        if image_id in self.changed_images or image_id in self._project.images:
            return True
        if image_id >= self._project.saved_next_ids[1]:
            return False
        return self._project.store is not None and self._project.store.knows_image(image_id)

    def put_image(self, entry: ImageEntry) -> None:
        """Add an image, or put a new entry in place of the one with its id."""
        if self.has_image(entry.image_id):
            self._free_name(entry.image_id)
        self.changed_images[entry.image_id] = entry
        self._changed_names[entry.path, entry.page] = entry.image_id
        self._next_image_id = max(self._next_image_id, entry.image_id + 1)

    def drop_image(self, image_id: ImageId) -> None:
        """Take an image out; its cues and labels stay stored for the day it comes back."""
        self._free_name(image_id)
        self.changed_images[image_id] = None

    def _free_name(self, image_id: ImageId) -> None:
        entry = self.image(image_id)
        self._changed_names[entry.path, entry.page] = None

    # -- cues ------------------------------------------------------------------------------------

    def cues(self, image_id: ImageId | None) -> tuple[Cue, ...]:
        """Cues of an image, or the prompts of the project for None, by id."""
        if image_id is None:
            return self.prompts
        self.image(image_id)
        changed = self.changed_cues.get(image_id)
        return self._project.stored_cues(image_id) if changed is None else changed

    def cue_id_used(self, cue_id: CueId) -> bool:
        """Whether any image, or the project, has a cue of that id."""
        if cue_id in self.cue_rows:
            return self.cue_rows[cue_id][1] is not None
        if cue_id >= self._project.saved_next_ids[0]:
            return False
        if self._project.store is not None:
            return self._project.store.knows_cue(cue_id)
        homes = (self._project.prompts(), *map(self._project.cues, self._project.images))
        return any(cue.cue_id == cue_id for cues in homes for cue in cues)

    def put_cue(self, image_id: ImageId | None, cue: Cue) -> None:
        """Add a cue, or put it in place of the one with its id."""
        others = [other for other in self.cues(image_id) if other.cue_id != cue.cue_id]
        self._set_cues(image_id, tuple(sorted((*others, cue), key=lambda one: one.cue_id)))
        self.cue_rows[cue.cue_id] = (image_id, cue)
        self._next_cue_id = max(self._next_cue_id, cue.cue_id + 1)

    def drop_cue(self, image_id: ImageId | None, cue_id: CueId) -> None:
        """Take a cue away."""
        others = tuple(other for other in self.cues(image_id) if other.cue_id != cue_id)
        self._set_cues(image_id, others)
        self.cue_rows[cue_id] = (image_id, None)

    def _set_cues(self, image_id: ImageId | None, cues: tuple[Cue, ...]) -> None:
        if image_id is None:
            self.prompts = tuple(cue for cue in cues if isinstance(cue, TextPrompt))
        else:
            self.changed_cues[image_id] = cues

    # -- labels ----------------------------------------------------------------------------------

    def label_map(self, image_id: ImageId) -> LabelMap:
        """The label map as it will be; do not write into it."""
        if image_id in self.changed_label_maps:
            return self.changed_label_maps[image_id]
        entry = self.image(image_id)
        if image_id in self.labelled and self._project.store is not None:
            return self._project.store.read_label_map(entry)  # written out earlier in this gesture
        return self._project.stored_label_map(entry)

    def pixels_to_change(
        self, image_id: ImageId, box: PixelBox, mask: Bitmap
    ) -> tuple[Labels, Labels]:
        """Classes and provenance (h, w) within ``box``, to write into where ``mask`` is set."""
        label_map = self._own_label_map(image_id)
        self.changed_tiles[image_id].update(tiles_under(mask, box))
        x0, y0, x1, y1 = box
        return label_map.classes[y0:y1, x0:x1], label_map.provenance[y0:y1, x0:x1]

    def forget_label_map(self, image_id: ImageId) -> None:
        """Start over with an untouched map, for an image that has another size now."""
        entry = self.image(image_id)
        self.changed_label_maps[image_id] = LabelMap.empty(entry.height, entry.width)
        self.changed_tiles[image_id] = set()

    def _own_label_map(self, image_id: ImageId) -> LabelMap:
        if image_id in self.changed_label_maps:
            return self.changed_label_maps[image_id]
        held = self.label_map(image_id)
        own = LabelMap(held.classes.copy(), held.provenance.copy())
        self._make_room(bytes_of(own))
        self.changed_label_maps[image_id] = own
        self.changed_tiles[image_id] = set()
        return own

    def _make_room(self, wanted_bytes: int) -> None:
        """Keep a gesture over thousands of images small: what is written can be read again."""
        store = self._project.store
        if store is not None and self._held_bytes + wanted_bytes > self._hold_bytes:
            self.write_labels(store)
            self.changed_label_maps.clear()
            self.changed_tiles.clear()
            self._held_bytes = 0
        self._held_bytes += wanted_bytes

    def write_labels(self, store: Store) -> None:
        """Write every changed tile held in memory, within the transaction under way."""
        self.note_labelled()
        for image_id, keys in self.changed_tiles.items():
            store.write_tiles(image_id, self.changed_label_maps[image_id], keys)

    def note_labelled(self) -> None:
        """Remember of each changed map whether anything is left on it."""
        for image_id, label_map in self.changed_label_maps.items():
            self.labelled[image_id] = label_map.touched
