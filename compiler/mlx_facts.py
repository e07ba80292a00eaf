"""Facts of an MLX model from its own folder: config.json for the shape, the safetensors headers for the weights.

The KV cache of one token is 2 (key and value) × layers × KV heads × head size × 2 bytes: mlx_lm keeps it in 16 bits.
Layers with a sliding window are counted in full, so the figure is an upper bound.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from compiler.diagnostics import Place, PolicyError
from compiler.lock import BAD_ANSWER

_CACHE_BYTES = 2
_MAX_HEADER = 100_000_000


def mlx_facts(folder: Path) -> dict[str, Any]:
    """What the lock pins of the model in `folder`. Raises PolicyError where files are missing or odd."""
    config = _json(folder / "config.json")
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise _odd(folder, "no *.safetensors files")
    try:
        tensors = {name: tensor for file in weights for name, tensor in _tensors(file).items()}
        return _facts(folder, config, tensors, sum(file.stat().st_size for file in weights))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise _odd(folder, f"config.json or a safetensors header lacks or misstates {error}") from error


def _facts(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Any], weight_bytes: int) -> dict[str, Any]:
    quantization = config.get("quantization") or {}
    bits = int(quantization.get("bits", 16))
    heads = int(config["num_attention_heads"])
    head_size = int(config.get("head_dim") or int(config["hidden_size"]) // heads)
    kv_heads = int(config.get("num_key_value_heads") or heads)
    return {
        "parameters": sum(_parameters(name, tensor, tensors, quantization) for name, tensor in tensors.items()),
        "quantization_bits": bits,
        "quantization_group_size": quantization.get("group_size"),
        "weight_bytes": weight_bytes,
        "kv_bytes_per_token": 2 * int(config["num_hidden_layers"]) * kv_heads * head_size * _CACHE_BYTES,
        "context_length": int(config["max_position_embeddings"]),
        "tools": "<tool_call>" in _chat_template(folder),
        "source": "config.json and safetensors headers of the model's folder",
    }


def _parameters(
    name: str, tensor: Mapping[str, Any], tensors: Mapping[str, Any], quantization: Mapping[str, Any]
) -> int:
    """Parameters behind a tensor: quantized weights are packed into 32-bit words, scales and biases are none."""
    stem, _, kind = name.rpartition(".")
    quantized = f"{stem}.scales" in tensors
    if quantized and kind in ("scales", "biases"):
        return 0
    count = prod(int(size) for size in tensor["shape"])
    if not quantized or kind != "weight":
        return count
    own = quantization.get(stem)  # mixed quantization: a layer may have bits of its own
    return count * 32 // int((own if isinstance(own, dict) else quantization)["bits"])


def _tensors(file: Path) -> dict[str, Any]:
    """The header of a safetensors file: 8 bytes of little-endian length, then JSON."""
    with file.open("rb") as stream:
        start = stream.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else _MAX_HEADER
        if length >= _MAX_HEADER:
            raise _odd(file, "no safetensors header")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError) as error:
            raise _odd(file, "its safetensors header is not JSON") from error
    if not isinstance(header, dict):
        raise _odd(file, "its safetensors header is not an object")
    tensors = {name: tensor for name, tensor in header.items() if name != "__metadata__"}
    end = max((int(tensor["data_offsets"][1]) for tensor in tensors.values()), default=0)
    if file.stat().st_size < 8 + length + end:
        raise _odd(file, "it is cut off: download it again")
    return tensors


def _chat_template(folder: Path) -> str:
    """The template that tells mlx_lm.server whether the model writes tool calls."""
    if (file := folder / "chat_template.jinja").is_file():
        return file.read_text("utf-8", "replace")
    if (file := folder / "tokenizer_config.json").is_file():
        return str(_json(file).get("chat_template", ""))
    return ""


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _odd(file, "it cannot be read as JSON") from error
    if not isinstance(value, dict):
        raise _odd(file, "it holds no object")
    return value


def _odd(file: Path, why: str) -> PolicyError:
    return PolicyError([BAD_ANSWER.at(Place(str(file)), why, "point --mlx at the folder of a downloaded MLX model")])
