"""Make the catalogue known to TensorFlow Datasets as soon as that is imported, and never import it for that.

``import dltoolkit`` calls `install`. When TensorFlow Datasets is there already, the builders are registered at once; else
a finder is put in front of ``sys.meta_path`` that changes nothing but one thing: behind the run of ``tensorflow_datasets``
itself, the builders are registered. Either order of the two imports therefore gives
``tfds.load("dltoolkit_reviews")``. Nothing here is imported but the standard library.
"""

import importlib
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Sequence

TFDS = "tensorflow_datasets"
BUILDERS = "dltoolkit.data._builders"


class Finder:
    """Finds TensorFlow Datasets as every other finder does, and registers the builders once it has run."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the finders behind this one give for TensorFlow Datasets; None for anything else."""
        if name != TFDS:
            return None
        others = (finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec"))
        spec = next((s for finder in others if (s := finder.find_spec(name, path, target)) is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_register(module: types.ModuleType) -> None:
                run(module)
                register()

            spec.loader.exec_module = run_and_register  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Register the builders now or as soon as TensorFlow Datasets is imported; a second call does nothing."""
    if TFDS in sys.modules:
        register()
    elif not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def register() -> None:
    """Import the builders, which registers them. What goes wrong is a warning: it is not the fault of who imports TFDS."""
    try:
        importlib.import_module(BUILDERS)
    except Exception as error:  # noqa: BLE001  whatever it is, TensorFlow Datasets itself must stay usable
        warnings.warn(
            f"dltoolkit's data sets are not known to TensorFlow Datasets: {error!r}. data.load has them all the same.",
            stacklevel=2,
        )
