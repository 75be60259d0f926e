"""The table of actions: all that the window can do, with the keys it answers to at first."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where keys of an action are heard. EVERYWHERE overlaps with all others."""

    EVERYWHERE = "everywhere"
    CANVAS = "canvas"
    GALLERY = "gallery"
    CLASSES = "classes"


class Trigger(StrEnum):
    """How an action is set off: by a key, by holding one, or by the wheel."""

    PRESS = "press"
    HOLD = "hold"
    WHEEL = "wheel"


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action. ``keys`` are portable key names, the first one is shown on buttons."""

    action_id: str
    title: str
    group: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tooltip: str = ""
    scope: Scope = Scope.CANVAS
    trigger: Trigger = Trigger.PRESS
    checkable: bool = False

    @property
    def editable(self) -> bool:
        """Whether a person may give it other keys: those of the wheel and held ones are fixed."""
        return self.trigger is Trigger.PRESS


_ALL = Scope.EVERYWHERE
_HOLD, _WHEEL = Trigger.HOLD, Trigger.WHEEL

_PROJECT = (
    ActionRow("project.open", "Open folder or project…", "Project", ("Ctrl+O",), "folder",
              "Open a folder of images, or a project", _ALL),
    ActionRow("project.demo", "Open the demo project", "Project", (), "demo",
              "Real photographs with a few strokes, to try everything on", _ALL),
    ActionRow("project.add_images", "Add images…", "Project", ("Ctrl+Shift+O",), "add",
              "Bring more images into this project", _ALL),
    ActionRow("project.import", "Import labels…", "Project", ("Ctrl+I",), "import",
              "Bring in labels that exist already", _ALL),
    ActionRow("project.export", "Export dataset…", "Project", ("Ctrl+E",), "export",
              "Write a dataset and prove it", _ALL),
    ActionRow("project.close", "Close project", "Project", ("Ctrl+W",), "reject",
              "Everything is saved already", _ALL),
    ActionRow("window.quit", "Quit", "Project", ("Ctrl+Q",), "quit",
              "Everything is saved already", _ALL),
)  # fmt: skip

_EDIT = (
    ActionRow("edit.undo", "Undo", "Edit", ("Ctrl+Z",), "undo", "Take the last step back", _ALL),
    ActionRow("edit.redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo",
              "Do it again", _ALL),
    ActionRow("answer.accept", "Accept", "Answer", ("Return", "Enter"), "accept",
              "Make the proposal for this image true"),
    ActionRow("answer.reject", "Cancel or reject", "Answer", ("Esc",), "reject",
              "Give up what is being drawn, else drop the proposal"),
    ActionRow("answer.accept_class", "Accept this class only", "Answer", ("Shift+Return",),
              "accept", "Make the proposal true where it says the current class"),
    ActionRow("answer.live", "Live answers", "Answer", ("L",), "live",
              "Answer while you draw", checkable=True),
)  # fmt: skip

_TOOLS = (
    ActionRow("tool.scribble", "Scribble", "Tools", ("S",), "scribble",
              "Hint at a class; the right button means background", checkable=True),
    ActionRow("tool.brush", "Brush", "Tools", ("B",), "brush",
              "Paint pixels that stay exactly as painted", checkable=True),
    ActionRow("tool.eraser", "Eraser", "Tools", ("E",), "eraser",
              "Take marks and pixels away", checkable=True),
    ActionRow("tool.box", "Box", "Tools", ("R",), "box",
              "Draw a box around one object", checkable=True),
    ActionRow("tool.polygon", "Polygon", "Tools", ("P",), "polygon",
              "Outline an object point by point", checkable=True),
    ActionRow("tool.fill", "Fill", "Tools", ("F",), "fill",
              "Give a connected region another class", checkable=True),
    ActionRow("tool.pick", "Pick class", "Tools", ("I",), "pick",
              "Take the class under the cursor", checkable=True),
    ActionRow("tool.accept_region", "Accept a region", "Tools", ("Q",), "accept-region",
              "Click a connected region of the proposal to make it true", checkable=True),
    ActionRow("tool.accept_box", "Accept in a box", "Tools", ("W",), "accept-box",
              "Make the proposal true inside a box", checkable=True),
    ActionRow("tool.smaller", "Smaller pen", "Tools", ("[",), "size-down", "A finer pen"),
    ActionRow("tool.larger", "Larger pen", "Tools", ("]",), "size-up", "A broader pen"),
    ActionRow("tool.size_wheel", "Pen size", "Tools", ("Shift+Wheel",), "brush",
              "Turn the wheel while Shift is held", trigger=_WHEEL),
    ActionRow("tool.hold_erase", "Erase or mark background", "Tools", ("Alt",), "eraser",
              "While the key is held", trigger=_HOLD),
    ActionRow("view.hold_pan", "Move the picture", "View", ("Space",), "pan",
              "While the key is held", trigger=_HOLD),
    ActionRow("view.hold_bare", "Peek at the bare picture", "View", ("H",), "eye-off",
              "While the key is held", trigger=_HOLD),
)  # fmt: skip

_VIEW = (
    ActionRow("view.zoom_wheel", "Zoom", "View", ("Ctrl+Wheel",), "zoom-in",
              "Turn the wheel while Ctrl is held", trigger=_WHEEL),
    ActionRow("view.opacity_wheel", "Overlay opacity", "View", ("Alt+Wheel",), "overlay",
              "Turn the wheel while Alt is held", trigger=_WHEEL),
    ActionRow("view.zoom_in", "Zoom in", "View", ("Ctrl++", "Ctrl+="), "zoom-in"),
    ActionRow("view.zoom_out", "Zoom out", "View", ("Ctrl+-",), "zoom-out"),
    ActionRow("view.fit", "Fit picture to window", "View", ("Ctrl+0",), "fit",
              "Show the whole picture"),
    ActionRow("view.actual", "One to one", "View", ("Ctrl+1",), "fit",
              "One pixel of the picture is one on the screen"),
    ActionRow("view.overlay", "Overlay", "View", ("O",), "overlay",
              "Show or hide all classes", checkable=True),
    ActionRow("view.marks", "Marks", "View", ("M",), "marks",
              "Show or hide what was drawn as a hint", checkable=True),
    ActionRow("view.accepted", "Accepted areas", "View", ("Shift+A",), "accepted",
              "Show or hide what was accepted or painted", checkable=True),
    ActionRow("view.proposed", "Proposals", "View", ("Shift+P",), "proposed",
              "Show or hide what the engine proposes", checkable=True),
    ActionRow("view.hatching", "Patterns for classes", "View", ("Shift+H",), "hatching",
              "Tell classes apart by a pattern besides the colour", checkable=True),
    ActionRow("view.outline", "Outlines only", "View", ("Shift+O",), "outline",
              "Show where classes end and leave their inside bare", checkable=True),
    ActionRow("view.uncertainty", "Uncertainty", "View", ("U",), "uncertainty",
              "Show where the engine is in doubt", checkable=True),
    ActionRow("view.compare", "Compare before and after", "View", ("C",), "compare",
              "Show accepted and proposed side by side", checkable=True),
)  # fmt: skip

_WALK = (
    ActionRow("image.previous", "Previous image", "Images", ("A",), "previous"),
    ActionRow("image.next", "Next image", "Images", ("D",), "next"),
    ActionRow("image.next_useful", "Next suggested image", "Images", ("N",), "next-useful",
              "The image whose labels would teach the engine most"),
    ActionRow("gallery.expand", "Gallery", "Images", ("G",), "gallery",
              "Let the gallery fill the window, and back", checkable=True),
    ActionRow("gallery.filter", "Filter the gallery", "Images", ("Ctrl+F",), "filter",
              "Find images by name, state or class", _ALL),
)  # fmt: skip

_CLASSES = (
    ActionRow("class.add", "Add class", "Classes", ("Ctrl+N",), "add", "A new class", _ALL),
    ActionRow("class.swap", "Swap with the last class", "Classes", ("X",), "swap",
              "Back to the class used before"),
    ActionRow("class.choose_0", "Background", "Classes", ("0",), "", "Draw background"),
    *(ActionRow(f"class.choose_{k}", f"Class {k}", "Classes", (str(k),), "") for k in range(1, 10)),
    ActionRow("class.prompt", "Describe class in words", "Classes", ("T",), "text",
              "A text prompt, used where the method reads text"),
    ActionRow("class.rename", "Rename class", "Classes", ("F2",), "rename",
              "Give the chosen class another name", Scope.CLASSES),
    ActionRow("class.recolour", "Recolour class", "Classes", ("Ctrl+Shift+C",), "recolour",
              "Give the chosen class another colour", Scope.CLASSES),
    ActionRow("class.up", "Move class up", "Classes", ("Alt+Up",), "", "", Scope.CLASSES),
    ActionRow("class.down", "Move class down", "Classes", ("Alt+Down",), "", "", Scope.CLASSES),
    ActionRow("class.hide", "Show or hide class", "Classes", ("V",), "eye",
              "Take the chosen class off the picture for now", Scope.CLASSES),
    ActionRow("class.lock", "Lock or unlock class", "Classes", ("K",), "lock",
              "Keep the chosen class from being painted over", Scope.CLASSES),
    ActionRow("class.remove", "Remove class", "Classes", ("Del",), "remove",
              "Can be undone", Scope.CLASSES),
)  # fmt: skip

_WINDOW = (
    ActionRow("window.palette", "Search actions", "Window", ("Ctrl+K",), "search",
              "Find and do anything by name", _ALL),
    ActionRow("window.shortcuts", "Keys", "Window", ("F1",), "keyboard",
              "All keys, to look up and to change", _ALL),
    ActionRow("window.tour", "Tour of the window", "Window", (), "tour",
              "Two minutes: draw, watch, accept, export", _ALL),
    ActionRow("window.settings", "Settings", "Window", ("Ctrl+,",), "settings", "", _ALL),
    ActionRow("window.log", "Log", "Window", (), "log", "What happened, in order", _ALL),
    ActionRow("page.label", "Label page", "Window", ("F5",), "label", "", _ALL),
    ActionRow("page.generator", "Generator page", "Window", ("F6",), "generator", "", _ALL),
    ActionRow("page.review", "Review page", "Window", ("F7",), "review", "", _ALL),
    ActionRow("page.data", "Data page", "Window", ("F8",), "data", "", _ALL),
    ActionRow("window.left", "Left panels", "Window", ("Ctrl+B",), "window",
              "Fold the panels on the left", _ALL),
    ActionRow("window.fullscreen", "Full screen", "Window", ("F11",), "fit", "", _ALL),
    ActionRow("scheme.system", "Colours of the system", "Window", (), "system", "", _ALL),
    ActionRow("scheme.light", "Light colours", "Window", (), "sun", "", _ALL),
    ActionRow("scheme.dark", "Dark colours", "Window", (), "moon", "", _ALL),
)  # fmt: skip

ROWS: tuple[ActionRow, ...] = (
    *_PROJECT, *_EDIT, *_TOOLS, *_VIEW, *_WALK, *_CLASSES, *_WINDOW,
)  # fmt: skip
