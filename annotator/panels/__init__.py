"""The panels: gallery and classes; they show and ask, and hold no truth."""
