"""The program that makes one document: its kind and content (pickled by the server that started it) on standard input,
the document on standard output."""

from __future__ import annotations

import pickle
import sys

from stratplan import i18n
from stratplan.errors import StratplanError
from stratplan.reviews.formats import make_document
from stratplan.reviews.productions import REFUSED


def main() -> int:
    """Make it; the exit status is REFUSED where a sentence on standard error says why not."""
    kind, content = pickle.load(sys.stdin.buffer)  # noqa: S301  # from our own server
    i18n.load_catalogues()
    try:
        sys.stdout.buffer.write(make_document(kind, content))
    except StratplanError as refused:
        print(refused, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
