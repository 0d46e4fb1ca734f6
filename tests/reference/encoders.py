"""Writes encoders.json: what Hugging Face transformers computes on tiny encoders with made-up weights.

tests/ai_encoder makes the same weights from the same rule and must get the same numbers.
Run with torch 2.8 and transformers 4.57: python tests/reference/encoders.py > tests/reference/encoders.json
"""

import json
import math

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaModel,
)

SIZES = dict(
    vocab_size=40,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=64,
    hidden_act="gelu",
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
    pad_token_id=1,
)
BERT = BertConfig(**SIZES, max_position_embeddings=24, type_vocab_size=2, layer_norm_eps=1e-12, num_labels=1)
XLMR = XLMRobertaConfig(**SIZES, max_position_embeddings=26, type_vocab_size=1, layer_norm_eps=1e-5, num_labels=1)

# Words of a text, without special tokens (<s> 0, <pad> 1, </s> 2).
TEXTS = [[5, 9, 33], [4], [17, 18, 19, 20, 21, 22, 23, 24, 5, 9, 33, 38, 39, 4], [39, 5, 9, 33]]
# A passage as a reader takes it: where it stands, then its lines.
PATH, LINES = [6, 11], [[8, 9], [7, 12, 31], [30, 29, 28, 27]]
QUERY, PASSAGES = [7, 12, 31], [[8, 9], [7, 12, 31], [30, 29, 28, 27, 26, 25, 24], [4]]


def made_up(name, shape):
    """A tensor's values from its name: FNV-1a seeds a linear congruential generator."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) % 2**32
    scale = 0.8 if "embeddings.weight" in name else 0.3
    values = []
    for _ in range(math.prod(shape)):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values.append((seed / 2**32 * 2 - 1) * scale)
    values = torch.tensor(values, dtype=torch.float64).reshape(shape)
    return (values + 1 if "LayerNorm.weight" in name else values).float()


def fill(model):
    state = model.state_dict()
    model.load_state_dict(
        {name: made_up(name, tensor.shape) if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    )
    return model.eval()


def adapt(model, rank=3, scale=0.5):
    """Adds what a reader's adapter adds: scale times B·A on each matrix of the layers."""
    for name, tensor in model.state_dict().items():
        matrix = name.removesuffix(".weight")
        if name.startswith("encoder.layer") and tensor.dim() == 2:
            a = made_up(f"{matrix}.lora_A.weight", (rank, tensor.shape[1]))
            b = made_up(f"{matrix}.lora_B.weight", (tensor.shape[0], rank))
            tensor += scale * (b @ a)
    return model


def read(model, pair):
    """The logits of an adapted model's heads: the passage's on the first state, each line's on its mean state."""
    passage = PATH + sum(LINES, [])
    ids, types = pair(passage)
    states = model(torch.tensor([ids]), token_type_ids=torch.tensor([types])).last_hidden_state[0]
    head = lambda name, state: (made_up(f"{name}.weight", (1, 32)) @ state + made_up(f"{name}.bias", (1,))).item()
    at, lines = len(ids) - 1 - len(passage) + len(PATH), []
    for line in LINES:
        lines.append(head("line", states[at : at + len(line)].mean(0)))
        at += len(line)
    return {"answers": head("answers", states[0]), "lines": lines}


def embed(model):
    """The mean state and the first state of each text, not normalised."""
    states = [model(torch.tensor([[0, *text, 2]])).last_hidden_state[0] for text in TEXTS]
    return {"mean": [s.mean(0).tolist() for s in states], "cls": [s[0].tolist() for s in states]}


def score(model, pair):
    logits = []
    for passage in PASSAGES:
        ids, types = pair(passage)
        logits.append(model(torch.tensor([ids]), token_type_ids=torch.tensor([types])).logits.item())
    return logits


def bert_pair(passage):
    first, second = [0, *QUERY, 2], [*passage, 2]
    return first + second, [0] * len(first) + [1] * len(second)


def xlmr_pair(passage):
    ids = [0, *QUERY, 2, 2, *passage, 2]
    return ids, [0] * len(ids)


with torch.no_grad():
    print(
        json.dumps(
            {
                "texts": TEXTS,
                "query": QUERY,
                "passages": PASSAGES,
                "path": PATH,
                "lines": LINES,
                "bert": embed(fill(BertModel(BERT))),
                "xlm-roberta": embed(fill(XLMRobertaModel(XLMR))),
                "bert_logits": score(fill(BertForSequenceClassification(BERT)), bert_pair),
                "bert_reading": read(adapt(fill(BertModel(BERT))), bert_pair),
                "xlm-roberta_reading": read(adapt(fill(XLMRobertaModel(XLMR))), xlmr_pair),
                "xlm-roberta_logits": score(fill(XLMRobertaForSequenceClassification(XLMR)), xlmr_pair),
            }
        )
    )
