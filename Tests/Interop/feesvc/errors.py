"""The table of refusals in docs/errors.md."""

from __future__ import annotations

import re

from .process import ROOT


def documented() -> dict[str, str]:
    """Every code of the document, with its status as it is written there."""
    text = (ROOT / "docs/errors.md").read_text()
    return dict(re.findall(r"^\| `([a-z_]+(?:/[a-z0-9-]+)?)` \| (\S+) \|", text, re.MULTILINE))
