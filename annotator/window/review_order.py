"""The order of a review: the most doubtful first, what was seen stays where it was seen."""

from collections.abc import Container, Mapping, Sequence
from enum import Enum, auto
from itertools import chain

from annotator.document.images import ImageId
from annotator.document.label_map import Provenance
from annotator.document.project import Project


class Verdict(Enum):
    """What a person said about an answer."""

    ACCEPTED = auto()
    REJECTED = auto()


class ReviewOrder:
    """Rows of image ids. Rows up to the last one visited never move; the rest follows the doubt."""

    def __init__(self, waiting: Sequence[ImageId] = ()) -> None:
        self._rows: list[ImageId] = list(waiting)
        self._place = {image_id: k for k, image_id in enumerate(self._rows)}
        self._settled = 0
        self.verdicts: dict[ImageId, Verdict] = {}

    @property
    def rows(self) -> Sequence[ImageId]:
        """All of them, in order."""
        return self._rows

    def row_of(self, image_id: ImageId) -> int | None:
        """Where an image stands."""
        return self._place.get(image_id)

    def visit(self, image_id: ImageId) -> None:
        """The person is here now: this row and those before stay where they are."""
        place = self._place.get(image_id)
        if place is not None:
            self._settled = max(self._settled, place + 1)

    def sort(self, doubts: Mapping[ImageId, float]) -> bool:
        """Put what was not visited in order; images without an answer last. Whether rows moved."""
        rest = self._rows[self._settled :]
        ordered = sorted(rest, key=lambda image_id: -doubts.get(image_id, -1.0))
        if ordered == rest:
            return False
        self._rows[self._settled :] = ordered
        self._number()
        return True

    def follow(self, waiting: Sequence[ImageId], usable: frozenset[ImageId]) -> None:
        """The project has other images: rows that are not usable go, new ones come last."""
        seen = self._rows[: self._settled]
        self._settled = sum(image_id in usable for image_id in seen)
        known = set(self._rows)
        kept = [image_id for image_id in self._rows if image_id in usable]
        self._rows = [*kept, *(image_id for image_id in waiting if image_id not in known)]
        self.verdicts = {i: verdict for i, verdict in self.verdicts.items() if i in usable}
        self._number()

    def next_open(
        self, after: ImageId | None, among: Container[ImageId] | None = None
    ) -> ImageId | None:
        """The next row without a verdict, from the start again at the end; None if all have one.

        ``among`` are the images to choose from, all of them if None.
        """
        start = self._place.get(after, -1) + 1 if after is not None else 0
        turned = chain(self._rows[start:], self._rows[:start])
        fit = (one for one in turned if among is None or one in among)
        return next((one for one in fit if one not in self.verdicts), None)

    def step(self, at: ImageId | None, by: int) -> ImageId | None:
        """The row some places on, stopping at the ends."""
        if not self._rows:
            return None
        place = self._place.get(at) if at is not None else None
        goal = 0 if place is None else max(0, min(len(self._rows) - 1, place + by))
        return self._rows[goal]

    def _number(self) -> None:
        self._place = {image_id: k for k, image_id in enumerate(self._rows)}


def usable_images(project: Project) -> tuple[ImageId, ...]:
    """Images that can be shown, in the order of the project."""
    return tuple(i for i, entry in project.images.items() if entry.problem is None)


def is_accepted(project: Project, image_id: ImageId) -> bool:
    """Whether some pixel of the image was accepted or imported."""
    kinds = project.provenance_kinds(image_id)
    return bool(kinds & {Provenance.ACCEPTED, Provenance.IMPORTED})


def accepted_images(project: Project) -> frozenset[ImageId]:
    """All images with accepted or imported pixels that can be shown."""
    labelled = set(project.image_ids_with_labels()) & set(usable_images(project))
    return frozenset(image_id for image_id in labelled if is_accepted(project, image_id))
