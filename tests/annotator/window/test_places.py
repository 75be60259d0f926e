"""Places outside the window: the nearest that exists is opened, and a crash names its report."""

from pathlib import Path

import pytest

from annotator.crash_watch import CrashNotice
from annotator.window import places
from annotator.window.feedback import Tone
from annotator.window.places import crash_message, folder_of, show_place


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    seen: list[Path] = []

    def open_url(url: object) -> bool:
        seen.append(Path(url.toLocalFile()))  # type: ignore[attr-defined]
        return True

    monkeypatch.setattr(places.QDesktopServices, "openUrl", open_url)
    return seen


def test_of_what_is_not_there_the_nearest_folder_is_shown(
    opened: list[Path], tmp_path: Path
) -> None:
    assert show_place(tmp_path / "a" / "b.txt")
    assert opened == [tmp_path]
    assert folder_of(tmp_path) == tmp_path
    assert folder_of(tmp_path / "x.json") == tmp_path


def test_a_crash_is_bad_news_with_its_report_one_press_away(
    opened: list[Path], tmp_path: Path
) -> None:
    report = tmp_path / "crash-1.txt"
    report.touch()
    message = crash_message(CrashNotice("It broke.", report))
    assert (message.tone, message.step) == (Tone.BAD, "Show report")
    assert message.act is not None
    message.act()
    assert opened == [report]


def test_a_crash_of_an_earlier_run_is_quiet_and_names_the_place(tmp_path: Path) -> None:
    message = crash_message(CrashNotice("It crashed.", tmp_path / "crash-1.txt"), earlier=True)
    assert message.tone is Tone.QUIET
    assert "crash-1.txt" in message.text
    assert not message.passes
    assert crash_message(CrashNotice("It broke.", None)).step == ""
