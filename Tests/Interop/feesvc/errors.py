"""The table of refusals in docs/errors.md."""

from __future__ import annotations

import re

from .place import ROOT


def documented() -> dict[str, set[str]]:
    """Every code of the document, with its statuses as they are written there."""
    text = (ROOT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| `([a-z_]+(?:/[a-z0-9-]+)?)` \| ([^|]+) \|", text, re.MULTILINE)
    return {code: set(re.findall(r"\d{3}|any|–", statuses)) for code, statuses in rows}
