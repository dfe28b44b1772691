"""The garbage collector and large libraries: what is loaded stays, and need not be walked again.

A full collection holds every thread up for as long as it takes to walk all objects, and loading a
large library sets off one after the other: up to 160 ms each, while the model clients load.
"""

import gc
import importlib
import sys
from types import ModuleType


def load(name: str) -> ModuleType:
    """Import a module that brings a large library.

    The first time nothing is collected meanwhile, and what there is then is left out for good.
    """
    if name in sys.modules:
        return importlib.import_module(name)
    gc.disable()
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
