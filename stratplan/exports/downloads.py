"""Files that a reader takes away: named, never shown inside the site, never kept on the way."""

from litestar import Response

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"  # Litestar adds the charset


def download(body: bytes, *, name: str, media_type: str) -> Response[bytes]:
    """The file as an attachment called `name` (plain letters, digits, hyphens and dots)."""
    return Response(
        body,
        media_type=media_type,
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        },
    )
