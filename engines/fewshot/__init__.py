"""Few-shot methods: from a handful of marks to a mask on every image."""
