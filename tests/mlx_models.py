"""Small models of the shape of Qwen3, made on the spot: MLX runs them for real, and nothing is downloaded.

A folder as MLX wants it: config.json, model.safetensors, tokenizer.json, tokenizer_config.json with the chat template.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END, START, STOP, "<tool_call>", "</tool_call>", "<think>", "</think>")
#: A call, and a half of one. Each is one token of the tiny model, so that a test can make it say them.
CALL = '{"name":"get_weather","arguments":{"city":"Paris"}}'
HALF_A_CALL = '{"name":"get_weather","arguments":{"city":'
#: mlx_lm takes a model for one that calls tools by the words `<tool_call>` and `tool_call.name` in its template.
TEMPLATE = """\
{%- if tools or note %}<|im_start|>system
{{ note or '' }}{% for tool in tools or [] %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content or '' }}{% for tool_call in message.tool_calls or [] %}{% set tool_call = tool_call.function %}
<tool_call>
{"name": "{{ tool_call.name }}", "arguments": {{ tool_call.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
#: What the tiny model's tokens are made of.
SENTENCE = "what is the weather in Paris today please say it in a few plain words and call the tool if you must"


def tokenizer(corpus: Iterable[str], size: int) -> Tokenizer:
    """Byte pairs, learnt from a corpus."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=size, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
        ),
    )
    return made


def shape(of: Tokenizer) -> dict[str, Any]:
    """A config.json: four layers, 128 wide."""
    return {
        "model_type": "qwen3", "hidden_size": 128, "num_hidden_layers": 4, "intermediate_size": 384,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "rms_norm_eps": 1e-6,
        "vocab_size": of.get_vocab_size(), "max_position_embeddings": 4096, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "eos_token_id": of.token_to_id(STOP),
    }  # fmt: skip


def qwen3(config: Mapping[str, Any]) -> Any:
    """The network, with random weights."""
    from mlx_lm.models import qwen3 as network

    return network.Model(network.ModelArgs.from_dict(dict(config)))  # type: ignore[no-untyped-call]


def weights(model: Any) -> dict[str, mx.array]:
    """By name."""
    from mlx.utils import tree_flatten

    return dict(tree_flatten(model.parameters()))


def write(
    folder: Path, config: Mapping[str, Any], words: Tokenizer, tensors: Mapping[str, mx.array], template: str = TEMPLATE
) -> Path:
    """The model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    words.save(str(folder / "tokenizer.json"))
    about = {
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": STOP, "pad_token": END,
        "model_max_length": config["max_position_embeddings"], "chat_template": template,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(about), "utf-8")
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tensors), metadata={"format": "mlx"})
    return folder


def tiny(folder: Path, extra: Sequence[str] = (CALL, HALF_A_CALL)) -> Path:
    """A model that knows nothing: random weights, some 0.8 million."""
    chance = random.Random(0)
    words = tokenizer((" ".join(chance.choices(SENTENCE.split(), k=12)) for _ in range(500)), 2048)
    words.add_tokens([AddedToken(text, normalized=False) for text in extra])
    config = shape(words)
    mx.random.seed(0)
    return write(folder, config, words, weights(qwen3(config)))


def in_cache(home: Path, repository: str, commit: str = "0" * 40) -> Path:
    """Where a downloaded repository's files lie below HF_HOME, in the layout of huggingface_hub."""
    folder = home / "hub" / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(commit, "utf-8")
    return folder / "snapshots" / commit
