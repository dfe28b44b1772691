"""The garbage collector and large libraries: what is loaded stays, and need not be walked again.

A full collection holds every thread up for as long as it takes to walk all objects, and loading a
large library sets off one after the other: up to 160 ms each, while the model clients load.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """While something large is loaded nothing is collected; afterwards it is left out for good."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
