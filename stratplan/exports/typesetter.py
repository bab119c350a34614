"""A program of its own that sets one document: a job as JSON comes in, the PDF goes out, and it is over. With `dots`
(to the inch) it is a picture (PNG) of each page, as JSON.

Run by `typesetting` in a process that may not grow without bound; imports nothing of this package. What typst gets of
people's texts is data in `sys.inputs`: no text is ever part of a program.
"""

import base64
import json
import resource
import sys
from typing import Final, Literal

STANDARDS: Final[list[Literal["ua-1", "a-2a"]]] = ["ua-1", "a-2a"]


def main() -> int:
    """Set the document that standard input describes; a failure is said on standard error."""
    job = json.load(sys.stdin.buffer)
    for limit, value in ((resource.RLIMIT_AS, job["memory"]), (resource.RLIMIT_CPU, job["seconds"])):
        resource.setrlimit(limit, (value, value))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import typst  # under the limits

    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[job["fonts"]])
    compiler = typst.Compiler(
        f"{job['root']}/{job['template']}",
        root=job["root"],
        font_paths=fonts,
        ignore_system_fonts=True,
        package_path=job["root"],  # no package is ever looked for on the network or in a home
        package_cache_path=job["root"],
        sys_inputs={"content": job["content"]},
    )
    try:
        if job["dots"]:
            pictures = compiler.compile(format="png", ppi=job["dots"])
            pages = [pictures] if isinstance(pictures, bytes) else pictures or []
            json.dump([base64.b64encode(page).decode() for page in pages], sys.stdout)
            return 0
        body = compiler.compile(format="pdf", pdf_standards=[*STANDARDS], timestamp=job["made_at"])
    except typst.TypstError as error:
        sys.stderr.write("\n".join([error.message, *error.trace[:3]]))
        return 1
    assert isinstance(body, bytes)  # one file, and not a picture for each page
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
