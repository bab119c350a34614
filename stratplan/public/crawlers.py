"""What search engines are told: which addresses they may read, and which plans are published."""

from __future__ import annotations

from xml.sax.saxutils import escape

from litestar import get
from litestar.response import Response
from litestar_htmx import HTMXRequest

from stratplan.permissions import Permission
from stratplan.plans.models import Plan, PublicPart
from stratplan.reviews.models import Review, ReviewState
from stratplan.web import base_of

ROBOTS = """User-agent: *
Allow: /p/
Allow: /static/
Allow: /sitemap.xml
Allow: /$
Disallow: /

Sitemap: {base}/sitemap.xml
"""


@get("/robots.txt", permission=Permission.OPEN, media_type="text/plain")
async def robots(request: HTMXRequest) -> Response[str]:
    """Published plans may be read, the rest not."""
    return Response(
        ROBOTS.format(base=base_of(request)), media_type="text/plain", headers={"cache-control": "no-cache"}
    )


@get("/sitemap.xml", permission=Permission.OPEN)
async def sitemap(request: HTMXRequest) -> Response[str]:
    """The published plans, with their closed reviews where those are published."""
    plans = await Plan.find({"deleted": False, "published": True}).sort("slug").to_list()
    paths = [path for plan in plans for path in await _paths(plan)]
    places = "".join(f"<url><loc>{escape(base_of(request))}/p/{path}</loc></url>\n" for path in paths)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n',
        media_type="application/xml; charset=utf-8",
        headers={"cache-control": "no-cache"},
    )


async def _paths(plan: Plan) -> list[str]:
    """Where a plan's pages are that are worth finding: itself, and its reviews, the oldest first."""
    if PublicPart.REVIEWS not in plan.public_parts:
        return [plan.slug]
    closed = await Review.find({"scope": plan.key, "deleted": False, "state": ReviewState.CLOSED.value}).to_list()
    codes = [review.code for review in sorted(closed, key=lambda review: review.period.end)]
    return [plan.slug, f"{plan.slug}/reviews", *(f"{plan.slug}/reviews/{code}" for code in codes)]


handlers = [robots, sitemap]
