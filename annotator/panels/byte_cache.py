"""A cache of values by image that is bounded in bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

from annotator.document.images import ImageId

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Values by image, the least recently used ones forgotten beyond a number of bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._values: OrderedDict[ImageId, tuple[V, int]] = OrderedDict()
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._values

    def get(self, image_id: ImageId) -> V | None:
        """The value, which counts as used now."""
        found = self._values.get(image_id)
        if found is None:
            return None
        self._values.move_to_end(image_id)
        return found[0]

    def put(self, image_id: ImageId, value: V, size_bytes: int) -> None:
        """Keep a value; one larger than the limit pushes out all others and itself."""
        self.drop(image_id)
        self._values[image_id] = value, size_bytes
        self.total_bytes += size_bytes
        while self.total_bytes > self._limit_bytes:
            _, (_, gone) = self._values.popitem(last=False)
            self.total_bytes -= gone

    def drop(self, image_id: ImageId) -> None:
        """Forget one value."""
        gone = self._values.pop(image_id, None)
        if gone is not None:
            self.total_bytes -= gone[1]

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()
        self.total_bytes = 0
