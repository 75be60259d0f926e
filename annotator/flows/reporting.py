"""Progress and cancelling, handed on from the engines to whoever shows them."""

from engines.reporting import CancelToken, Reporter, SilentReporter

__all__ = ["CancelToken", "Reporter", "SilentReporter"]
