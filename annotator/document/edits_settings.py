"""Edits of the project's settings: small texts under a key."""

from dataclasses import dataclass

from annotator.document.changes import Changes
from annotator.document.draft import Draft
from annotator.document.errors import InvalidEdit
from annotator.document.project import Project

KEY_LIMIT = 100  # characters
TEXT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class SetSetting:
    """A setting gets another text; None means there is none."""

    key: str
    before: str | None
    after: str | None

    def check(self, draft: Draft) -> None:
        """`InvalidEdit` for a key or text beyond the limits."""
        if not 0 < len(self.key) <= KEY_LIMIT or not self.key.isprintable():
            raise InvalidEdit(f"A setting's name has 1 to {KEY_LIMIT} printable characters.")
        if self.after is not None and len(self.after) > TEXT_LIMIT:
            raise InvalidEdit(f"The setting '{self.key}' is longer than {TEXT_LIMIT} characters.")

    def apply(self, draft: Draft) -> Changes:
        """Put the new text in; `InvalidEdit` if the old one is not there as given."""
        if draft.settings.get(self.key) != self.before:
            raise InvalidEdit(f"The setting '{self.key}' has changed since; look again.")
        if self.after is None:
            draft.settings.pop(self.key, None)
        else:
            draft.settings[self.key] = self.after
        return Changes(settings=True)

    def inverse(self) -> "SetSetting":
        """Back to the old text."""
        return SetSetting(self.key, self.after, self.before)


def set_setting(project: Project, key: str, text: str | None) -> SetSetting:
    """The edit that gives a setting another text, or takes it away for None."""
    return SetSetting(key, project.settings.get(key), text)
