"""The command line."""

# Anything else that names a folder opens it in the window.
COMMANDS = frozenset(
    (
        "new",
        "rescan",
        "import",
        "segment",
        "export",
        "validate",
        "models",
        "train",
        "evaluate",
        "doctor",
        "demo",
    )
)
