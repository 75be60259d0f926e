"""What can go wrong while labels are brought in, each with one sentence a person can act on.

LabelImportError
├── LabelFolderMissing   there is no such folder, or no label image in it
└── UnreadableLabels     one label image or table cannot be used
"""


class LabelImportError(Exception):
    """Base of everything the import raises on purpose; its text is one plain sentence."""


class LabelFolderMissing(LabelImportError):
    """Nothing there to import."""


class UnreadableLabels(LabelImportError):
    """A label image or a table of classes is not what it should be."""
