"""Where files live that belong to the program: in the source tree or in the installed package."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def resource(*parts: str) -> Traversable:
    """A file or folder below ``resources``; whether it exists is for the caller to ask."""
    beside_source = Path(__file__).parents[2] / "resources"
    found: Traversable = beside_source
    if not beside_source.is_dir():
        found = resources.files("annotator") / "_resources"
    for part in parts:
        found = found / part
    return found
