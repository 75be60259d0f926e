"""Which image is asked next: the one in view, then visible ones, then the rest, each once."""

from collections.abc import Iterable, Iterator

from annotator.document.images import ImageId
from annotator.document.project import Project
from annotator.flows.lane_messages import Topic


class AnswerPlan:
    """Keeps what was answered at which version, and what the engine has been asked."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._version = 0
        self._done: dict[ImageId, int] = {}
        self._fresh: set[ImageId] = set()  # done at the present version
        self._usable = 0
        self._asked: dict[Topic, tuple[int, ImageId]] = {}
        self._rest: Iterator[ImageId] = iter(())
        self._in_view: dict[Topic, tuple[ImageId, ...]] = {}

    @property
    def version(self) -> int:
        """Of the support set that answers are wanted for."""
        return self._version

    def renew(self, version: int) -> None:
        """Everything is to be answered anew."""
        self._version = version
        self._fresh.clear()
        self.rewind()

    def rewind(self) -> None:
        """Walk the whole list again; what is answered already is passed over."""
        self._rest = iter(tuple(self._project.images))
        self._usable = sum(entry.problem is None for entry in self._project.images.values())
        self._fresh &= self._project.images.keys()

    @property
    def progress(self) -> tuple[int, int]:
        """How many images need no further answer at the present version, of how many."""
        return len(self._fresh), self._usable

    def show(self, topic: Topic, image_ids: Iterable[ImageId]) -> None:
        """The image in view (CURRENT), or those that are visible, most wanted first."""
        self._in_view[topic] = tuple(image_ids)

    def next_image(self, topic: Topic) -> ImageId | None:
        """The image to ask about under a topic, None where nothing is left or one is under way."""
        if topic in self._asked:
            return None
        if topic is not Topic.REST:
            return next(self._open(self._in_view.get(topic, ())), None)
        found = next(self._open(self._rest), None)
        if found is None:  # images passed over while they were asked elsewhere, and then were not
            self._rest = self._open(tuple(self._project.images))
            found = next(self._rest, None)
        return found

    def has_open(self, topic: Topic) -> bool:
        """Whether something in view is neither answered nor under way."""
        return next(self._open(self._in_view.get(topic, ())), None) is not None

    def note_asked(self, topic: Topic, ticket: int, image_id: ImageId) -> None:
        """An image is under way."""
        self._asked[topic] = (ticket, image_id)

    def take_back(self, topic: Topic, ticket: int) -> ImageId | None:
        """The image a ticket was for, no longer under way; None for an old ticket."""
        asked = self._asked.get(topic)
        if asked is None or asked[0] != ticket:
            return None
        return self._asked.pop(topic)[1]

    def under_way(self, topic: Topic) -> ImageId | None:
        """The image asked under a topic."""
        asked = self._asked.get(topic)
        return None if asked is None else asked[1]

    def forget_asked(self, topic: Topic) -> None:
        """The request of a topic was cancelled."""
        self._asked.pop(topic, None)

    def note_done(self, image_id: ImageId, version: int) -> None:
        """An image needs no further answer at that version."""
        self._done[image_id] = max(version, self._done.get(image_id, 0))
        if self.is_done(image_id):
            self._fresh.add(image_id)

    def reopen(self, image_id: ImageId) -> None:
        """It is to be asked again."""
        self._done.pop(image_id, None)
        self._fresh.discard(image_id)

    def reopen_all(self) -> None:
        """All are to be asked again, at the present version."""
        self._done.clear()
        self._fresh.clear()
        self.rewind()

    def is_done(self, image_id: ImageId) -> bool:
        """Whether an image has been answered at the present version."""
        return self._done.get(image_id, 0) >= self._version

    def _open(self, candidates: Iterable[ImageId]) -> Iterator[ImageId]:
        for image_id in candidates:
            entry = self._project.images.get(image_id)
            usable = entry is not None and entry.problem is None
            # Looked up as the walk goes on: what is under way changes between two steps.
            under_way = any(image_id == asked for _, asked in self._asked.values())
            if usable and not self.is_done(image_id) and not under_way:
                yield image_id
