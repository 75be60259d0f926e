"""Training of PANet on episodes, with prototype alignment regularisation (Wang et al., 2019)."""
