"""Reference logits for the decoder's tests, from Hugging Face transformers.

    pip install torch==2.8.0 transformers==4.57.1
    python tests/reference/decoders.py > tests/reference/decoders.json

The weights are not stored: both sides make them from the tensor's name (see `values`), so the fixture holds only the
configurations, the tokens and the logits.
"""

import json

import numpy
import torch
from transformers import AutoConfig, AutoModelForCausalLM

COMMON = {
    "vocab_size": 96,
    "num_hidden_layers": 2,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-6,
    "attention_bias": False,
    "attention_dropout": 0.0,
}
SHAPE = {"hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 2}

CASES = {
    "qwen2": {
        **COMMON,
        **SHAPE,
        "model_type": "qwen2",
        "hidden_act": "silu",
        "rope_theta": 1000000.0,
        "sliding_window": 4096,
        "max_window_layers": 2,
        "use_sliding_window": False,
        "tie_word_embeddings": False,
    },
    "qwen3": {
        **COMMON,
        **SHAPE,
        "model_type": "qwen3",
        "hidden_act": "silu",
        "head_dim": 32,
        "rope_theta": 1000000.0,
        "sliding_window": None,
        "max_window_layers": 2,
        "use_sliding_window": False,
        "tie_word_embeddings": True,
    },
    "llama": {
        **COMMON,
        **SHAPE,
        "model_type": "llama",
        "hidden_act": "silu",
        "rope_theta": 500000.0,
        "rope_scaling": None,
        "tie_word_embeddings": False,
    },
    "llama3-scaled": {
        **COMMON,
        **SHAPE,
        "model_type": "llama",
        "hidden_act": "silu",
        "rope_theta": 500.0,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
        "tie_word_embeddings": True,
    },
    "gemma3": {
        **COMMON,
        **SHAPE,
        "model_type": "gemma3_text",
        "num_hidden_layers": 7,
        "hidden_activation": "gelu_pytorch_tanh",
        "head_dim": 32,
        "query_pre_attn_scalar": 24,
        "rope_theta": 1000000.0,
        "rope_local_base_freq": 10000.0,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        "sliding_window": 8,
        "sliding_window_pattern": 6,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "tie_word_embeddings": True,
    },
}

LENGTH = 40
ROWS = [0, 5, 21, 39]


def values(name, count, scale):
    """`count` numbers in ±scale from a linear congruential generator seeded with the FNV-1a hash of `name`."""
    state = 2166136261
    for byte in name.encode():
        state = ((state ^ byte) * 16777619) & 0xFFFFFFFF
    numbers = numpy.empty(count, dtype=numpy.float64)
    for index in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        numbers[index] = ((state >> 8) / 8388608.0 - 1.0) * scale
    return numbers.astype(numpy.float32)


def weight(name, shape, shifted):
    """Matrices keep the variance of what they are given; norms are near 1, or near 0 where they are stored less 1."""
    count = int(numpy.prod(shape))
    if len(shape) == 2:
        return values(name, count, (3.0 / shape[1]) ** 0.5).reshape(shape)
    centre = 1.0 if name.endswith("norm.weight") and not shifted else 0.0
    return values(name, count, 0.25) + numpy.float32(centre)


def logits(config):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(**config), attn_implementation="eager", torch_dtype=torch.float32
    )
    shifted = config["model_type"].startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape), shifted)))
        ids = torch.tensor([tokens()])
        return model.eval()(ids).logits[0, ROWS].double().numpy()


def tokens():
    return [(index * 37 + 11) % COMMON["vocab_size"] for index in range(LENGTH)]


def main():
    cases = [
        {"name": name, "config": config, "logits": [[round(float(x), 6) for x in row] for row in logits(config)]}
        for name, config in CASES.items()
    ]
    print(json.dumps({"ids": tokens(), "rows": ROWS, "cases": cases}))


if __name__ == "__main__":
    main()
