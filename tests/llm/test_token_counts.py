"""The offline counter against real tokenizers, and what it learns."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama import MODEL, PROSE, LlamaServer, run_llama, write_gpt2_model

from luna.kernel.runtime import Runtime
from luna.kernel.values import ModelChoice
from luna.llm.model import VendorModel
from luna.llm.providers import REGISTRY
from luna.llm.service import calibration_of, learn_tokens
from luna.llm.tokens import (
    HIGHEST,
    LOWEST,
    Calibration,
    count_tokens,
    message_overhead,
    truncate_to_tokens,
    vocabulary_kind,
)
from luna.llm.types import ChatMessage, ChatRequest

DIALOGUE = (
    '"You are late," said Captain Oyelaran, without looking up from the chart. "The tide won\'t wait, and '
    "neither will I.\" Bartholomew set the crate down; something inside it clinked. He'd rehearsed an apology "
    "all the way from the customs house - three sentences, well balanced - and now he couldn't remember the "
    "first word of it. Twenty-four sailors pretended, unsuccessfully, to be busy with the rigging."
)

RECORDED = {
    "gpt-4o": 936,
    "gpt-4": 934,
    "llama3.1:8b": 934,
    "llama-2-13b-chat": 1020,
    "mistral:7b-instruct": 997,
}
"""Tokens of prose.txt as the real vocabularies count them (o200k, cl100k, Llama 3, Llama 2, Mistral v1),
recorded with gpt-tokenizer 4.0, llama3-tokenizer-js 1.2, llama-tokenizer-js 1.2, mistral-tokenizer-js 1.0."""


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """A real server with GPT-2's real vocabulary."""
    path: Path = tmp_path_factory.mktemp("gpt2") / "gpt2.gguf"
    write_gpt2_model(path)
    with run_llama(model=path, context=512) as server:
        yield server


def within_ten_percent(counted: int, real: int) -> bool:
    return abs(counted - real) <= real / 10


def test_english_prose_at_a_real_server(gpt2: LlamaServer) -> None:
    assert gpt2.count_tokens("Hello world") == 2, "the vocabulary is the real one"
    paragraphs = PROSE.split("\n\n")
    texts = [PROSE, DIALOGUE, *("\n\n".join(paragraphs[at : at + 4]) for at in range(0, len(paragraphs), 4))]
    for text in texts:
        real = gpt2.count_tokens(text)
        assert within_ten_percent(count_tokens(text), real), (count_tokens(text), real, text[:60])


@pytest.mark.parametrize(("model", "real"), RECORDED.items())
def test_english_prose_by_other_vocabularies(model: str, real: int) -> None:
    assert within_ten_percent(count_tokens(PROSE.strip()), real)
    assert abs(count_tokens(PROSE.strip(), model) - real) <= real * 0.05, "a telling name makes it closer"


async def test_after_a_few_calls_it_is_right_for_a_strange_tokenizer(
    llama_server: LlamaServer, runtime: Runtime
) -> None:
    """The bigram model needs 1.7 times the usual tokens; its own reports teach the counter that."""
    choice = ModelChoice(provider="openai-compatible", model=MODEL)
    model = VendorModel(REGISTRY[choice.provider], choice, llama_server.url, "")
    paragraphs = [p for p in PROSE.split("\n\n") if len(p) > 250]
    before = count_tokens(PROSE)
    assert not within_ten_percent(before, llama_server.count_tokens(PROSE))
    for text in paragraphs[:4]:
        request = ChatRequest(messages=(ChatMessage("user", text),), max_tokens=1)
        usage = (await model.complete(request)).usage
        reported = usage.fresh + usage.cached - message_overhead(request)
        known = await calibration_of(runtime, choice)
        await learn_tokens(runtime, choice, known, count_tokens(text, MODEL), reported)
    known = await calibration_of(runtime, choice)
    assert known.samples == 4
    assert within_ten_percent(known.count(PROSE), llama_server.count_tokens(PROSE))
    for text in paragraphs[4:]:  # single paragraphs vary more, with a vocabulary of 150 words
        real = llama_server.count_tokens(text)
        assert abs(known.count(text) - real) <= real * 0.2


def test_calibration_is_bounded_and_calm() -> None:
    wild = Calibration()
    for _ in range(50):
        wild = wild.after(100, 100_000)
    assert wild.factor == HIGHEST
    for _ in range(200):
        wild = wild.after(100, 1)
    assert wild.factor == pytest.approx(LOWEST, abs=0.01)
    settled = Calibration(1.0, 20)
    assert settled.after(100, 300).factor < 1.35, "one odd prompt does little"
    assert settled.after(10, 300) == settled, "short prompts teach nothing"
    assert settled.after(100, 0) == settled


async def test_calibration_is_kept_per_model(runtime: Runtime) -> None:
    one, two = (ModelChoice(provider="ollama", model=name) for name in ("one", "two"))
    await learn_tokens(runtime, one, Calibration(), 100, 150)
    assert (await calibration_of(runtime, one)).factor == 1.5
    assert (await calibration_of(runtime, two)).factor == 1.0


def test_names_tell_the_vocabulary() -> None:
    assert vocabulary_kind("mdq100/Gemma3-Instruct-Abliterated:12b") == "large"
    assert vocabulary_kind("qwen3:8b") == "large"
    assert vocabulary_kind("mistral-nemo") == "large"
    assert vocabulary_kind("mixtral:8x7b") == "small"
    assert vocabulary_kind("darkplanet") == "middle"


def test_truncates_at_sentences_then_words() -> None:
    text = "The rain stopped. She opened the door and looked at the river. Nobody was there, she thought."
    assert truncate_to_tokens(text, 1000) == text
    assert truncate_to_tokens(text, 19).endswith("river.")
    assert truncate_to_tokens(text, 7) == "The rain stopped."
    assert truncate_to_tokens("one two three four five six seven", 3) in ("one two three", "one two")
    assert truncate_to_tokens(text, 0) == ""
    assert truncate_to_tokens("x" * 4000, 5) != ""


@given(st.text(max_size=400), st.integers(1, 80))
def test_never_over_the_budget(text: str, budget: int) -> None:
    cut = truncate_to_tokens(text, budget)
    assert text.startswith(cut)
    assert count_tokens(cut) <= budget


@given(st.text(max_size=300), st.text(max_size=300))
def test_counts_anything(one: str, two: str) -> None:
    assert (count_tokens(one) > 0) == bool(one)
    assert count_tokens(one + "\n" + two) >= count_tokens(one) - 2
