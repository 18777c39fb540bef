"""The plain vision transformer (Dosovitskiy et al. 2021) of SimpleClick and EfficientSAM, by the names of `timm`."""

from torch import Tensor, nn
from torch.nn import functional as F


class PatchEmbedding(nn.Module):
    """Tokens of square patches, each linear in its pixels."""

    def __init__(self, patch: int, dim: int):
        super().__init__()
        self.proj = nn.Conv2d(3, dim, patch, patch)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, h, w) -> (B, dim, rows, columns)."""
        return self.proj(image)


class Attention(nn.Module):
    """Of all tokens to all."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, n, dim) tokens -> (b, n, dim)."""
        batch, count, dim = tokens.shape
        query, key, value = self.qkv(tokens).view(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, dim))


class Mlp(nn.Module):
    """Two layers, between which there are four times as many channels."""

    def __init__(self, dim: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, n, dim) tokens -> (b, n, dim)."""
        return self.fc2(F.gelu(self.fc1(tokens)))


class Block(nn.Module):
    """Attention and MLP, each behind a normalisation of its own."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.mlp = Mlp(dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, n, dim) tokens -> (b, n, dim)."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))
