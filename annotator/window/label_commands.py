"""Who does the actions of the label page: tools, view, answers, walking, classes."""

from collections.abc import Callable
from functools import partial

from annotator.canvas.overlay import Layer
from annotator.window.actions import ActionSet
from annotator.window.commander import Doer
from annotator.window.label_page import LabelPage
from annotator.window.tool_strip import TOOL_PREFIX, TOOLS

SIZE_STEP = 1.25
ZOOM_STEP = 1.25
CLASS_PLACES = range(10)  # 0 is background
LAYERS = {
    "view.marks": (Layer.CUES,),
    "view.accepted": (Layer.ACCEPTED, Layer.DRAWN),
    "view.proposed": (Layer.PROPOSED,),
    "view.uncertainty": (Layer.DOUBT,),
}
FIRST_VIEW = {"view.uncertainty": False, "view.compare": False, "view.outline": False}
ON_AT_FIRST = ("view.overlay", "view.marks", "view.accepted", "view.proposed", "answer.live")

PageOf = Callable[[], LabelPage | None]


class LabelCommands:
    """Doers for whichever label page is open; without one they do nothing."""

    def __init__(self, page_of: PageOf, actions: ActionSet) -> None:
        self._page_of = page_of
        self._actions = actions

    def doers(self) -> dict[str, Doer]:
        """Action id -> who does it."""
        return self._tools() | self._view() | self._answers() | self._classes()

    def begin(self) -> None:
        """What is on when a project opens: the first tool, live answers, masks without doubt."""
        self._actions[TOOL_PREFIX + TOOLS[0]].setChecked(True)
        for action_id in ON_AT_FIRST:
            self._actions[action_id].setChecked(True)
        for action_id, checked in FIRST_VIEW.items():
            self._actions[action_id].setChecked(checked)
        self._show_layers()
        self._show_outline()

    def _tools(self) -> dict[str, Doer]:
        tools: dict[str, Doer] = {
            TOOL_PREFIX + name: self._on(partial(_take_tool, name)) for name in TOOLS
        }
        return tools | {
            "tool.smaller": self._on(
                lambda p: p.canvas.set_radius(p.canvas.pen.radius / SIZE_STEP)
            ),
            "tool.larger": self._on(lambda p: p.canvas.set_radius(p.canvas.pen.radius * SIZE_STEP)),
        }

    def _view(self) -> dict[str, Doer]:
        layers: dict[str, Doer] = dict.fromkeys((*LAYERS, "view.overlay"), self._show_layers)
        return layers | {
            "view.zoom_in": self._on(partial(_zoom, ZOOM_STEP)),
            "view.zoom_out": self._on(partial(_zoom, 1 / ZOOM_STEP)),
            "view.fit": self._on(lambda p: p.canvas.fit()),
            "view.actual": self._on(lambda p: p.canvas.set_zoom(1.0)),
            "view.outline": self._show_outline,
            "view.hatching": self._show_hatching,
            "view.compare": self._show_comparison,
        }

    def _answers(self) -> dict[str, Doer]:
        return {
            "answer.accept": self._on(lambda p: p.answers.accept()),
            "answer.accept_class": self._on(lambda p: p.answers.accept(only_chosen=True)),
            "answer.reject": self._on(lambda p: p.answers.reject()),
            "answer.live": self._toggle_live,
            "image.previous": self._on(lambda p: p.gallery.step(-1)),
            "image.next": self._on(lambda p: p.gallery.step(1)),
            "image.next_useful": self._on(lambda p: p.go_useful()),
            "gallery.expand": self._on(lambda p: p.expand_gallery(self._checked("gallery.expand"))),
            "gallery.filter": self._on(lambda p: p.gallery.focus_filter()),
        }

    def _classes(self) -> dict[str, Doer]:
        places: dict[str, Doer] = {
            f"class.choose_{place}": self._on(partial(_choose_class, place))
            for place in CLASS_PLACES
        }
        return places | {
            "class.add": self._on(lambda p: p.classes.add()),
            "class.swap": self._on(lambda p: p.classes.swap()),
            "class.prompt": self._on(lambda p: p.classes.start_prompt()),
            "class.rename": self._on(lambda p: p.classes.start_renaming()),
            "class.recolour": self._on(lambda p: p.classes.open_colours()),
            "class.up": self._on(lambda p: p.classes.move_chosen(-1)),
            "class.down": self._on(lambda p: p.classes.move_chosen(1)),
            "class.hide": self._on(lambda p: p.classes.toggle_hidden(p.classes.chosen)),
            "class.lock": self._on(lambda p: p.classes.toggle_locked(p.classes.chosen)),
            "class.remove": self._on(lambda p: p.classes.remove(p.classes.chosen)),
        }

    def _on(self, act: Callable[[LabelPage], object]) -> Doer:
        def do() -> None:
            page = self._page_of()
            if page is not None:
                act(page)

        return do

    def _checked(self, action_id: str) -> bool:
        return self._actions[action_id].isChecked()

    def _show_layers(self) -> None:
        page = self._page_of()
        if page is None:
            return
        everything = self._checked("view.overlay")
        for action_id, layers in LAYERS.items():
            belongs = action_id in ("view.accepted", "view.proposed")
            shown = self._checked(action_id) and (everything or not belongs)
            for layer in layers:
                page.canvas.set_visible(layer, shown)

    def _show_outline(self) -> None:
        self._on(lambda p: p.canvas.set_filled(not self._checked("view.outline")))()

    def _show_hatching(self) -> None:
        self._on(lambda p: p.canvas.set_hatching(self._checked("view.hatching")))()

    def _show_comparison(self) -> None:
        self._on(lambda p: p.canvas.set_comparing(self._checked("view.compare")))()

    def _toggle_live(self) -> None:
        self._on(lambda p: p.set_live(self._checked("answer.live")))()


def _take_tool(name: str, page: LabelPage) -> None:
    page.take_tool(name)


def _choose_class(place: int, page: LabelPage) -> None:
    page.classes.choose_place(place)


def _zoom(factor: float, page: LabelPage) -> None:
    viewport = page.canvas.viewport
    if viewport is not None:
        page.canvas.set_zoom(viewport.zoom * factor)
