"""Images of a project: where each one is, how large, and what is wrong with it if something is."""

from dataclasses import dataclass
from typing import NewType

ImageId = NewType("ImageId", int)


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One image: a file, or one page of a multi-page file.

    ``path`` is POSIX style, relative to the project's image root where possible, else absolute.
    ``width`` and ``height`` are after EXIF orientation; 0 when the file could not be read, and then
    ``problem`` says why in one sentence.
    """

    image_id: ImageId
    path: str
    width: int
    height: int
    page: int = 0
    problem: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.height, self.width
