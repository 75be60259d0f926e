"""Writers of datasets, and the checks that prove them."""
