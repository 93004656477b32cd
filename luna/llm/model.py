"""The chat model over pydantic-ai. Everything is streamed, also what is waited for as a whole.

Streaming is what makes a late token noticeable, a cancelled call stop at the server, and a broken call known
for what it had already cost.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from luna.kernel.errors import ProviderFault
from luna.kernel.values import ModelChoice
from luna.llm.answers import NotAnAnswer, read_answer
from luna.llm.clients import client_for, noting_responses
from luna.llm.faults import fault_from, make_fault
from luna.llm.providers import ProviderFacts
from luna.llm.tokens import count_tokens
from luna.llm.types import ChatReply, ChatRequest, Finish, ModelFault, TextDelta, Usage
from luna.llm.vendors import load_libraries, most_output, vendor_model, vendor_settings

if TYPE_CHECKING:
    import httpx2
    from pydantic_ai.messages import ModelMessage, ModelResponseStreamEvent
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.usage import RequestUsage

log = logging.getLogger(__name__)
UNLOAD_SECONDS = 10.0


class VendorModel:
    """A chat model at a provider. Make it with `luna.llm.service.open_model`."""

    def __init__(
        self, facts: ProviderFacts, choice: ModelChoice, host: str, key: str, *, unload: bool = False
    ) -> None:
        self.facts = facts
        self.host = host
        self._choice = choice
        self._key = key
        self._unload = unload and facts.unloads

    @property
    def choice(self) -> ModelChoice:
        return self._choice

    def most_output(self, request: ChatRequest) -> int:
        """How many tokens an answer may have at most, thinking included. Raises ModelFault."""
        if self.facts.key_needed and not self._key:
            return request.max_tokens  # the call will not be made
        with _Faults(self):
            model = vendor_model(self.facts, self.host, self._choice.model, self._key)
            return most_output(self.facts, model, request)

    async def complete(self, request: ChatRequest) -> ChatReply:
        async with aclosing(self.stream(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, ChatReply):
                    return piece
        raise self._fault(ProviderFault.bad_output, "the stream had no end")

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | ChatReply]:
        if self.facts.key_needed and not self._key:
            raise self._fault(ProviderFault.unauthorized, "no key")
        heard: list[str] = []
        try:
            async with aclosing(self._pieces(request, heard)) as pieces:
                async for piece in pieces:
                    yield piece
        except ModelFault as fault:
            fault.raw = fault.raw or "".join(heard)
            raise
        finally:
            if self._unload:
                # on a stopped call as well: the memory is wanted back most urgently then
                await asyncio.shield(asyncio.ensure_future(self._free_memory()))

    async def _pieces(self, request: ChatRequest, heard: list[str]) -> AsyncGenerator[TextDelta | ChatReply]:
        """Ask, hand on the text as it comes (also into `heard`), and close with the reply."""
        await load_libraries(self.facts.wire)
        from pydantic_ai.direct import model_request_stream

        loop = asyncio.get_running_loop()
        with _Faults(self):
            model = vendor_model(self.facts, self.host, self._choice.model, self._key)
            opened = model_request_stream(
                model,
                _messages(request),
                model_settings=vendor_settings(self.facts, model, request),
                model_request_parameters=_parameters(model, request),
                instrument=False,
            )
            deadline = loop.time() + request.timeout_seconds
            with noting_responses() as responses:
                async with asyncio.timeout_at(deadline):
                    response = await opened.__aenter__()
        try:
            with _Faults(self):
                events = aiter(response)
                while True:
                    async with asyncio.timeout_at(deadline):
                        event = await anext(events, None)
                    if event is None:
                        break
                    deadline = loop.time() + request.timeout_seconds
                    text = _text_in(event)
                    if text:
                        heard.append(text)
                        yield TextDelta(text)
        finally:
            await _close(response, opened, responses)
        yield self._reply(request, response, "".join(heard))

    def _reply(self, request: ChatRequest, response: "StreamedResponse", text: str) -> ChatReply:
        """The reply, or the fault that the whole answer is."""
        usage = _usage(response.usage, request, text, self._choice.model)
        reason = response.finish_reason
        if reason == "content_filter":
            raise self._fault(ProviderFault.refused, "content filter", usage, text)
        if reason == "error":
            raise self._fault(ProviderFault.unavailable, "the server ended with an error", usage, text)
        if not text.strip():
            raise self._fault(ProviderFault.bad_output, "an empty answer", usage, text)
        finish: Finish = "length" if reason == "length" else "stop"
        value = None
        if request.schema is not None:
            try:
                value = read_answer(text, request.schema)
            except NotAnAnswer as error:
                fault = self._fault(ProviderFault.bad_output, "not the JSON asked for", usage, text)
                fault.message = str(error)
                raise fault from error
        return ChatReply(text, usage, response.model_name or self._choice.model, finish, value)

    def _fault(
        self, kind: ProviderFault, cause: str, usage: Usage | None = None, raw: str = ""
    ) -> ModelFault:
        fault = make_fault(self.facts, self.host, kind, model=self._choice.model, cause=cause)
        fault.usage, fault.raw = usage, raw
        if kind is ProviderFault.bad_output:
            fault.message = f"{self.facts.title}: {cause}."
        if cause == "no key":
            fault.message = (
                f"There is no key for {self.facts.title}. Set {self.facts.key_names[0]} or save one."
            )
        return fault

    async def _free_memory(self) -> None:
        """Ask Ollama to unload the model. A failure is of no interest to the story."""
        import httpx2

        body: dict[str, Any] = {"model": self._choice.model, "keep_alive": 0}
        try:
            await client_for(local=True).post(self.host + "/api/generate", json=body, timeout=UNLOAD_SECONDS)
        except httpx2.HTTPError as error:
            log.info("%s could not be asked to unload: %s", self.facts.title, type(error).__name__)


class _Faults:
    """Turns what the vendors' libraries raise into faults. Cancellation passes through untouched."""

    def __init__(self, model: VendorModel) -> None:
        self._model = model

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from httpx2 import HTTPError, InvalidURL
        from pydantic_ai.exceptions import AgentRunError, UserError

        model = self._model
        if isinstance(error, TimeoutError):
            raise make_fault(
                model.facts,
                model.host,
                ProviderFault.timeout,
                model=model.choice.model,
                cause="no token in time",
            ) from None
        if isinstance(error, (AgentRunError, UserError, HTTPError, InvalidURL, OSError, ValueError)):
            raise fault_from(model.facts, model.host, model.choice.model, error) from None


