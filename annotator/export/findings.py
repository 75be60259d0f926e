"""What a validation found: findings of one sentence each, under the checks they belong to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

Severity = Literal["error", "warning"]
Progress = Callable[[float, str], None]
StopQuestion = Callable[[], bool]

KEPT_PER_CHECK = 100  # the rest is only counted: a broken file may have a million faults


class Check(Enum):
    """The promises of an export, each with the sentence it is reported under."""

    LOADS = "the files load, with pycocotools where they are COCO"
    STRUCTURE = "entries are complete and hold native numbers and texts"
    IDS = "ids are unique and start at 1, categories are contiguous"
    GEOMETRY = "masks and polygons are well formed and inside their image"
    MEASURES = "area and bbox are those of the pixels"
    OVERLAP = "no pixel belongs to two annotations"
    TRUTH = "the files hold exactly the accepted pixels"
    FILES = "image files exist, decode, have the stated size and no orientation tag"
    SCORE = "a perfect prediction scores an average precision of 1.0"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing in one file."""

    check: Check
    text: str
    file: str
    severity: Severity = "error"
    item: int | str | None = None

    def __str__(self) -> str:
        return f"{self.file}: {self.text}"

    def as_json(self) -> dict[str, Any]:
        """Native values for report.json."""
        return {
            "check": self.check.name.lower(),
            "severity": self.severity,
            "file": self.file,
            "id": self.item,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check went; ``examined`` things were looked at. ``note`` limits what was."""

    check: Check
    examined: int
    errors: int
    warnings: int
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was made and found no error."""
        return self.errors == 0

    def as_json(self) -> dict[str, Any]:
        """Native values for report.json."""
        return {
            "name": self.check.name.lower(),
            "promise": self.check.value,
            "passed": self.passed,
            "examined": self.examined,
            "errors": self.errors,
            "warnings": self.warnings,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """The checks that were made, and the first findings of each."""

    folder: Path
    kind: str
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]
    counts: tuple[tuple[str, int], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing is wrong; warnings are no fault."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Native values for report.json."""
        return {
            "kind": self.kind,
            "passed": self.ok,
            "counts": dict(self.counts),
            "checks": [check.as_json() for check in self.checks],
            "findings": [finding.as_json() for finding in self.findings],
        }


class FindingsLog:
    """Takes down findings while the checks run."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._examined: Counter[Check] = Counter()
        self._faults: Counter[tuple[Check, Severity]] = Counter()
        self._notes: dict[Check, str] = {}

    def examined(self, check: Check, count: int = 1) -> None:
        """Note that ``count`` things were looked at; a check nobody examines is not reported."""
        self._examined[check] += count

    def note(self, check: Check, text: str) -> None:
        """State what a check left out."""
        self._notes[check] = text

    def error(self, check: Check, file: str, text: str, item: int | str | None = None) -> None:
        """Something is wrong."""
        self._add(Finding(check, text, file, "error", item))

    def warning(self, check: Check, file: str, text: str, item: int | str | None = None) -> None:
        """Something is odd, yet consumers can live with it."""
        self._add(Finding(check, text, file, "warning", item))

    def errors(self, check: Check) -> int:
        """How many errors a check has so far."""
        return self._faults[(check, "error")]

    def report(self, folder: Path, kind: str, counts: dict[str, int]) -> ValidationReport:
        """The frozen outcome."""
        results = tuple(
            CheckResult(
                check,
                self._examined[check],
                self._faults[(check, "error")],
                self._faults[(check, "warning")],
                self._notes.get(check, ""),
            )
            for check in Check
            if self._examined[check] or self.errors(check)
        )
        return ValidationReport(folder, kind, results, tuple(self._findings), tuple(counts.items()))

    def _add(self, finding: Finding) -> None:
        self._faults[(finding.check, finding.severity)] += 1
        if self._faults[(finding.check, finding.severity)] <= KEPT_PER_CHECK:
            self._findings.append(finding)
