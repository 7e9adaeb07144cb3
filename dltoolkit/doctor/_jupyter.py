"""JupyterLab: can it draw a widget, and do notebooks start the Python that has dltoolkit?"""

import json
import pathlib
import sys
from collections.abc import Iterator, Sequence

from dltoolkit.doctor._packages import TESTED
from dltoolkit.doctor._report import FAIL, OK, WARN, Check

FRONT_END = "@jupyter-widgets/jupyterlab-manager"
FRONT_END_MAJOR = (
    5  # the front end's version that speaks with ipywidgets 8: both are of the 8.x line of jupyter-widgets
)


def widgets() -> Iterator[Check]:
    """Whether a slider can be made here, and whether JupyterLab has the front end that draws it."""
    import ipywidgets
    from jupyter_core.paths import jupyter_config_path, jupyter_path

    slider = ipywidgets.IntSlider()
    view = "application/vnd.jupyter.widget-view+json" in slider._repr_mimebundle_()
    slider.close()
    if not view:
        fix = f'pip install --force-reinstall "ipywidgets=={TESTED["ipywidgets"]}"'
        yield Check("widgets", FAIL, "a slider has no view", fix)
    fix = 'pip install --force-reinstall "jupyterlab_widgets>=3.0.15,<4", then reload the page'
    manifests = [pathlib.Path(path, FRONT_END, "package.json") for path in jupyter_path("labextensions")]
    manifest = next((path for path in manifests if path.is_file()), None)
    if manifest is None:
        yield Check("widgets", FAIL, f"JupyterLab has no {FRONT_END}: a slider shows as text", fix)
        return
    version = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    if int(version.split(".")[0]) != FRONT_END_MAJOR:
        found = f"front end {version} does not speak with ipywidgets {ipywidgets.__version__}"
        yield Check("widgets", FAIL, found, fix)
    elif _disabled([pathlib.Path(path) for path in jupyter_config_path()]):
        fix = f"jupyter labextension enable {FRONT_END}"
        yield Check("widgets", FAIL, f"JupyterLab's {FRONT_END} is switched off", fix)
    else:
        yield Check("widgets", OK, f"ipywidgets {ipywidgets.__version__} with front end {version}")


def _disabled(folders: Sequence[pathlib.Path]) -> bool:
    """Whether JupyterLab's settings switch the widgets' front end off; the first folder that says it decides."""
    for folder in folders:
        file = folder / "labconfig" / "page_config.json"
        if file.is_file():
            switched = json.loads(file.read_text(encoding="utf-8")).get("disabledExtensions", {})
            if isinstance(switched, list):
                switched = dict.fromkeys(switched, True)
            if FRONT_END in switched:
                return bool(switched[FRONT_END])
    return False


def kernel() -> Iterator[Check]:
    """Whether a notebook's kernel is this Python: if it is another one, it does not find dltoolkit."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    fix = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Check("kernel", FAIL, "JupyterLab finds no Python kernel", fix)
        return
    there = pathlib.Path(program)
    if there.is_absolute() and there.parent.resolve() != pathlib.Path(sys.executable).parent.resolve():
        yield Check("kernel", WARN, f"notebooks start {there}, which is not this Python", fix)
    else:
        yield Check("kernel", OK, f"notebooks start {sys.executable}")
