"""Model vendors on the loopback: they speak the streaming formats of the real ones, and fail on request.

What a vendor does is decided by the name of the model it is asked for; see `SCRIPTS`. Everything it was sent
is kept in `requests`, and `left` counts the readers that went away before the end.
"""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

GOOD_KEY = "sk-right-0123456789"
PIECES = ("The rain ", "has stopped. ", "She opens ", "the door.")
JSON_PIECES = (
    "Here it is:\n```json\n",
    '{"title": "A do',
    'or\topens", "beats": ["It ',
    'rains."]}\n```',
    "\nI hope it helps.",
)
PROMPT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS = 100, 40, 12
STATUS = {
    "unauthorized": (401, "invalid api key sk-secret-from-the-vendor"),
    "forbidden": (403, "your key may not use this model"),
    "missing": (404, "the model was not found"),
    "slow-down": (429, "rate limit reached"),
    "broken": (500, "internal error"),
    "away": (503, "unavailable"),
    "memory": (500, "CUDA error: out of memory"),
    "context": (400, "prompt is too long: this exceeds the maximum context length"),
}


@dataclass
class Vendors:
    """The running vendors."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    left: int = 0
    unloaded: list[str] = field(default_factory=list)

    def last(self) -> dict[str, Any]:
        """What the newest request had: path, headers, body."""
        return self.requests[-1]


async def _words(script: str) -> AsyncIterator[str]:
    """The pieces of an answer."""
    if script == "json":
        pieces = JSON_PIECES
    elif script in ("empty", "refusing"):
        pieces = ()
    else:
        pieces = PIECES
    for piece in pieces:
        yield piece
        if script == "slow":
            await asyncio.sleep(60)
    while script == "endless":
        yield "and on "
        await asyncio.sleep(0.01)


async def _gone(request: Request) -> None:
    """Wait until the reader has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class _Wire:
    """One vendor's way of putting an answer into events."""

    def open(self, model: str) -> list[str]:
        return []

    def piece(self, text: str) -> str:
        raise NotImplementedError

    def close(self, script: str) -> list[str]:
        raise NotImplementedError

    def error(self, status: int, text: str) -> dict[str, Any]:
        return {"error": {"message": text, "type": "error", "code": status}}


def _data(value: object) -> str:
    return f"data: {json.dumps(value)}\n\n"


class _OpenAi(_Wire):
    def _chunk(self, **more: Any) -> str:
        base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake-1"}
        return _data({**base, **more})

    def piece(self, text: str) -> str:
        delta = {"role": "assistant", "content": text}
        return self._chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}])

    def close(self, script: str) -> list[str]:
        reason = {"refusing": "content_filter", "long": "length"}.get(script, "stop")
        usage = {
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": PROMPT_TOKENS + OUTPUT_TOKENS,
            "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
        }
        lines = [self._chunk(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])]
        if script != "untold":
            lines.append(self._chunk(choices=[], usage=usage))
        return [*lines, "data: [DONE]\n\n"]


class _OpenRouter(_OpenAi):
    def open(self, model: str) -> list[str]:
        return [": OPENROUTER PROCESSING\n\n"]


