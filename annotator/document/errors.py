"""What can go wrong with the document, each with one sentence a person can act on.

DocumentError
├── ProjectMissing    there is no project in that folder
├── ProjectExists     a new project would replace something
├── ProjectForeign    the file is not a project, or of a newer version
├── ProjectDamaged    the file is a project, but broken; it is left untouched
├── ProjectBusy       another process has the project open
├── NotSaved          the disk is full or failing; project and file are as before
├── UnreadableImage   an image cannot or must not be decoded
└── InvalidEdit       an edit does not fit the document
"""


class DocumentError(Exception):
    """Base of everything the document raises on purpose; its text is one plain sentence."""


class ProjectMissing(DocumentError):
    """No project there."""


class ProjectExists(DocumentError):
    """Something is there already."""


class ProjectForeign(DocumentError):
    """The file was not written by this program, or by a newer version of it."""


class ProjectDamaged(DocumentError):
    """The file is broken; nothing was changed."""


class ProjectBusy(DocumentError):
    """Another process holds the project."""


class NotSaved(DocumentError):
    """A gesture could not be saved; nothing was changed."""


class UnreadableImage(DocumentError):
    """An image cannot be decoded, or is too large to decode safely."""


class InvalidEdit(DocumentError):
    """The edit names something that is not there, or does not fit."""
