"""What waits for the engine: of each topic the newest request, the most urgent topic first."""

from dataclasses import dataclass

from annotator.flows.lane_messages import Request, Topic

KEPT = (Topic.CONFIGURE, Topic.FIT)  # what a new process must be told again
ATTEMPTS = 2  # a request that ended the engine twice is not asked a third time


@dataclass(slots=True)
class Pending:
    """A request that waits or runs. ``stopped``: it was told to stop, and if ``again``, only to
    let something more urgent pass."""

    request: Request
    ticket: int
    attempts: int = 0
    stopped: bool = False
    again: bool = False

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return self.request.topic

    @property
    def dropped(self) -> bool:
        """Whether nobody wants it any more."""
        return self.stopped and not self.again

    def yields_to(self, topic: Topic) -> bool:
        """Whether it should stop so that a new request of ``topic`` need not wait."""
        if self.topic is topic:
            return True
        if self.topic is Topic.REPORT:  # nobody waits for it, but it would not end among the rest
            return topic is not Topic.REST and topic is not Topic.ENCODE
        return topic <= Topic.CURRENT and topic < self.topic and self.topic not in KEPT


class LaneQueue:
    """Requests by topic. Settings and support are kept after they were served."""

    def __init__(self) -> None:
        self._waiting: dict[Topic, Pending] = {}
        self._kept: dict[Topic, Pending] = {}
        self._tickets: dict[Topic, int] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, request: Request) -> Pending:
        """Put a request in place of an older one of its topic, under the topic's next ticket."""
        topic = request.topic
        self._tickets[topic] = self._tickets.get(topic, 0) + 1
        pending = Pending(request, self._tickets[topic])
        self._waiting[topic] = pending
        if topic in KEPT:
            self._kept[topic] = pending
        if topic is Topic.CONFIGURE:  # what was learned goes with the old session
            self.tell_again(Topic.FIT)
        return pending

    def take(self, *, only_settings: bool = False) -> Pending | None:
        """The most urgent request, which then no longer waits."""
        topic = min(self._waiting, default=None)
        if topic is None or (only_settings and topic is not Topic.CONFIGURE):
            return None
        pending = self._waiting.pop(topic)
        pending.stopped = pending.again = False
        return pending

    def put_back(self, pending: Pending) -> None:
        """Let a request wait again, unless a newer one does."""
        if not pending.dropped:
            self._waiting.setdefault(pending.topic, pending)

    def fail(self, pending: Pending) -> bool:
        """Note that the engine died of a request, perhaps; True if that was its last chance.

        Settings stay kept even then, for the day a person asks to try again.
        """
        pending.attempts += 1
        if pending.dropped or pending.attempts < ATTEMPTS:
            self.put_back(pending)
            return False
        pending.attempts = 0
        if pending.topic is Topic.FIT and self._kept.get(Topic.FIT) is pending:
            del self._kept[Topic.FIT]
        return True

    def tell_again(self, *topics: Topic) -> None:
        """Let what is kept of these topics wait again."""
        for topic in topics:
            if topic in self._kept:
                self._waiting.setdefault(topic, self._kept[topic])

    def drop(self, topic: Topic) -> None:
        """Forget what waits under a topic."""
        self._waiting.pop(topic, None)

    def clear(self) -> None:
        """Forget everything."""
        self._waiting.clear()
        self._kept.clear()
