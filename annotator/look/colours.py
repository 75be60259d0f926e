"""Colours of the window: one table for light, one for dark, and the palette made from them."""

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme, every entry as '#rrggbb'. Text of any kind reaches 4.5:1 on any ground.

    Grounds are ``background`` (behind the picture), ``panel``, ``raised`` (buttons, cards) and
    ``hover``. ``accent`` is a ground for ``on_accent``; ``accent_text`` is the same blue as text.
    """

    background: str
    panel: str
    raised: str
    hover: str
    chosen: str
    line: str
    strong_line: str
    text: str
    dim_text: str
    accent: str
    on_accent: str
    accent_text: str
    good: str
    warn: str
    bad: str


DARK = Colours(
    background="#141619",
    panel="#1e2125",
    raised="#25292e",
    hover="#2b2f35",
    chosen="#28303d",
    line="#2f343a",
    strong_line="#474d55",
    text="#e9ebee",
    dim_text="#9ba2ab",
    accent="#2b66e3",
    on_accent="#ffffff",
    accent_text="#80a9ff",
    good="#74d083",
    warn="#efb145",
    bad="#ff8a80",
)

LIGHT = Colours(
    background="#eaecf0",
    panel="#fafbfc",
    raised="#ffffff",
    hover="#eff1f4",
    chosen="#e4edfd",
    line="#dde0e5",
    strong_line="#bfc5cd",
    text="#1a1d21",
    dim_text="#5b626c",
    accent="#2361e0",
    on_accent="#ffffff",
    accent_text="#1c55cb",
    good="#1c7433",
    warn="#8a5200",
    bad="#b7312a",
)

GROUNDS = ("background", "panel", "raised", "hover", "chosen")
TEXTS = ("text", "dim_text", "accent_text", "good", "warn", "bad")


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two '#rrggbb' colours, 1 to 21, as WCAG 2.2 defines it."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def colours_of(palette: QPalette) -> Colours:
    """The table a palette was made from: whoever paints asks his own palette, and needs no more.

    Told by the text, for a style sheet may have made the ground transparent.
    """
    return DARK if palette.color(QPalette.ColorRole.WindowText).lightnessF() > 0.5 else LIGHT


def palette_of(colours: Colours) -> QPalette:
    """The Qt palette of a scheme, with what is disabled shown in dim text."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    parts = {
        role.Window: colours.panel,
        role.WindowText: colours.text,
        role.Base: colours.raised,
        role.AlternateBase: colours.hover,
        role.Text: colours.text,
        role.PlaceholderText: colours.dim_text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.bad,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent,
        role.Accent: colours.accent,
        role.Link: colours.accent_text,
        role.LinkVisited: colours.accent_text,
        role.Light: colours.hover,
        role.Midlight: colours.hover,
        role.Mid: colours.line,
        role.Dark: colours.strong_line,
        role.Shadow: colours.background,
    }
    palette = QPalette()
    for where, colour in parts.items():
        palette.setColor(where, QColor(colour))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, where, QColor(colours.strong_line))
    return palette


def names() -> tuple[str, ...]:
    """The entries of the table, in order."""
    return tuple(field.name for field in fields(Colours))


def _luminance(colour: str) -> float:
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
