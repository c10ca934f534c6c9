"""Forms as they come in: how much of them, whose they are. Files in them stay in memory, and are let go of."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from backchannel.web import uploads
from backchannel.web.guard import MOST_FORM, MOST_PAPER, session_of
from backchannel.web.keeper import Keeper
from backchannel.web.page import Form, genuine
from backchannel.web.sessions import Session

MOST_FILES = 64
MOST_FIELDS = 5_000

MultiPartParser.spool_max_size = MOST_PAPER
"""Files that come with a form stay in memory: beyond this they would be written to a temporary file in the clear."""


def session(request: Request) -> Session:
    """Whose request it is."""
    found = session_of(request.scope)
    assert found is not None  # noqa: S101 - the guard lets nobody else through
    return found


async def sent(request: Request, keeper: Keeper) -> Form | None:
    """The form that was sent to a page; None if the page is only looked at. Whoever asks closes the request."""
    if request.method != "POST":
        return None
    boundary = uploads.parted(request)
    if boundary is not None:
        return await uploads.received(request, session(request), keeper, boundary)
    return Form(await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_FORM))


async def small(request: Request, *, genuine_: bool = True) -> Form:
    """A form that every page has, without files: to lock, to choose a language, to keep what is typed.

    403 if it is none of this session's, unless that makes no difference (`genuine_`).
    """
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as fields:
        form = Form(fields)
    if genuine_ and not genuine(session(request), form):
        raise HTTPException(403, "This form is not one of this session.")
    return form
