"""What the status line says: states of the engine in words, and the pixel under the pointer."""

from pathlib import Path

from annotator.document.classes import BACKGROUND, ClassTable
from annotator.document.images import ImageEntry
from annotator.document.proposal import Proposal
from annotator.flows.lane_messages import EngineKind, EngineState
from annotator.window.feedback import Tone

_TONES = {
    EngineKind.READY: Tone.GOOD,
    EngineKind.BUSY: Tone.GOOD,
    EngineKind.FAILED: Tone.BAD,
    EngineKind.RESTARTING: Tone.WARN,
    EngineKind.STARTING: Tone.WARN,
}
_WORDS = {
    EngineKind.STARTING: "Engine is warming up",
    EngineKind.READY: "Engine ready",
    EngineKind.BUSY: "Engine at work",
    EngineKind.CLOSED: "Engine is off",
}


def engine_words(state: EngineState, latency_ms: float | None) -> tuple[str, Tone]:
    """Engine, device and the time of the last answer for the image in view."""
    parts = [_WORDS.get(state.kind, state.text)]
    if state.kind in (EngineKind.READY, EngineKind.BUSY):
        parts += [state.text] if state.text else []
        parts += [f"{latency_ms:.0f} ms"] if latency_ms is not None else []
    return "  ·  ".join(parts), _TONES.get(state.kind, Tone.QUIET)


def pixel_words(
    entry: ImageEntry, point: tuple[float, float], proposal: Proposal | None, classes: ClassTable
) -> str:
    """File, size, place and what is proposed there."""
    x, y = int(point[0]), int(point[1])
    parts = [Path(entry.path).name, f"{entry.width} x {entry.height}", f"x {x}  y {y}"]
    inside = 0 <= x < entry.width and 0 <= y < entry.height
    if inside and proposal is not None and proposal.classes.shape == entry.size:
        class_id = classes.resolve(proposal.classes[y, x])
        if class_id is not None and class_id != BACKGROUND:
            parts.append(classes[class_id].name)
    return "  ·  ".join(parts)
