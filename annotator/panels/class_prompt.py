"""The prompt field: the chosen class described in words, for methods that read text."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from annotator.document.classes import BACKGROUND, ClassId
from annotator.look.focus import lead_focus
from annotator.look.measures import GRID, SMALL
from annotator.look.pieces import words

TEXT_LIMIT = 500  # letters; far beyond what a text tower reads
NAME_SHOWN = 18  # letters of a class name in the field's invitation
UNUSED = "Kept for methods that read text."


class ClassPrompt(QWidget):
    """``wished`` tells of words a person has finished: (class id, text), empty for none."""

    wished = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.field = _Field()
        self.note = words(UNUSED, pixels=SMALL)
        self._class_id, self._text = BACKGROUND, ""
        lead_focus(self, self.field)
        self.note.setContentsMargins(GRID, 0, GRID, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.field)
        layout.addWidget(self.note)
        self.field.editingFinished.connect(self._finish)
        self.show_class(BACKGROUND, "", "")
        self.set_used(used=True)

    def show_class(self, class_id: ClassId, name: str, text: str) -> None:
        """Describe this class from now on; what was being typed for another one is kept for it."""
        if class_id != self._class_id:
            self._finish()
        typing = self.field.hasFocus() and self.field.isModified()
        if typing and class_id == self._class_id:
            self._text = text
            return
        self._class_id, self._text = class_id, text
        nothing = class_id == BACKGROUND
        short = name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 1]}…"
        asked = "Background needs no words" if nothing else f"Describe '{short}' in words"
        self.field.setPlaceholderText(asked)
        self.field.setAccessibleName("Text prompt" if nothing else f"Text prompt for '{name}'")
        self.field.setEnabled(not nothing)
        self.field.setText(text)
        self._tell_tip()

    def set_used(self, *, used: bool) -> None:
        """Whether the method reads text; said in words where it does not."""
        self.note.setVisible(not used)
        self.field.setAccessibleDescription("" if used else UNUSED)
        self._tell_tip()

    def start(self) -> None:
        """Type now; Enter or Esc lead back to where the person was."""
        self.field.come_back_to(QApplication.focusWidget())
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _finish(self) -> None:
        text = " ".join(self.field.text().split())
        self.field.setModified(False)
        if self._class_id != BACKGROUND and text != self._text:
            self._text = text
            self.wished.emit(self._class_id, text)
            self._tell_tip()

    def _tell_tip(self) -> None:
        tip = self.field.text() or self.field.placeholderText()
        self.field.setToolTip(f"{tip}\nText prompt (T)")


class _Field(QLineEdit):
    """Enter keeps the words, Esc gives them up, and both lead back."""

    def __init__(self) -> None:
        super().__init__()
        self.setMaxLength(TEXT_LIMIT)
        self._home: QWidget | None = None
        self._before = ""

    def come_back_to(self, home: QWidget | None) -> None:
        """Where the keyboard goes when the words are done."""
        self._home = None if home is self else home
        if home is not None and home is not self:
            home.destroyed.connect(self._forget_home)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._before = self.text()
        super().focusInEvent(event)

    def event(self, event: QEvent) -> bool:
        """Enter and Esc are its own while one types, whatever else they do in the window."""
        mine = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and event.key() in mine:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._before)
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        home, self._home = self._home, None
        if home is not None:
            home.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.clearFocus()  # which finishes the words, as any other way out does

    def _forget_home(self) -> None:
        self._home = None
