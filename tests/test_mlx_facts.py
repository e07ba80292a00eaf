"""Facts of an MLX model are counted from its own files, whatever these hold."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from compiler.cli import main
from compiler.diagnostics import PolicyError
from compiler.mlx_facts import mlx_facts
from compiler.policy.lock import LockedMlxModel
from tests.fakes.openrouter import DATA
from tests.samples import write_policies

ANSWER = str(DATA / "models-2026-05-22.json")
CONFIG: Mapping[str, Any] = {
    "hidden_size": 64,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "num_hidden_layers": 3,
    "max_position_embeddings": 4096,
    "quantization": {"group_size": 32, "bits": 4},
}
#: A linear layer of 64 × 64 in 4 bits (eight to a word) with scales and biases, and a norm in 16 bits.
TENSORS: Mapping[str, Any] = {
    "layer.q.weight": {"dtype": "U32", "shape": [64, 8], "data_offsets": [0, 2048]},
    "layer.q.scales": {"dtype": "BF16", "shape": [64, 2], "data_offsets": [2048, 2304]},
    "layer.q.biases": {"dtype": "BF16", "shape": [64, 2], "data_offsets": [2304, 2560]},
    "layer.norm.weight": {"dtype": "BF16", "shape": [64], "data_offsets": [2560, 2688]},
}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def safetensors(header: Any) -> bytes:
    """A whole file, with zeros for weights."""
    head = json.dumps(header).encode()
    tensors = header.values() if isinstance(header, dict) else ()
    ends = [tensor["data_offsets"][1] for tensor in tensors if isinstance(tensor, dict) and "data_offsets" in tensor]
    return struct.pack("<Q", len(head)) + head + bytes(max(ends, default=0))


def model(
    parent: Path, config: Any = CONFIG, weights: Mapping[str, bytes] | None = None, template: str | None = "<tool_call>"
) -> Path:
    """A model's folder <author>/<repository>."""
    folder = parent / "acme" / "Small-4bit"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    for name, content in ({"model.safetensors": safetensors(TENSORS)} if weights is None else weights).items():
        (folder / name).write_bytes(content)
    if template is not None:
        (folder / "chat_template.jinja").write_text(template, "utf-8")
    return folder


def test_facts(tmp_path: Path) -> None:
    weights = safetensors({"__metadata__": {"format": "mlx"}, **TENSORS})
    facts = mlx_facts(model(tmp_path, weights={"model.safetensors": weights}))
    assert facts == {
        "parameters": 64 * 64 + 64,
        "quantization_bits": 4,
        "quantization_group_size": 32,
        "weight_bytes": len(weights),
        "kv_bytes_per_token": 2 * 3 * 2 * 8 * 2,
        "context_length": 4096,
        "tools": True,
        "source": "config.json and safetensors headers of the model's folder",
    }
    locked = LockedMlxModel.model_validate(facts)
    assert locked.bytes_for(1000) == len(weights) + 192_000


def test_shards_count_together(tmp_path: Path) -> None:
    one, two = (safetensors({name: TENSORS[name] for name in names}) for names in (("layer.q.weight",), TENSORS))
    shards = {"model-00001-of-00002.safetensors": one, "model-00002-of-00002.safetensors": two}
    facts = mlx_facts(model(tmp_path, weights=shards))
    assert facts["parameters"] == 64 * 64 + 64
    assert facts["weight_bytes"] == len(one) + len(two)


@pytest.mark.parametrize(
    ("changes", "kv_bytes"),
    [
        ({}, 192),
        ({"head_dim": 16}, 384),
        ({"num_key_value_heads": None}, 768),
        ({"num_key_value_heads": 8}, 768),
        ({"num_hidden_layers": 30}, 1920),
    ],
)
def test_kv_bytes_per_token(tmp_path: Path, changes: dict[str, Any], kv_bytes: int) -> None:
    assert mlx_facts(model(tmp_path, {**CONFIG, **changes}))["kv_bytes_per_token"] == kv_bytes


def test_without_quantization(tmp_path: Path) -> None:
    config = {key: value for key, value in CONFIG.items() if key != "quantization"}
    weights = safetensors({"layer.q.weight": {"dtype": "BF16", "shape": [64, 64], "data_offsets": [0, 8192]}})
    facts = mlx_facts(model(tmp_path, config, {"model.safetensors": weights}))
    assert (facts["parameters"], facts["quantization_bits"], facts["quantization_group_size"]) == (4096, 16, None)
    LockedMlxModel.model_validate(facts)


def test_layers_with_bits_of_their_own(tmp_path: Path) -> None:
    mixed = {"group_size": 32, "bits": 4, "layer.head": {"group_size": 32, "bits": 8}, "layer.norm": False}
    head = {
        "layer.head.weight": {"dtype": "U32", "shape": [64, 16], "data_offsets": [0, 4096]},
        "layer.head.scales": {"dtype": "BF16", "shape": [64, 2], "data_offsets": [4096, 4352]},
    }
    weights = {"model.safetensors": safetensors({**TENSORS, **head})}
    assert mlx_facts(model(tmp_path, {**CONFIG, "quantization": mixed}, weights))["parameters"] == 2 * 64 * 64 + 64


