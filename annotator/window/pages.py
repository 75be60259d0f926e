"""The pages of the window, and which actions each of them can do."""

from enum import Enum, StrEnum

from annotator.window.action_table import ActionRow, Scope


class Place(StrEnum):
    """A page of the window."""

    WELCOME = "welcome"
    LABEL = "label"
    REVIEW = "review"
    DATA = "data"
    SETTINGS = "settings"
    KEYS = "keys"
    LOG = "log"


class Need(Enum):
    """What an action needs before it can be done."""

    NOTHING = "nothing"
    PROJECT = "an open project"
    DRAWING = "the label page of an open project"


_NOTHING = ("project.open", "project.demo", "window.quit")
_PROJECT = ("page.label", "page.review", "page.data")
_DRAWING = ("window.left", "window.tour", "class.add", "gallery.filter")


def need_of(row: ActionRow) -> Need:
    """What an action needs; keys of the label page are silent elsewhere, so pages may use them."""
    if row.action_id in _NOTHING:
        return Need.NOTHING
    if row.action_id in _DRAWING:
        return Need.DRAWING
    if row.action_id in _PROJECT or row.group in ("Project", "Edit"):
        return Need.PROJECT
    return Need.NOTHING if row.scope is Scope.EVERYWHERE and row.group == "Window" else Need.DRAWING


def can_do(need: Need, place: Place, *, has_project: bool) -> bool:
    """Whether that is given on a page."""
    if need is Need.NOTHING:
        return True
    return has_project and (need is Need.PROJECT or place is Place.LABEL)
