"""The desk of a review: which images wait, what is known of each, and what was said about it."""

from pathlib import PurePosixPath

from annotator.document.changes import Changes
from annotator.document.images import ImageId
from annotator.flows.live_flow import LiveFlow
from annotator.flows.workspace import Workspace
from annotator.window.review_order import (
    ReviewOrder,
    Verdict,
    accepted_images,
    is_accepted,
    usable_images,
)
from annotator.window.review_queue import QueueRow

NO_ANSWER = "no answer yet"


class ReviewDesk:
    """Keeps order, doubts and verdicts in step with the project; asks nobody and shows nothing."""

    def __init__(self, workspace: Workspace, live: LiveFlow) -> None:
        self._workspace, self._live = workspace, live
        self._usable: frozenset[ImageId] = frozenset()
        self._accepted: frozenset[ImageId] = frozenset()  # outside of this review
        self._doubts: dict[ImageId, float] = {}
        self._reasons: dict[ImageId, str] = {}
        self.order = ReviewOrder()

    @property
    def has_answers(self) -> bool:
        """Whether any image was answered."""
        return bool(self._doubts)

    @property
    def progress(self) -> tuple[int, int]:
        """How many images were reviewed, now or before, and how many there are."""
        done = self._accepted | self.order.verdicts.keys()
        return len(done & self._usable), len(self._usable)

    @property
    def all_reviewed(self) -> bool:
        """Whether no image is left that could be reviewed, now or once it is answered."""
        return self.order.next_open(None) is None

    def next_open(self, after: ImageId | None) -> ImageId | None:
        """The next image that has an answer and no verdict."""
        return self.order.next_open(after, self._doubts)

    def look_again(self) -> None:
        """Take everything up from the project: images came, went, or were accepted elsewhere."""
        project = self._workspace.project
        usable = usable_images(project)
        self._usable = frozenset(usable)
        self._accepted = accepted_images(project) - self.order.verdicts.keys()
        for image_id in usable:
            self._take_doubt(image_id)
        waiting = [image_id for image_id in usable if image_id not in self._accepted]
        self.order.follow(waiting, self._usable - self._accepted)
        self.order.sort(self._doubts)

    def include_accepted(self) -> None:
        """Begin anew with every image, also those that were accepted before."""
        self.order = ReviewOrder(usable_images(self._workspace.project))
        self._accepted = frozenset()
        self.order.sort(self._doubts)

    def answered(self, image_id: ImageId) -> None:
        """There is another answer for an image, or none any more."""
        self._take_doubt(image_id)

    def ranked(self) -> None:
        """There are other reasons why images should be seen."""
        self._reasons = {one.image_id: one.reason for one in self._live.ranking}

    def sort(self) -> bool:
        """Put what was not visited in order; whether rows moved."""
        return self.order.sort(self._doubts)

    def taken_back(self, changes: Changes) -> ImageId | None:
        """Forget verdicts that the document does not bear out any more; one image of those."""
        project, found = self._workspace.project, None
        for image_id in changes.images & self.order.verdicts.keys():
            accepted = self.order.verdicts[image_id] is Verdict.ACCEPTED
            if accepted and image_id in project.images and not is_accepted(project, image_id):
                del self.order.verdicts[image_id]
                found = image_id
        return found

    def row(self, image_id: ImageId) -> QueueRow:
        """What the queue says of an image."""
        entry = self._workspace.project.images.get(image_id)
        name = PurePosixPath(entry.path).name if entry is not None else ""
        return QueueRow(image_id, name, self._why(image_id), self.order.verdicts.get(image_id))

    def _why(self, image_id: ImageId) -> str:
        doubt = self._doubts.get(image_id)
        if doubt is None:
            return NO_ANSWER
        reason = self._reasons.get(image_id, "")
        figure = f"{100 * doubt:.0f} % doubt"
        return f"{figure}, {reason}" if reason else figure

    def _take_doubt(self, image_id: ImageId) -> None:
        proposal = self._live.proposal(image_id)
        if proposal is None:
            self._doubts.pop(image_id, None)
        else:
            self._doubts[image_id] = proposal.doubt
