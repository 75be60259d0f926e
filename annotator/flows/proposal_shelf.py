"""Proposals at hand: the freshest of each image, bounded in bytes, longest unseen out first."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotator.document.images import ImageId
from annotator.document.proposal import Proposal

LIMIT_BYTES = 512 << 20


@dataclass(frozen=True, slots=True, eq=False)
class LiveProposal:
    """A proposal with ``uncertainty`` (h, w) uint8, reduced; 255 is quite unsure."""

    proposal: Proposal
    uncertainty: npt.NDArray[np.uint8]

    @property
    def byte_count(self) -> int:
        """Bytes of its arrays."""
        return self.proposal.classes.nbytes + self.uncertainty.nbytes


class ProposalShelf:
    """Holds what fits; a proposal larger than the whole shelf is held alone."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[ImageId, LiveProposal] = OrderedDict()
        self._bytes = 0

    @property
    def byte_count(self) -> int:
        """Bytes held."""
        return self._bytes

    def __contains__(self, image_id: object) -> bool:
        return image_id in self._held

    def image_ids(self) -> tuple[ImageId, ...]:
        """Images that have one."""
        return tuple(self._held)

    def get(self, image_id: ImageId) -> LiveProposal | None:
        """What is held for an image, which counts as seen."""
        if image_id in self._held:
            self._held.move_to_end(image_id)
        return self._held.get(image_id)

    def put(self, live: LiveProposal) -> bool:
        """Hold it in place of an older one; False if a newer one is held already."""
        image_id = live.proposal.image_id
        before = self._held.get(image_id)
        if before is not None and (before.proposal.support_version > live.proposal.support_version):
            return False
        self.drop(image_id)
        while self._held and self._bytes + live.byte_count > self._limit_bytes:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= oldest.byte_count
        self._held[image_id] = live
        self._bytes += live.byte_count
        return True

    def drop(self, image_id: ImageId) -> bool:
        """Forget an image's proposal; whether there was one."""
        before = self._held.pop(image_id, None)
        if before is None:
            return False
        self._bytes -= before.byte_count
        return True
