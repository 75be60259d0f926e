"""The words of the two-minute tour, and what each of its steps waits for."""

import re
from collections.abc import Callable, Mapping

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from annotator.window.action_table import ROWS
from annotator.window.actions import Keys, shown_key
from annotator.window.tour import TourStep

Target = Callable[[], QWidget | None]

# place, title, text. The place is also the name under which a signal may be given; an action's id
# in braces becomes its key.
WORDS = (
    ("classes", "Classes",
     "What you tell apart: each has a name, a colour and a key. {class.choose_1} to "
     "{class.choose_9} choose one, and {class.rename} renames it."),
    ("tools", "Tools",
     "Scribble hints at a class and is quickest. Brush, box and polygon say it exactly. Each "
     "button shows its key."),
    ("canvas", "Draw one stroke",
     "Draw a short line on something of the chosen class. The right button, or Alt, means "
     "background."),
    ("answer", "The picture answers",
     "The translucent mask is a proposal: it may change with every stroke, and nothing of it is "
     "kept until you accept."),
    ("gallery", "The others answer too",
     "Every picture gets its mask. Those that would teach most come first; {image.previous} and "
     "{image.next} walk, {gallery.expand} opens the whole gallery."),
    ("accept", "Accept what is right",
     "{answer.accept} accepts the picture in view. Accepted areas get an outline, and later "
     "answers leave what you drew as it is."),
    ("undo", "Nothing is lost",
     "Everything is saved as you go. Undo names what it takes back, as far back as you like, even "
     "after a restart."),
    ("export", "Export",
     "When enough is accepted, write the dataset. It is checked before it is shown to you."),
    ("palette", "Find anything",
     "{window.palette} searches every action by a few letters; {window.shortcuts} shows all keys "
     "and lets you change them."),
)  # fmt: skip


def tour_steps(
    targets: Mapping[str, Target],
    done: Mapping[str, SignalInstance] | None = None,
    *,
    keys: Callable[[str], Keys] | None = None,
) -> tuple[TourStep, ...]:
    """The steps whose place is named in ``targets``, in order; ``done`` are signals by place.

    ``keys`` gives the keys of an action as the person has them, `ActionSet.keys`. Raises
    `KeyError` for a place that the tour does not know.
    """
    signals = done or {}
    known = {place for place, _, _ in WORDS}
    for name in (*targets, *signals):
        if name not in known:
            raise KeyError(name)
    return tuple(
        TourStep(headline, _with_keys(text, keys or _usual), targets[place], signals.get(place))
        for place, headline, text in WORDS
        if place in targets
    )


def _with_keys(text: str, keys: Callable[[str], Keys]) -> str:
    """The text with keys in place of ids; an action without a key is named by its title."""

    def word(found: re.Match[str]) -> str:
        action_id = found.group(1)
        held = keys(action_id)
        title = next(row.title for row in ROWS if row.action_id == action_id)
        return shown_key(held[0]) if held else f"\u201c{title}\u201d"

    return re.sub(r"\{([\w.]+)\}", word, text)


def _usual(action_id: str) -> Keys:
    return next(row.keys for row in ROWS if row.action_id == action_id)
