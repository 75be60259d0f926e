"""The project in memory: what is open, answered from memory or fetched when first asked for."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from annotator.document.annotations import Cue, CueId, PixelBox, TextPrompt
from annotator.document.classes import ClassTable
from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageEntry, ImageId
from annotator.document.label_cache import LabelMapCache
from annotator.document.label_map import LabelMap, Provenance
from annotator.document.tiles import TileKey

if TYPE_CHECKING:
    from annotator.document.draft import Draft

LABEL_CACHE_BYTES = 512 << 20  # ten maps of 24 megapixels, or two hundred of one
IMAGE_ROOT = "image_root"  # the one setting the document itself reads


class Store(Protocol):
    """Where the parts of a project come from that are too many to hold all at once."""

    @property
    def lock(self) -> RLock:
        """Held while a gesture is being written, so that no other thread reads half of it."""

    def read_cues(self, image_id: ImageId) -> tuple[Cue, ...]:
        """The cues of an image by id; `ProjectDamaged` where they cannot be understood."""

    def read_label_map(self, entry: ImageEntry) -> LabelMap:
        """The label map of an image; `ProjectDamaged` where it cannot be understood."""

    def read_tiles(self, image_id: ImageId) -> list[tuple[TileKey, bytes]]:
        """Every stored tile of an image, still packed; what is not stored is untouched."""

    def read_provenance_kinds(self, entry: ImageEntry) -> frozenset[Provenance]:
        """Every provenance that some pixel of the image has."""

    def knows_cue(self, cue_id: CueId) -> bool:
        """Whether any image, or the project, has a cue of that id."""

    def knows_image(self, image_id: ImageId) -> bool:
        """Whether there is an image of that id, be it a removed one."""

    def write_tiles(self, image_id: ImageId, label_map: LabelMap, keys: set[TileKey]) -> None:
        """Store these tiles of a map within the transaction under way."""


@dataclass(slots=True)
class ProjectState:
    """The parts of a project that are always in memory. An empty one is a new project."""

    classes: ClassTable = field(default_factory=ClassTable)
    images: dict[ImageId, ImageEntry] = field(default_factory=dict)
    prompts: tuple[TextPrompt, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    with_cues: set[ImageId] = field(default_factory=set)
    with_labels: set[ImageId] = field(default_factory=set)
    next_cue_id: int = 1
    next_image_id: int = 1


class Project:
    """What a person sees of the document. Only `History` changes it, through a `Draft`.

    Everything handed out is a value: it stays as it is when the project moves on. Without a store
    the project lives in memory alone and keeps everything there.
    """

    def __init__(
        self,
        folder: Path,
        state: ProjectState | None = None,
        store: Store | None = None,
        *,
        label_cache_bytes: int = LABEL_CACHE_BYTES,
    ) -> None:
        self.folder = folder
        self.store = store
        self._state = state or ProjectState()
        self._by_name = {(e.path, e.page): e.image_id for e in self._state.images.values()}
        self._cues: dict[ImageId, tuple[Cue, ...]] = {}
        self._label_maps = LabelMapCache(None if store is None else label_cache_bytes)
        self._lock = RLock() if store is None else store.lock
        self._next_cue_id = self._state.next_cue_id
        self._next_image_id = self._state.next_image_id

    # -- what it holds ---------------------------------------------------------------------------

    @property
    def classes(self) -> ClassTable:
        """All classes."""
        return self._state.classes

    @property
    def images(self) -> Mapping[ImageId, ImageEntry]:
        """All images in the order they were added; a view, to be asked for anew."""
        return MappingProxyType(self._state.images)

    @property
    def settings(self) -> Mapping[str, str]:
        """Small things worth remembering with the project, such as the method last used."""
        return MappingProxyType(self._state.settings)

    def prompts(self) -> tuple[TextPrompt, ...]:
        """Text prompts that hold for the whole project, by id."""
        return self._state.prompts

    def image(self, image_id: ImageId) -> ImageEntry:
        """The entry of an image; `InvalidEdit` if the project has none of that id."""
        entry = self._state.images.get(image_id)
        if entry is None:
            raise InvalidEdit(f"The project has no image with id {image_id}.")
        return entry

    def image_named(self, path: str, page: int = 0) -> ImageEntry | None:
        """The image at a path as stored in its entry, if there is one."""
        image_id = self._by_name.get((path, page))
        return None if image_id is None else self._state.images[image_id]

    @property
    def image_root(self) -> Path:
        """The folder that the paths of entries start from."""
        return Path(os.path.normpath(self.folder / self._state.settings.get(IMAGE_ROOT, ".")))

    def image_path(self, image_id: ImageId) -> Path:
        """Where the file of an image should be."""
        return Path(os.path.normpath(self.image_root / self.image(image_id).path))

    def image_ids_with_cues(self) -> tuple[ImageId, ...]:
        """Images with at least one cue of their own, by id."""
        return tuple(sorted(self._state.with_cues & self._state.images.keys()))

    def image_ids_with_labels(self) -> tuple[ImageId, ...]:
        """Images where anything was drawn, accepted or imported into the label map, by id."""
        return tuple(sorted(self._state.with_labels & self._state.images.keys()))

    def has_cues(self, image_id: ImageId) -> bool:
        """Whether an image has cues of its own; at once, however many images there are."""
        return image_id in self._state.with_cues

    def has_labels(self, image_id: ImageId) -> bool:
        """Whether anything was drawn, accepted or imported into an image's label map."""
        return image_id in self._state.with_labels

    # -- what is fetched when asked for ----------------------------------------------------------

    def cues(self, image_id: ImageId) -> tuple[Cue, ...]:
        """The cues of an image in order of drawing, which is the order of their ids."""
        self.image(image_id)
        return self.stored_cues(image_id)

    def stored_cues(self, image_id: ImageId) -> tuple[Cue, ...]:
        """The same, also for an image that was removed and may come back."""
        with self._lock:
            cues = self._cues.get(image_id)
            if cues is None:
                has_some = image_id in self._state.with_cues
                cues = self.store.read_cues(image_id) if self.store and has_some else ()
                self._cues[image_id] = cues
            return cues

    def label_map(self, image_id: ImageId) -> LabelMap:
        """The label map of an image, all untouched where nobody has been yet."""
        return self.stored_label_map(self.image(image_id))

    def stored_label_map(self, entry: ImageEntry) -> LabelMap:
        """The same, also for an image that was removed and may come back."""
        with self._lock:
            label_map = self._label_maps.get(entry.image_id)
            if label_map is None:
                label_map = self._fetch_label_map(entry)
                self._label_maps.put(entry.image_id, label_map)
            return label_map

    def visible_classes(
        self, image_id: ImageId, box: PixelBox | None = None
    ) -> npt.NDArray[np.uint8]:
        """(H, W) uint8 class ids with merges and removals applied; of ``box`` only, if given."""
        stored = self.label_map(image_id).classes
        if box is not None:
            x0, y0, x1, y1 = box
            stored = stored[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        lookup = self.classes.lookup()
        if np.array_equal(lookup, np.arange(256)):
            return stored  # nothing merged, nothing removed: no need to copy 24 megapixels
        return np.take(lookup, stored)

    def provenance_kinds(self, image_id: ImageId) -> frozenset[Provenance]:
        """Every provenance that some pixel of the image has; quick, also for huge images."""
        entry = self.image(image_id)
        if image_id not in self._state.with_labels:
            return frozenset({Provenance.UNTOUCHED})
        if self.store is not None:
            return self.store.read_provenance_kinds(entry)
        return frozenset(Provenance(int(p)) for p in np.unique(self.label_map(image_id).provenance))

    def _fetch_label_map(self, entry: ImageEntry) -> LabelMap:
        if self.store is not None and entry.image_id in self._state.with_labels:
            return frozen(self.store.read_label_map(entry))
        return frozen(LabelMap.empty(entry.height, entry.width))

    # -- ids -------------------------------------------------------------------------------------

    def next_cue_id(self) -> CueId:
        """An id nobody has had; every call gives another one, also after a restart."""
        self._next_cue_id += 1
        return CueId(self._next_cue_id - 1)

    def next_image_id(self) -> ImageId:
        """An id nobody has had; every call gives another one, also after a restart."""
        self._next_image_id += 1
        return ImageId(self._next_image_id - 1)

    @property
    def saved_next_ids(self) -> tuple[int, int]:
        """One above the largest cue id and image id ever committed."""
        return self._state.next_cue_id, self._state.next_image_id

    # -- how it moves on -------------------------------------------------------------------------

    def adopt(self, draft: "Draft") -> None:
        """Become what a draft says. Called when the draft is safely on disk; cannot fail."""
        state = self._state
        state.classes, state.settings, state.prompts = draft.classes, draft.settings, draft.prompts
        state.next_cue_id, state.next_image_id = draft.next_ids()
        self._next_cue_id = max(self._next_cue_id, state.next_cue_id)
        self._next_image_id = max(self._next_image_id, state.next_image_id)
        self._adopt_images(draft.changed_images)
        for image_id, cues in draft.changed_cues.items():
            self._cues[image_id] = cues
            _set_membership(state.with_cues, image_id, bool(cues))
        for image_id, touched in draft.labelled.items():
            _set_membership(state.with_labels, image_id, touched)
            self._label_maps.drop(image_id)
        for image_id, label_map in draft.changed_label_maps.items():
            self._label_maps.put(image_id, frozen(label_map))

    def forget_draft(self, draft: "Draft") -> None:
        """Let go of what was read while a draft that failed had written parts of itself ahead."""
        for image_id in draft.labelled:
            self._label_maps.drop(image_id)

    def _adopt_images(self, changed: Mapping[ImageId, ImageEntry | None]) -> None:
        images = self._state.images
        newest = next(reversed(images), 0)
        back_again = any(e and i < newest and i not in images for i, e in changed.items())
        for image_id in changed:
            before = images.get(image_id)
            if before is not None:
                self._by_name.pop((before.path, before.page), None)
        for image_id, entry in changed.items():
            if entry is None:
                images.pop(image_id, None)
            else:
                images[image_id] = entry
                self._by_name[entry.path, entry.page] = image_id
        if back_again:
            self._state.images = dict(sorted(images.items()))


def frozen(label_map: LabelMap) -> LabelMap:
    """The same map, its arrays read-only from now on."""
    label_map.classes.setflags(write=False)
    label_map.provenance.setflags(write=False)
    return label_map


def _set_membership(ids: set[ImageId], image_id: ImageId, member: bool) -> None:
    if member:
        ids.add(image_id)
    else:
        ids.discard(image_id)
