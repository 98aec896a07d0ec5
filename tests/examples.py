"""Every example that the conversations give of their messages and forms."""

import importlib
import pkgutil
from collections.abc import Callable

from bot import handlers
from bot.ui import Form, Message

MODULES = tuple(
    importlib.import_module(f"{handlers.__name__}.{module.name}") for module in pkgutil.iter_modules(handlers.__path__)
)

EXAMPLES: dict[str, Callable[[], Message | Form]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": build
    for module in MODULES
    for name, build in module.EXAMPLES.items()
}
"""By conversation and name, such as ``support.asked``."""
