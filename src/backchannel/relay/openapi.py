"""The relay's interface, machine-readable: OpenAPI 3.1, served at /v1/openapi.json."""

from __future__ import annotations

from typing import Any

from backchannel.relay.limits import Limits
from backchannel.relay.refusals import REFUSALS

Json = dict[str, Any]

_HEX32: Json = {"type": "string", "pattern": "^[0-9a-f]{64}$", "minLength": 64, "maxLength": 64}
_NUMBER: Json = {"type": "integer", "minimum": 0, "maximum": (1 << 63) - 1}
_NAME: Json = {"name": "name", "in": "path", "required": True, "schema": _HEX32}
_CREDENTIAL: Json = {"credential": []}
_CONTROL: Json = {"control": []}


def description(limits: Limits) -> Json:
    """The OpenAPI description of a relay with these limits."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Backchannel relay", "version": "1"},
        "paths": {
            "/v1/logs/{name}": {
                "post": _operation(
                    "found a log",
                    (400, 403, 409, 413, 429, 503, 507),
                    {"200": _json({"made": {"type": "boolean"}}), "201": _json({"made": {"type": "boolean"}})},
                    parameters=[_NAME],
                    body=_body({"credential": _HEX32, "control": _HEX32}),
                    security=[{}, {"founding": []}],
                ),
            },
            "/v1/logs/{name}/entries": {
                "post": _operation(
                    "append entries",
                    (400, 401, 403, 413, 429, 503, 507),
                    {"200": _json({"indices": {"type": "array", "items": _NUMBER}, "size": _NUMBER})},
                    parameters=[_NAME],
                    body=_bytes(limits.append_bytes),
                    security=[_CREDENTIAL],
                ),
                "get": _operation(
                    "read a range",
                    (400, 401, 403, 429, 503, 507),
                    {"200": {"description": "A range answer", "content": {"application/octet-stream": {}}}},
                    parameters=[
                        _NAME,
                        _query("start"),
                        {**_query("limit", required=False), "schema": {**_NUMBER, "minimum": 1}},
                    ],
                    security=[_CREDENTIAL],
                ),
            },
            "/v1/logs/{name}/checkpoint": {
                "get": _operation(
                    "the signed head, or an earlier one",
                    (400, 401, 403, 429, 503, 507),
                    {"200": {"description": "A signed note", "content": {"text/plain": {}}}},
                    parameters=[_NAME, _query("size", required=False)],
                    security=[_CREDENTIAL],
                ),
            },
            "/v1/logs/{name}/inclusion": {"get": _proof("inclusion proof", "index", "size")},
            "/v1/logs/{name}/consistency": {"get": _proof("consistency proof", "first", "second")},
            "/v1/logs/{name}/erase": {
                "post": _operation(
                    "erase a body by token",
                    (400, 401, 403, 404, 413, 429, 503, 507),
                    {"200": _json({"index": _NUMBER})},
                    parameters=[_NAME],
                    body=_body({"index": _NUMBER, "token": _HEX32}),
                    security=[_CREDENTIAL],
                ),
            },
            "/v1/logs/{name}/rotate": {
                "post": _operation(
                    "new credentials, with the entry that carries them",
                    (400, 401, 409, 413, 503, 507),
                    {"200": _json({"index": _NUMBER})},
                    parameters=[_NAME],
                    body=_body(
                        {
                            "credential": _HEX32,
                            "control": _HEX32,
                            "frame": {"type": "string", "contentEncoding": "base64"},
                        },
                        optional={"index": _NUMBER},
                    ),
                    security=[_CONTROL],
                ),
            },
            "/v1/relay": {"get": _operation("key and limits", (), {"200": _json(_RELAY)})},
            "/v1/health": {
                "get": _operation(
                    "whether the store can be written", (503, 507), {"200": _json({"ok": {"const": True}})}
                )
            },
            "/v1/openapi.json": {"get": _operation("this interface", (), {"200": {"description": "OpenAPI 3.1"}})},
        },
        "components": {
            "securitySchemes": {
                name: {"type": "http", "scheme": "bearer", "description": text} for name, text in _BEARERS.items()
            },
            "schemas": {"Error": _ERROR},
        },
    }


_BEARERS = {
    "credential": "The log's credential: base64url of 32 bytes, without padding.",
    "control": "The log's control key: base64url of 32 bytes, without padding.",
    "founding": "The host's founding code, where it asks for one.",
}

_ERROR: Json = {
    "type": "object",
    "required": ["error", "what", "todo"],
    "additionalProperties": False,
    "properties": {
        "error": {"enum": sorted(REFUSALS)},
        "what": {"type": "string"},
        "todo": {"type": "string"},
    },
}

_RELAY: Json = {
    "key": {"type": "string"},
    "public_key": _HEX32,
    "limits": {"type": "object", "additionalProperties": {"type": "number"}},
}


def _operation(
    summary: str,
    refusals: tuple[int, ...],
    responses: Json,
    *,
    parameters: list[Json] | None = None,
    body: Json | None = None,
    security: list[Json] | None = None,
) -> Json:
    """One operation; its refusals are described by the error object."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    refused = {
        str(status): {
            "description": " / ".join(sorted(code for code, row in REFUSALS.items() if row[0] == status)),
            "content": error,
        }
        for status in refusals
    }
    found: Json = {"summary": summary, "responses": {**responses, **refused}}
    if parameters:
        found["parameters"] = parameters
    if body:
        found["requestBody"] = body
    if security:
        found["security"] = security
    return found


def _proof(summary: str, first: str, second: str) -> Json:
    return _operation(
        summary,
        (400, 401, 403, 429, 503, 507),
        {"200": _json({"proof": {"type": "array", "items": _HEX32}})},
        parameters=[_NAME, _query(first), _query(second)],
        security=[_CREDENTIAL],
    )


def _query(name: str, *, required: bool = True) -> Json:
    return {"name": name, "in": "query", "required": required, "schema": _NUMBER}


def _object(properties: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": {**properties, **(optional or {})},
    }


def _json(properties: Json) -> Json:
    return {"description": "Done", "content": {"application/json": {"schema": _object(properties)}}}


def _body(properties: Json, optional: Json | None = None) -> Json:
    return {"required": True, "content": {"application/json": {"schema": _object(properties, optional)}}}


def _bytes(most: int) -> Json:
    schema = {"type": "string", "format": "binary", "maxLength": most}
    return {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
