"""The label maps that are in memory: as many as fit, the longest unused goes first."""

from collections import OrderedDict

from annotator.document.images import ImageId
from annotator.document.label_map import LabelMap


class LabelMapCache:
    """Holds at least the newest label map, and no more than ``limit_bytes`` beyond it.

    Nothing is lost by letting go: every map in here is on disk already. Without a limit it is the
    only place of a project that lives in memory alone.
    """

    def __init__(self, limit_bytes: int | None) -> None:
        self._limit_bytes = limit_bytes
        self._maps: OrderedDict[ImageId, LabelMap] = OrderedDict()
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of all arrays in here."""
        return self._held_bytes

    def get(self, image_id: ImageId) -> LabelMap | None:
        """The map if it is here; asking makes it the newest."""
        if image_id in self._maps:
            self._maps.move_to_end(image_id)
        return self._maps.get(image_id)

    def put(self, image_id: ImageId, label_map: LabelMap) -> None:
        """Keep a map in place of an older one of the same image."""
        self.drop(image_id)
        self._maps[image_id] = label_map
        self._held_bytes += bytes_of(label_map)
        while self._over_limit() and len(self._maps) > 1:
            self.drop(next(iter(self._maps)))

    def drop(self, image_id: ImageId) -> None:
        """Forget a map, if it is here."""
        label_map = self._maps.pop(image_id, None)
        if label_map is not None:
            self._held_bytes -= bytes_of(label_map)

    def _over_limit(self) -> bool:
        return self._limit_bytes is not None and self._held_bytes > self._limit_bytes


def bytes_of(label_map: LabelMap) -> int:
    """Bytes of both arrays."""
    return label_map.classes.nbytes + label_map.provenance.nbytes
