"""Whether a file that was sent may be kept, as far as viruses go: asked of clamd, and told to the log."""

import json
import logging

from litestar_htmx import HTMXRequest

from stratplan.evidence.archives import Unfit
from stratplan.evidence.scanning import INFECTED, NOT_SCANNED, NotScanned, virus_in
from stratplan.evidence.storage import Checked
from stratplan.web import reader_of

log = logging.getLogger("stratplan.evidence")


async def search(request: HTMXRequest, file: Checked) -> None:
    """Raise Unfit where a virus is found in the file, or nobody can tell now; where no clamd is named, it is taken."""
    clamd: str | None = request.app.state.settings.clamd
    if clamd is None:
        return
    line = {"id": request.scope["state"]["request_id"], "account": str(reader_of(request).account)}
    try:
        virus = await virus_in(file.file, clamd)
    except NotScanned as failure:
        log.error(json.dumps({"event": "file not searched", **line, "reason": str(failure)}))
        raise Unfit(NOT_SCANNED) from None
    if virus is not None:
        log.warning(json.dumps({"event": "virus found", **line, "virus": virus}))
        raise Unfit(INFECTED)
