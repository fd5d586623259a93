"""HPVM's approximation configuration files: read, edited and written without loss."""

from approxir.tuning.hpvm.conversion import from_frontier, to_frontier
from approxir.tuning.hpvm.errors import HpvmError
from approxir.tuning.hpvm.file import ConfigurationFile, dump, load, parse, save
from approxir.tuning.hpvm.knobs import KINDS, KNOBS, Perforation, Sampling, TensorKnob, knob_of
from approxir.tuning.hpvm.model import Configuration, Node, Operation

__all__ = [
    "KINDS", "KNOBS", "Configuration", "ConfigurationFile", "HpvmError", "Node", "Operation", "Perforation",
    "Sampling", "TensorKnob", "dump", "from_frontier", "knob_of", "load", "parse", "save", "to_frontier",
]  # fmt: skip
