"""Writes pytorch_model.bin: a PyTorch state dictionary in small, with a half tensor and a buffer that is no weight.

Run with torch 2.8: python tests/reference/pytorch_model.py tests/reference/pytorch_model.bin
"""

import sys

import torch

torch.save(
    {
        "embeddings.word_embeddings.weight": (torch.arange(12, dtype=torch.float32) / 8 - 0.5).reshape(4, 3),
        "embeddings.LayerNorm.bias": torch.tensor([0.1, -0.2, 0.3]),
        "encoder.half.weight": torch.tensor([[1.5, -2.25]], dtype=torch.float16),
        "embeddings.position_ids": torch.arange(4).reshape(1, 4),
    },
    sys.argv[1],
)
