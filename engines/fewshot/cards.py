"""What a few-shot method says of itself, in words and numbers a person can choose by; no torch."""

from dataclasses import dataclass

from engines.exchange import MarkKind


@dataclass(frozen=True, slots=True)
class MethodCard:
    """A method on the shelf.

    ``cues`` are the marks it learns from; ``shots`` and ``ways`` the smallest and largest numbers
    of annotated images and of classes it is meant for (None: no upper limit).
    """

    name: str
    title: str
    cues: frozenset[MarkKind]
    shots: tuple[int, int | None]
    ways: tuple[int, int | None]
    needs_text: bool
    summary: str


PROBE_CARD = MethodCard(
    name="probe",
    title="Linear probe",
    cues=frozenset(MarkKind),
    shots=(1, None),
    ways=(1, None),
    needs_text=False,
    summary=(
        "Ridge regression on frozen features, solved in closed form after every stroke. The best "
        "choice for scribbles and for parts. Learns from strokes, masks and boxes; needs "
        "background or a second class. A tag 'absent' removes a class from the tagged image only; "
        "a tag 'present' is not used."
    ),
)

PANET_CARD = MethodCard(
    name="panet",
    title="Prototypes (PANet)",
    cues=frozenset(MarkKind),
    shots=(1, None),
    ways=(1, None),
    needs_text=False,
    summary=(
        "One mean feature per class and one for the background, compared by cosine (Wang et al., "
        "ICCV 2019) on the deepest map of a frozen backbone. The better choice for whole objects "
        "from a single mask. A tag 'absent' removes a class from the tagged image only; a tag "
        "'present' is not used."
    ),
)

TEXT_CARD = MethodCard(
    name="text",
    title="Words",
    cues=frozenset(MarkKind),
    shots=(0, None),
    ways=(1, None),
    needs_text=True,
    summary=(
        "Looks for the words of each class, its prompt or its name, before anything is marked. "
        "Marks teach a linear probe beside the words, which weighs more the more is marked. Needs "
        "a backbone that knows words: 'embedded' with its closed vocabulary, or one of CLIP."
    ),
)

METHOD_CARDS: tuple[MethodCard, ...] = (PROBE_CARD, PANET_CARD, TEXT_CARD)
