"""The import itself: everything a plan offers becomes one gesture, saved beside the window."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from annotator.document.changes import Changes
from annotator.document.edits import Edit
from annotator.flows.image_folder import QUIET
from annotator.flows.import_plan import ImportPlan, prepare_import
from annotator.flows.workspace import Workspace, gesture
from engines.reporting import Reporter


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A gesture that was committed under ``name`` and has still to be announced."""

    name: str
    changes: Changes
    images: int
    problems: tuple[tuple[str, str], ...]  # (label image, sentence)


def commit_import(
    workspace: Workspace,
    plan: ImportPlan,
    meanings: Mapping[int, str],
    *,
    keep_labelled: bool,
    reporter: Reporter = QUIET,
) -> Imported:
    """Bring the labels in as one gesture, on any thread; `Workspace.announce` has to follow.

    Raises as `prepare_import` does, and whatever keeps the gesture from being saved; then, and
    when the person stops it, nothing has happened.
    """
    prepared = prepare_import(
        workspace.project,
        plan,
        meanings,
        keep_labelled=keep_labelled,
        reporter=_Half(reporter, start=0.0),
    )
    name = gesture("Import labels", plan.folder.name)
    changes = workspace.commit(name, _told(prepared.edits, _Half(reporter, start=0.5)))
    return Imported(name, changes, prepared.images, prepared.problems)


class _Half:
    """Reports one half of some work, from ``start`` on."""

    def __init__(self, reporter: Reporter, *, start: float) -> None:
        self._reporter, self._start = reporter, start

    def progress(self, fraction: float, message: str = "") -> None:
        """Half of it."""
        self._reporter.progress(self._start + fraction / 2, message)

    def raise_if_cancelled(self) -> None:
        """As the whole is."""
        self._reporter.raise_if_cancelled()


def _told(edits: Sequence[Edit], reporter: Reporter) -> Iterator[Edit]:
    """The edits one after the other; a gesture that is stopped among them never happened."""
    for done, edit in enumerate(edits):
        reporter.raise_if_cancelled()
        reporter.progress(done / len(edits), "Saving the labels")
        yield edit
