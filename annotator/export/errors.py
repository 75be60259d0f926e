"""What can go wrong while a dataset is written, each with one sentence a person can act on.

ExportError
├── ExportStopped     the person asked to stop; never shown as a fault
├── InvalidOption     an option of the export makes no sense
├── InvalidDataset    an image or class of the project cannot be written as it is
├── TargetRefused     the folder must not be written or replaced
├── WriteFailed       the disk refused: full, read-only, taken away
└── ExportUnproven    what was written failed its own checks; nothing was put in place
"""


class ExportError(Exception):
    """Base of everything the export raises on purpose; its text is one plain sentence."""


class ExportStopped(ExportError):
    """The export was asked to stop and did; nothing was put in place."""


class InvalidOption(ExportError):
    """An option is out of range or contradicts another one."""


class InvalidDataset(ExportError):
    """The dataset holds something that cannot be written truthfully."""


class TargetRefused(ExportError):
    """The target folder is in use, foreign or outside; it was left untouched."""


class WriteFailed(ExportError):
    """The file system refused; the text says what to do."""


class ExportUnproven(ExportError):
    """The written files failed validation; the target was left untouched."""
