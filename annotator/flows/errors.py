"""Everything that may be shown to a person as one plain sentence."""

from annotator.document.errors import DocumentError
from annotator.export.errors import ExportError
from annotator.importing.errors import LabelImportError
from engines.errors import Cancelled, EngineError

PLAIN_ERRORS: tuple[type[Exception], ...] = (
    DocumentError,
    ExportError,
    LabelImportError,
    EngineError,
)

__all__ = ["PLAIN_ERRORS", "Cancelled"]
