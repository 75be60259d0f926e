"""A live flow without an engine: it keeps what panels ask of it and says what tests want said."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from annotator.document.errors import InvalidEdit
from annotator.document.images import ImageId
from annotator.flows.segment_flow import SegmentOptions
from annotator.flows.support_report import SupportReport, SupportRow


class StandInLive(QObject):
    """The members of `LiveFlow` that the panels on the left speak to."""

    report_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.options = SegmentOptions()
        self.report = SupportReport()
        self.asked: list[tuple[object, ...]] = []
        self.refuses = ""

    def say(self, report: SupportReport) -> None:
        self.report = report
        self.report_changed.emit()

    def set_muted(self, image_id: ImageId, muted: bool) -> None:
        self._note("muted", image_id, muted)
        rows = self.report.rows
        self.say(
            replace(
                self.report,
                rows=tuple(replace(r, muted=muted) if r.image_id == image_id else r for r in rows),
            )
        )

    def set_method(self, name: str) -> None:
        self._note("method", name)
        self.options = replace(self.options, method=name)

    def set_backbone(self, name: str) -> None:
        self._note("backbone", name)
        self.options = replace(self.options, backbone=name)

    def set_refine(self, refine: bool) -> None:
        self._note("refine", refine)
        self.options = replace(self.options, refine=refine)

    def set_threshold(self, value: float) -> None:
        self._note("threshold", value)
        self.options = replace(self.options, threshold=value)

    def _note(self, *asked: object) -> None:
        if self.refuses:
            raise InvalidEdit(self.refuses)
        self.asked.append(asked)


def report_of(*rows: SupportRow, expected: float | None = None) -> SupportReport:
    """A report on these rows; the curve ends where ``expected`` is."""
    strokes = sum(row.cue_count for row in rows if not row.muted)
    curve = ((2, expected - 0.2), (len(rows), expected)) if expected is not None else ()
    interval = None if expected is None else 0.04
    return SupportReport(rows, strokes, expected, interval, curve, version=1)
