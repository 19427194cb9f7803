"""Runs a module of Yiwen's as a program: `python -E start.py engine.worker RUN_FOLDER`.

`python -m` would put the working directory before everything, and PYTHONPATH comes before what is
installed: folders that hold data, where anybody may have put a package `engine`. So this file is
started by its place, and takes the code beside it.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_ENGINE = os.path.dirname(os.path.dirname(_HERE))


def main() -> None:
    """Run the module that the first argument names."""
    # The folder of this script, which Python puts first.
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != _HERE]
    _add(os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if left_out := os.environ.pop("YIWEN_LEFT_OUT", ""):
        said = "holds data, or others can write there: nothing is imported from it"
        print(f"PYTHONPATH: {left_out!a} {said}", file=sys.stderr)
    import importlib.util
    import runpy

    spec = importlib.util.spec_from_file_location(
        "engine", os.path.join(_ENGINE, "__init__.py"), submodule_search_locations=[_ENGINE]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules["engine"] = engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    from engine.machine import interface_language

    interface_language.settle()  # before anything is imported that speaks
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _add(entries: list[str]) -> None:
    """Put the user's folders, looked at by who started this, behind Python's own library."""
    library = os.path.dirname(os.__file__)
    own = [at for at, entry in enumerate(sys.path) if entry.startswith(library)]
    inside = [at for at in own if "-packages" not in sys.path[at]]
    after = max(inside, default=-1) + 1
    sys.path[after:after] = [entry for entry in entries if entry]


if __name__ == "__main__":
    main()
