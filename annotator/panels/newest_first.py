"""A few threads that serve the newest wish first; nobody ever waits for them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock

from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from annotator.document.errors import DocumentError
from annotator.document.images import ImageId

THREADS = 2
WAITING_LIMIT = 256  # wishes beyond a few screens are of places left long ago

Work = Callable[[], object]


class NewestFirst(QObject):
    """Work by image. ``done`` tells image, answer; a `DocumentError` is an answer too.

    An image is asked for at most once at a time. `withdraw` and `clear` make sure that no answer
    comes of what was begun before them.
    """

    done = Signal(object, object)
    _served = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None, *, threads: int = THREADS) -> None:
        super().__init__(parent)
        self._waiting: OrderedDict[ImageId, tuple[object, Work]] = OrderedDict()
        self._tickets: dict[ImageId, object] = {}  # waiting or under way; the one that counts
        self._lock = Lock()
        self._closed = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._served.connect(self._on_served)

    def __contains__(self, image_id: object) -> bool:
        """Whether an answer will come."""
        return image_id in self._tickets

    def ask(self, image_id: ImageId, work: Work) -> None:
        """Do this before all that waits; only sooner, where it was asked already."""
        if self._closed:
            return
        if image_id in self._tickets:
            self.hurry((image_id,))
            return
        ticket = object()
        self._tickets[image_id] = ticket
        with self._lock:
            self._waiting[image_id] = ticket, work
            while len(self._waiting) > WAITING_LIMIT:
                dropped, _ = self._waiting.popitem(last=False)
                self._tickets.pop(dropped, None)
        # The callable itself: PySide never lets go of a runnable that it made of one, and then
        # takes other objects at the same address for it.
        self._pool.start(self._serve)

    def hurry(self, image_ids: Iterable[ImageId]) -> None:
        """Of what waits, do these first and in this order."""
        with self._lock:
            for image_id in reversed(tuple(image_ids)):
                if image_id in self._waiting:
                    self._waiting.move_to_end(image_id)

    def withdraw(self, image_id: ImageId) -> None:
        """Nobody wants this any more."""
        with self._lock:
            self._waiting.pop(image_id, None)
        self._tickets.pop(image_id, None)

    def clear(self) -> None:
        """Nobody wants any of it any more."""
        with self._lock:
            self._waiting.clear()
        self._tickets.clear()

    def close(self) -> None:
        """Wait for what is under way; nothing is begun any more."""
        self._closed = True
        self.clear()
        self._pool.waitForDone()

    def _serve(self) -> None:
        """On a thread of the pool: serve the newest wish, whichever that is by now."""
        with self._lock:
            if not self._waiting:
                return
            image_id, (ticket, work) = self._waiting.popitem(last=True)
        try:
            answer = work()
        except DocumentError as error:
            answer = error
        self._served.emit(image_id, ticket, answer)

    @Slot(object, object, object)
    def _on_served(self, image_id: ImageId, ticket: object, answer: object) -> None:
        if self._tickets.get(image_id) is ticket:
            del self._tickets[image_id]
            self.done.emit(image_id, answer)
