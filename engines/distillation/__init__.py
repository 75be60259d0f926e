"""Training the embedded backbone without labels: it learns to see as its teachers do."""
