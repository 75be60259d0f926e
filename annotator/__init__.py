"""A desktop annotator: mark a few images, a few-shot engine answers on all of them."""

__version__ = "0.1.0"
