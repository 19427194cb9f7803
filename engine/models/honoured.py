"""Which settings of a model's config.json its transformers class takes notice of."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any


def setting(config: Any, key: str) -> Any:
    """The value of a setting that the model's class has, else None.

    A key that it does not have is kept with the others and changes nothing: a cap in the
    config.json of a model whose family has none must not be applied by us either.
    """
    kind = type(config)
    if dataclasses.is_dataclass(kind):
        known = {field.name for field in dataclasses.fields(kind)}
    else:  # in older versions of transformers
        known = set(inspect.signature(kind).parameters)
    return getattr(config, key) if key in known else None
