"""Writes docs/review.schema.json, the published schema of the JSON document: `python -m stratplan.reviews.schema`."""

from __future__ import annotations

import json
from pathlib import Path

from stratplan.reviews.formats import schema

FILE = Path(__file__).parents[2] / "docs" / "review.schema.json"

if __name__ == "__main__":
    FILE.write_text(json.dumps(schema(), ensure_ascii=False, indent=1) + "\n", "utf-8")
