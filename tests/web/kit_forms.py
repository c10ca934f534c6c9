"""Forms as a browser sends them: what a page holds, its hidden fields too, and what is typed over that."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.web.kit import Browser

Fields = list[tuple[str, str]]


class _Forms(HTMLParser):
    """All forms of a page that are posted: where to, the values they come with, the buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._form: dict[str, Any] | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._form = {"action": has.get("action"), "fields": [], "buttons": []}
            if has.get("method") == "post":
                self.forms.append(self._form)
        if self._form is None or (name := has.get("name")) is None:
            if tag == "option" and self._select is not None and self._form is not None:
                chosen = [value for field, value in self._form["fields"] if field == self._select]
                if not chosen or "selected" in has:
                    self._form["fields"] = [one for one in self._form["fields"] if one[0] != self._select]
                    self._form["fields"].append((self._select, has.get("value") or ""))
            return
        if tag == "button":
            self._form["buttons"].append((name, has.get("value") or ""))
        elif tag == "textarea":
            self._area = name
            self._form["fields"].append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "input" and has.get("type") != "file":
            ticked = has.get("type") not in ("checkbox", "radio") or "checked" in has
            if ticked:
                self._form["fields"].append((name, has.get("value") or ""))

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            name, said = self._form["fields"][-1]
            self._form["fields"][-1] = (name, said + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._form = None


def forms(page: str, do: str) -> list[dict[str, Any]]:
    """The forms of a page that have this button."""
    found = _Forms()
    found.feed(page)
    return [one for one in found.forms if ("do", do) in one["buttons"]]


def fill(browser: Browser, place: str, do: str, *, nth: int = 0, page: str = "", **typed: Any) -> tuple[str, Fields]:
    """Where the form with this button goes, and with what: as it stands there, or stood on a `page` from before."""
    found = forms(page or browser.get(place), do)
    assert len(found) > nth, f"no button {do} on {place}"
    one = found[nth]
    fields = [(name, value) for name, value in one["fields"] if name not in typed]
    for name, value in typed.items():
        fields += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    return one["action"] or place.partition("?")[0], [*fields, ("do", do)]


def send(browser: Browser, place: str, fields: Fields, **more: Any) -> Any:
    """Post fields, in their order."""
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    headers = {"origin": f"http://{browser.host}", "sec-fetch-site": "same-origin"}
    return browser.client.post(place, data=data, headers=headers, **more)


def press(browser: Browser, place: str, do: str, **typed: Any) -> Any:
    """Press a button; if that asks whether one is sure, the page that asks is the answer."""
    return send(browser, *fill(browser, place, do, **typed))


def sure(browser: Browser, asked: Any) -> Any:
    """Say yes to what was asked."""
    assert asked.status_code == 200, asked.text[:2000]
    found = _Forms()
    found.feed(asked.text)
    (one,) = [form for form in found.forms if "_answer" in dict(form["fields"])]
    return send(browser, one["action"], one["fields"])


def meant(browser: Browser, place: str, fields: Fields) -> Any:
    """Post fields, and say yes if something is asked."""
    answer = send(browser, place, fields)
    return sure(browser, answer) if answer.status_code == 200 else answer


def done(browser: Browser, answer: Any) -> str:
    """The page where an act leads."""
    assert answer.status_code == 303, (answer.status_code, answer.text[:3000])
    return browser.get(answer.headers["location"].partition("#")[0])


def do(browser: Browser, place: str, do: str, **typed: Any) -> str:
    """Press a button, say yes if one is asked, and give the page where that leads."""
    answer = press(browser, place, do, **typed)
    if answer.status_code == 200:
        answer = sure(browser, answer)
    return done(browser, answer)


def problem(browser: Browser, place: str, do: str, **typed: Any) -> str:
    """Press a button that does not work: the page that says why."""
    answer = press(browser, place, do, **typed)
    assert answer.status_code == 400, (answer.status_code, answer.text[:2000])
    assert 'id="problem"' in answer.text
    return str(answer.text)
