"""Who has come in by the door: one-time links, sessions, form tokens, forms that were done (spec/web.md, 2)."""

from __future__ import annotations

import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

LINK_SECONDS = 120.0
MOST_SESSIONS = 16
MOST_FORMS = 1_000


@dataclass
class Session:
    """A browser that came in.

    `done`: forms, and where each has led; `carried`: what came while the desk was locked, sealed.
    """

    secret: bytes
    form: str
    done: OrderedDict[str, str] = field(default_factory=OrderedDict)
    turn: threading.Lock = field(default_factory=threading.Lock)
    carried: bytes | None = None

    def finish(self, number: str, place: str) -> None:
        """This form was done, and led there."""
        self.done[number] = place
        while len(self.done) > MOST_FORMS:
            self.done.popitem(last=False)


class Sessions:
    """All that came in. Secrets are compared by their hashes, so that time tells nothing."""

    def __init__(self, random: Callable[[int], bytes], clock: Callable[[], float] = time.monotonic) -> None:
        self._random, self._clock = random, clock
        self._links: dict[bytes, float] = {}
        self._open: OrderedDict[bytes, Session] = OrderedDict()
        self._turn = threading.Lock()

    def link(self) -> str:
        """A token that lets one browser in, once, for a while."""
        token = self._random(32).hex()
        with self._turn:
            self._links[_digest(token)] = self._clock() + LINK_SECONDS
        return token

    def enter(self, token: str) -> str | None:
        """The cookie of a new session, if the token is good; it is used up."""
        with self._turn:
            now = self._clock()
            until = self._links.pop(_digest(token), 0.0)
            self._links = {link: end for link, end in self._links.items() if end > now}
            if until <= now:
                return None
            cookie = self._random(32).hex()
            secret = self._random(32)
            form = hmac.new(secret, b"form", sha256).hexdigest()
            self._open[_digest(cookie)] = Session(secret, form)
            while len(self._open) > MOST_SESSIONS:
                self._open.popitem(last=False)
            return cookie

    def find(self, cookie: str | None) -> Session | None:
        """The session of a cookie."""
        return self._open.get(_digest(cookie)) if cookie else None

    def alone(self, keep: Session) -> str:
        """End all sessions but one; that has a new cookie: pages that a browser keeps for "back" went with the old."""
        cookie = self._random(32).hex()
        with self._turn:
            self._open = OrderedDict([(_digest(cookie), keep)])
        return cookie

    def form_number(self) -> str:
        """A number for a form."""
        return self._random(16).hex()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode(errors="replace")).digest()
