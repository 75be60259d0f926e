"""Preferences: what is set is applied to the window at once, and what the hands change is kept."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from annotator.flows.workspace import Workspace
from annotator.look.style import Scheme, Style
from annotator.settings import RECENT_LIMIT, Settings, SettingsFile, models_place, without_recent
from annotator.window.feedback import Tone
from annotator.window.main_window import MainWindow
from annotator.window.project_view import EngineWish
from annotator.window.settings_keeper import SettingsKeeper
from annotator.window.settings_page import SettingsPage


class Preferences(QObject):
    """The person's settings, shared by window, settings page and file."""

    def __init__(
        self, window: MainWindow, style: Style, file: SettingsFile, settings: Settings
    ) -> None:
        super().__init__(window)
        self.settings = settings
        self._window, self._style = window, style
        self._keeper = SettingsKeeper(file, self)
        self._keeper.failed.connect(lambda sentence: window.tell(sentence, Tone.WARN))
        self._page: SettingsPage | None = None
        self._applying = False
        window.actions_.apply(settings.keys)
        window.project_shown.connect(self._on_project)
        window.project_closing.connect(self.collect)
        window.closed.connect(self._keeper.flush)
        style.changed.connect(self._on_style)
        self._wish_engine()

    def make_page(self, *, settings_file: Path, log_file: Path) -> SettingsPage:
        """The settings page; made once."""
        page = SettingsPage(self.settings, settings_file=settings_file, log_file=log_file)
        page.changed.connect(self.apply)
        self._page = page
        return page

    def apply(self, settings: Settings) -> None:
        """Take other settings over, at once."""
        before, self.settings = self.settings, settings
        self._applying = True
        if settings.scheme != before.scheme:
            self._style.choose(Scheme(settings.scheme))
        if settings.text_scale != before.text_scale:
            self._style.choose_text_scale(settings.text_scale)
        self._applying = False
        if self._wish_engine():
            self._open_anew()
        self._show_view()
        self._keeper.keep(settings)

    def keep_keys(self, keys: dict[str, tuple[str, ...]]) -> None:
        """Other keys were chosen."""
        self._keep(replace(self.settings, keys=keys))

    def remember(self, path: Path) -> None:
        """A project was opened: it comes first among the recent ones."""
        kept = (str(path.resolve()), *self.settings.recent_projects)
        recent = tuple(dict.fromkeys(kept))[:RECENT_LIMIT]
        self._keep(replace(self.settings, recent_projects=recent))
        self.show_recent()

    def forget(self, path: str) -> None:
        """Take a project off the recent ones."""
        self._keep(without_recent(self.settings, Path(path)))
        self.show_recent()

    def tour_was_seen(self) -> None:
        """Offer it no more by itself."""
        self._keep(replace(self.settings, tour_seen=True))

    def show_recent(self) -> None:
        """Recent projects on the welcome page."""
        self._window.welcome.show_recent([Path(one) for one in self.settings.recent_projects])

    def _on_project(self) -> None:
        page = self._window.page
        if page is None:
            return
        page.set_widths(self.settings.left_width, self.settings.right_width)
        page.canvas.set_radius(self.settings.pen_radius)
        self._window.actions_["answer.live"].setChecked(self.settings.live)
        page.set_live(self.settings.live)
        self._show_view()

    def _show_view(self) -> None:
        page, settings = self._window.page, self.settings
        if page is None:
            return
        page.canvas.set_opacity(settings.overlay_opacity)
        page.canvas.set_hatching(settings.hatching)
        self._window.actions_["view.hatching"].setChecked(settings.hatching)
        page.gallery.set_least_cell(settings.gallery_cell)

    def _on_style(self, *_what: object) -> None:
        scheme = self._style.scheme.value
        if not self._applying and scheme != self.settings.scheme:
            self._keep(replace(self.settings, scheme=scheme))

    def collect(self) -> None:
        """Keep what the hands changed: pen, opacity, widths, live, patterns."""
        page, actions = self._window.page, self._window.actions_
        if page is None:
            return
        left, right = page.widths()
        self._keep(
            replace(
                self.settings,
                pen_radius=min(max(page.canvas.pen.radius, 0.5), 512.0),
                overlay_opacity=page.canvas.opacity,
                live=actions["answer.live"].isChecked(),
                hatching=actions["view.hatching"].isChecked(),
                left_width=max(120, min(left, 2000)),
                right_width=max(120, min(right, 2000)),
            )
        )

    def _wish_engine(self) -> bool:
        """For projects opened from now on; whether that is another wish than before."""
        settings, before = self.settings, self._window.wish
        self._window.wish = EngineWish(
            device=None if settings.device == "auto" else settings.device,
            models_dir=models_place(settings),
            shelf_bytes=settings.proposal_memory << 20,
        )
        return self._window.wish != before

    def _open_anew(self) -> None:
        """The engine is to work elsewhere: the open project is closed and opened with it."""
        workspace, place = self._window.workspace, self._window.place
        if workspace is None:
            return
        folder = workspace.folder
        self._window.close_project()
        self._window.show_workspace(Workspace.open(folder))
        self._window.go(place)

    def _keep(self, settings: Settings) -> None:
        self.settings = settings
        self._keeper.keep(settings)
        if self._page is not None:
            self._page.show_settings(settings)
