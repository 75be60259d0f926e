"""Where the engines keep their files on this machine, and where the embedded ones lie."""

import os
from pathlib import Path

import platformdirs

MODELS_VARIABLE = "ANNOTATOR_MODELS"
_HERE = Path(__file__).resolve().parent


def models_folder() -> Path:
    """Where imported weights live: ``$ANNOTATOR_MODELS``, else the user's data folder."""
    chosen = os.environ.get(MODELS_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("annotator", appauthor=False) / "models"


def cache_folder(models_dir: Path | None = None) -> Path:
    """Where measurements of this machine are kept; deleting it costs only time."""
    return (models_dir or models_folder()) / "cache"


def embedded_models() -> Path | None:
    """The weights that ship with the program, in a source tree or in an installed wheel.

    The engines may not import the desktop, so its folder is found by path.
    """
    candidates = (
        _HERE.parent / "assets" / "models",
        _HERE.parent / "annotator" / "_assets" / "models",
    )
    return next((folder for folder in candidates if folder.is_dir()), None)
