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
    doing: set[str] = field(default_factory=set)
    turn: threading.Condition = field(default_factory=threading.Condition)
    carried: bytes | None = None

    def begin(self, number: str) -> str | None:
        """Where this form has led. None: it is the caller who does it, and says so with `finish`; others wait."""
        with self.turn:
            self.turn.wait_for(lambda: number not in self.doing)
            if number not in self.done:
                self.doing.add(number)
            return self.done.get(number)

    def finish(self, number: str, place: str | None) -> None:
        """This form was done, and led there; None: it was not done."""
        with self.turn:
            self.doing.discard(number)
            if place is not None:
                self.done[number] = place
            while len(self.done) > MOST_FORMS:
                self.done.popitem(last=False)
            self.turn.notify_all()


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