class _Anthropic(_Wire):
    def _event(self, kind: str, **more: Any) -> str:
        return f"event: {kind}\n" + _data({"type": kind, **more})

    def open(self, model: str) -> list[str]:
        usage = {
            "input_tokens": PROMPT_TOKENS - CACHED_TOKENS,
            "cache_read_input_tokens": CACHED_TOKENS,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        message = {
            "id": "m1", "type": "message", "role": "assistant", "model": "fake-1", "content": [],
            "stop_reason": None, "stop_sequence": None, "usage": usage,
        }  # fmt: skip
        block = {"type": "text", "text": ""}
        return [
            self._event("message_start", message=message),
            self._event("content_block_start", index=0, content_block=block),
        ]

    def piece(self, text: str) -> str:
        return self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def close(self, script: str) -> list[str]:
        reason = {"refusing": "refusal", "long": "max_tokens"}.get(script, "end_turn")
        return [
            self._event("content_block_stop", index=0),
            self._event(
                "message_delta",
                delta={"stop_reason": reason, "stop_sequence": None},
                usage={"output_tokens": OUTPUT_TOKENS},
            ),
            self._event("message_stop"),
        ]

    def error(self, status: int, text: str) -> dict[str, Any]:
        kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
        return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": text}}


class _Google(_Wire):
    def _chunk(self, text: str | None, reason: str | None, output: int) -> str:
        candidate: dict[str, Any] = {"index": 0}
        if text is not None:
            candidate["content"] = {"role": "model", "parts": [{"text": text}]}
        if reason:
            candidate["finishReason"] = reason
        usage = {
            "promptTokenCount": PROMPT_TOKENS,
            "cachedContentTokenCount": CACHED_TOKENS,
            "candidatesTokenCount": output,
            "totalTokenCount": PROMPT_TOKENS + output,
        }
        return _data(
            {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fake-1", "responseId": "r1"}
        )

    def piece(self, text: str) -> str:
        return self._chunk(text, None, 1)

    def close(self, script: str) -> list[str]:
        reason = {"refusing": "SAFETY", "long": "MAX_TOKENS"}.get(script, "STOP")
        return [self._chunk(None if script == "refusing" else "", reason, OUTPUT_TOKENS)]

    def error(self, status: int, text: str) -> dict[str, Any]:
        names = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
        return {"error": {"code": status, "message": text, "status": names.get(status, "INTERNAL")}}


class _App:
    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors
        openai, anthropic, google, openrouter = _OpenAi(), _Anthropic(), _Google(), _OpenRouter()

        def chat(path: str, wire: _Wire) -> Route:
            async def answer(request: Request) -> Response:
                return await self.chat(request, wire)

            return Route(path, answer, methods=["POST"])

        self.app = Starlette(
            routes=[
                chat("/v1/chat/completions", openai),
                chat("/api/v1/chat/completions", openrouter),
                chat("/v1/messages", anthropic),
                chat("/v1beta/models/{model}:streamGenerateContent", google),
                Route("/api/generate", self.unload, methods=["POST"]),
                Route("/api/tags", self.list_tags),
                Route("/v1/models", self.list_data),
                Route("/api/v1/models", self.list_data),
                Route("/api/v1/key", self.check_key),
                Route("/v1beta/models", self.list_google),
                Route("/moved/v1/models", self.moved),
                Route("/elsewhere", self.elsewhere),
            ]
        )

    async def chat(self, request: Request, wire: _Wire) -> Response:
        body = await request.json()
        model = str(request.path_params.get("model") or body.get("model")).removeprefix("fake/")
        self.vendors.requests.append(
            {"path": request.url.path, "headers": dict(request.headers), "body": body, "model": model}
        )
        if model == "silent":
            with contextlib.suppress(asyncio.CancelledError):
                await _gone(request)
            self.vendors.left += 1
            return PlainTextResponse("")
        if model == "moved":
            return RedirectResponse(self.vendors.url + "/elsewhere", 307)
        if model in STATUS:
            status, text = STATUS[model]
            return JSONResponse(wire.error(status, text), status)
        return StreamingResponse(self.events(wire, model), media_type="text/event-stream")

    async def events(self, wire: _Wire, script: str) -> AsyncIterator[str]:
        whole = False
        try:
            for line in wire.open(script):
                yield line
            async for text in _words(script):
                yield wire.piece(text)
                if script == "cut":
                    raise ConnectionError("the vendor falls over")
            for line in wire.close(script):
                yield line
            whole = True
        finally:
            self.vendors.left += not whole

    async def unload(self, request: Request) -> Response:
        body = await request.json()
        if body.get("keep_alive") == 0:
            self.vendors.unloaded.append(str(body["model"]))
        return JSONResponse({"done": True})

    def _refused(self, request: Request) -> Response | None:
        given = (
            request.headers.get("x-api-key")
            or request.headers.get("x-goog-api-key")
            or request.headers.get("authorization", "").removeprefix("Bearer ")
        )
        self.vendors.requests.append({"path": request.url.path, "headers": dict(request.headers)})
        return None if given in ("", GOOD_KEY) else JSONResponse({"error": "no"}, 401)

    async def list_tags(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"models": [{"name": "darkplanet:latest"}]})

    async def list_data(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"data": [{"id": "good"}, {"id": "json"}, {"x": 1}]})

    async def list_google(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"models": [{"name": "models/good"}]})

    async def check_key(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse({"data": {"label": "key"}})

    async def moved(self, request: Request) -> Response:
        return RedirectResponse(self.vendors.url + "/v1/models", 302)

    async def elsewhere(self, request: Request) -> Response:
        self.vendors.requests.append({"path": "/elsewhere", "headers": dict(request.headers)})
        return PlainTextResponse("")


@contextlib.contextmanager
def run_vendors() -> Iterator[Vendors]:
    """Run the vendors in a thread until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    vendors = Vendors(f"http://127.0.0.1:{listener.getsockname()[1]}")
    config = uvicorn.Config(
        _App(vendors).app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run([listener]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield vendors
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