@pytest.mark.parametrize(
    ("template", "tokenizer", "tools"),
    [
        ("{% for tool in tools %}<tool_call>{% endfor %}", None, True),
        ("{{ messages }}", {"chat_template": "<tool_call>"}, False),
        (None, {"chat_template": "<tool_call>"}, True),
        (None, {"chat_template": [{"name": "tool_use", "template": "<tool_call>"}]}, True),
        (None, {"chat_template": None}, False),
        (None, {}, False),
        (None, None, False),
    ],
)
def test_tools_by_the_chat_template(
    tmp_path: Path, template: str | None, tokenizer: dict[str, Any] | None, tools: bool
) -> None:
    folder = model(tmp_path, template=template)
    if tokenizer is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer), "utf-8")
    assert mlx_facts(folder)["tools"] is tools


def refusal(folder: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        mlx_facts(folder)
    (finding,) = caught.value.findings
    assert finding.code == "VN701"
    assert "--mlx" in finding.fix
    return f"{finding.place.file}: {finding.message}"


@pytest.mark.parametrize(
    "config",
    [
        {},
        [],
        {**CONFIG, "num_attention_heads": 0, "head_dim": None},
        {**CONFIG, "num_hidden_layers": "many"},
        {**CONFIG, "num_hidden_layers": None},
        {**CONFIG, "max_position_embeddings": float("inf")},
        {**CONFIG, "quantization": [4]},
        {**CONFIG, "quantization": {"bits": 0}},
        {**CONFIG, "quantization": {"bits": {}}},
        {"text_config": dict(CONFIG)},
    ],
)
def test_odd_configs_are_refused(tmp_path: Path, config: Any) -> None:
    assert "config.json" in refusal(model(tmp_path, config))


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"model.bin": b"x"},
        {"model.safetensors": b""},
        {"model.safetensors": b"\x08\x00\x00"},
        {"model.safetensors": struct.pack("<Q", 2**63) + b"{}"},
        {"model.safetensors": struct.pack("<Q", 50) + b"{}"},
        {"model.safetensors": struct.pack("<Q", 3) + b"\xff\xfe\xfd"},
        {"model.safetensors": safetensors([])},
        {"model.safetensors": struct.pack("<Q", 200_000) + b"[" * 200_000},
        {"model.safetensors": safetensors({"a.weight": {}})},
        {"model.safetensors": safetensors({"a.weight": 5})},
        {"model.safetensors": safetensors({"a.weight": {"shape": [64, 8]}})},
        {"model.safetensors": safetensors({"a.weight": {"shape": 5, "data_offsets": [0, 8]}})},
        {"model.safetensors": safetensors({"a.weight": {"shape": ["x"], "data_offsets": [0, 8]}})},
    ],
)
def test_odd_weights_are_refused(tmp_path: Path, weights: dict[str, bytes]) -> None:
    assert refusal(model(tmp_path, weights=weights))


def test_half_a_download_is_refused(tmp_path: Path) -> None:
    whole = safetensors(TENSORS)
    assert "cut off" in refusal(model(tmp_path, weights={"model.safetensors": whole[:-1]}))


def test_missing_folder_and_broken_json_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere")
    folder = model(tmp_path)
    (folder / "config.json").write_bytes(b"[" * 200_000)
    assert refusal(folder)
    (folder / "config.json").write_bytes(b"\xff")
    assert refusal(folder)


# ---- through the command


def locked(project: Path) -> dict[str, Any]:
    return dict(json.loads((project / "policies/models.lock.json").read_text("utf-8"))["mlx"])


def test_command_pins_what_it_reads(tmp_path: Path) -> None:
    write_policies(tmp_path)
    folder = model(tmp_path)
    assert main(["lock", "-C", str(tmp_path), "--from", ANSWER, "--mlx", str(folder)]) == 0
    assert locked(tmp_path)["mlx/acme/Small-4bit"] == mlx_facts(folder)
    assert locked(tmp_path)["mlx/acme/Large-4bit"]["source"] == "made up for tests"


def test_command_knows_the_cache_of_hugging_face(tmp_path: Path) -> None:
    write_policies(tmp_path)
    snapshot = tmp_path / "hub" / "models--acme--Small-4bit" / "snapshots" / "0123abcd"
    snapshot.parent.mkdir(parents=True)
    model(tmp_path).rename(snapshot)
    assert main(["lock", "-C", str(tmp_path), "--from", ANSWER, "--mlx", str(snapshot)]) == 0
    assert locked(tmp_path)["mlx/acme/Small-4bit"] == mlx_facts(snapshot)


def test_command_says_when_nobody_names_the_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_policies(tmp_path)
    folder = model(tmp_path)
    folder = folder.rename(folder.with_name("Medium-4bit"))
    assert main(["lock", "-C", str(tmp_path), "--from", ANSWER, "--mlx", str(folder)]) == 0
    said = capsys.readouterr().err
    assert "VN704" in said
    assert "'mlx/acme/Medium-4bit'" in said
    assert "mlx/acme/Medium-4bit" not in locked(tmp_path)


def test_command_refuses_facts_that_no_compile_would_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock_file = write_policies(tmp_path) / "models.lock.json"
    before = lock_file.read_bytes()
    folder = model(tmp_path, {**CONFIG, "num_hidden_layers": -3})
    assert main(["lock", "-C", str(tmp_path), "--from", ANSWER, "--mlx", str(folder)]) == 1
    assert "kv_bytes_per_token" in capsys.readouterr().err
    assert lock_file.read_bytes() == before
