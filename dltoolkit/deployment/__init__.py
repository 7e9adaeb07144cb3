"""Step 12, deploy and infer: a folder that holds all that is needed to answer for raw rows, and nothing that runs code.

A bundle is one plain ``.keras`` model (raw columns in, the head's outputs out) and readable JSON, each file vouched
for by a SHA-256 in ``manifest.json``.
"""

from dltoolkit.deployment._bundle import Bundle, load
from dltoolkit.deployment._save import save

__all__ = ["Bundle", "load", "save"]