async def _close(response: "StreamedResponse", opened: Any, responses: "list[httpx2.Response]") -> None:
    """Close the connection, so that the server stops at once, then leave the vendor's context."""
    try:
        for http in responses:
            await http.aclose()
        await response.close_stream()
    finally:
        await opened.__aexit__(None, None, None)


def _messages(request: ChatRequest) -> "list[ModelMessage]":
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    return [
        ModelRequest(parts=[UserPromptPart(m.text)])
        if m.role == "user"
        else ModelResponse(parts=[TextPart(m.text)])
        for m in request.messages
    ]


def _parameters(model: "Model", request: ChatRequest) -> "ModelRequestParameters":
    """System parts in their order, and the schema: native where the model has it, else told in words."""
    from pydantic_ai.messages import InstructionPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.output import OutputObjectDefinition

    parts = [
        InstructionPart(content=text, dynamic=place >= request.stable)
        for place, text in enumerate(request.system)
        if text
    ]
    if request.schema is None:
        return ModelRequestParameters(instruction_parts=parts)
    native = model.profile.get("supports_json_schema_output", False)
    return ModelRequestParameters(
        instruction_parts=parts,
        output_mode="native" if native else "prompted",
        output_object=OutputObjectDefinition(
            json_schema=request.schema.model_json_schema(), name=request.schema.__name__
        ),
    )


def _text_in(event: "ModelResponseStreamEvent") -> str:
    """The text that an event brings. Thinking aloud is not part of the answer."""
    from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _usage(reported: "RequestUsage", request: ChatRequest, text: str, model: str) -> Usage:
    if reported.unmeasured_requests or not (reported.input_tokens or reported.output_tokens):
        return Usage(count_tokens(request.prompt(), model), 0, count_tokens(text, model), reported=False)
    cached = min(reported.cache_read_tokens, reported.input_tokens)
    return Usage(
        fresh=reported.input_tokens - cached,
        cached=cached,
        output=reported.output_tokens,
        reported=True,
        written=reported.cache_write_tokens,
    )
