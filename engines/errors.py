"""What can go wrong in the engines, each with one sentence a person can act on.

EngineError
├── Cancelled          the person asked to stop; never shown as a fault
├── UnknownName        no method, backbone or device has that name
├── MissingWeights     a network is known but its weights are not on this machine
├── UnusableWeights    a file of weights is damaged, unsafe or of another network
├── UnusableSupport    the marks given are not enough for the chosen method
└── OutOfMemory        the device is full even after every step down
"""


class EngineError(Exception):
    """Base of everything the engines raise on purpose; its text is one plain sentence."""


class Cancelled(EngineError):
    """The work was asked to stop and did."""


class UnknownName(EngineError):
    """A method, backbone or device was asked for by a name nobody has."""


class MissingWeights(EngineError):
    """The network exists here, its weights do not; the text says how to get them."""


class UnusableWeights(EngineError):
    """A weights file cannot be used; the text says which file and why."""


class UnusableSupport(EngineError):
    """The support set lacks what the method needs; the text says what to mark."""


class OutOfMemory(EngineError):
    """Memory ran out after cache, batch and resolution were already reduced."""
