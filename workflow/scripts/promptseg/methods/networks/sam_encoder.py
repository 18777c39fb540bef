"""Forward pass of Segment Anything's image encoder on the modules and weights of the `segment_anything` package.

It computes what the package's own `forward` computes, up to rounding; the package materialises every attention matrix.
"""

import torch
import torch.nn.functional as F
from segment_anything.modeling import ImageEncoderViT
from segment_anything.modeling.image_encoder import Block, get_rel_pos
from torch import Tensor, nn

# Queries of global attention handled together on a CPU: their weights, 256 x 4096, then stay in the cache.
QUERIES = 256
_VECTOR = 16  # what lengths of rows should be multiples of


class Encoder(nn.Module):
    """SAM's image encoder (Kirillov et al. 2023, appendix A), whose attention never holds all its weights.

    On a GPU attention is `scaled_dot_product_attention`, with the decomposed relative positions (Li et al., MViTv2,
    2022) as its mask. On a CPU that is far from what matrix products reach, in bfloat16 above all, so attention is two
    of them with a softmax between, in pieces that fit into the cache. In bfloat16 the weights and the matrix products
    are; normalisation statistics and the residual stream stay float32.

    Args:
        encoder: holds the weights, which are shared and, for bfloat16, converted.
        dtype: torch.float32 or torch.bfloat16.
    """

    def __init__(self, encoder: ImageEncoderViT, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.encoder = encoder
        self.dtype = dtype
        self.positions = nn.ParameterList()
        grid = encoder.img_size // encoder.patch_embed.proj.kernel_size[0]
        for block in encoder.blocks:
            attention = block.attn
            size = block.window_size or grid
            tables = (attention.rel_pos_h, attention.rel_pos_w) if attention.use_rel_pos else ()
            resolved = [get_rel_pos(size, size, table.detach()).to(dtype) for table in tables]
            self.positions.append(nn.Parameter(torch.stack(resolved) if resolved else torch.zeros(0), False))
        for part in (encoder.patch_embed, encoder.neck, *encoder.blocks):
            for module in part.modules():
                if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                    module.to(dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(b, 3, s, s) float32 normalised and padded images -> (b, c, s / 16, s / 16) float32 embeddings."""
        return self._neck(self._blocks(self._patches(x)))

    def levels(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `forward`, with the tokens behind the first block of global attention before it: (b, h, w, c')."""
        split = 1 + next(index for index, block in enumerate(self.encoder.blocks) if not block.window_size)
        early = self._blocks(self._patches(x), 0, split)
        return early, self._neck(self._blocks(early, split))

    def _patches(self, x: Tensor) -> Tensor:
        """(b, 3, s, s) images -> (b, h, w, c) tokens."""
        x = self.encoder.patch_embed(x.to(self.dtype)).float()
        return x if self.encoder.pos_embed is None else x + self.encoder.pos_embed

    def _blocks(self, x: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """(b, h, w, c) tokens after the blocks from `first` to before `last`."""
        blocks, positions = list(self.encoder.blocks)[first:last], list(self.positions)[first:last]
        for block, its_positions in zip(blocks, positions, strict=True):
            x = self._block(block, its_positions, x)
        return x

    def _neck(self, x: Tensor) -> Tensor:
        encoder = self.encoder
        x = encoder.neck[0](x.permute(0, 3, 1, 2).to(self.dtype)).float()
        x = encoder.neck[2](encoder.neck[1](x).to(self.dtype)).float()
        return encoder.neck[3](x).contiguous()

    def _block(self, block: Block, positions: Tensor, x: Tensor) -> Tensor:
        h = block.norm1(x).to(self.dtype)
        attend = self._windows if block.window_size else self._everywhere
        x = x + attend(block, positions, h)
        return self._mlp(block, block.norm2(x).to(self.dtype)).to(x.dtype).add_(x)

    def _mlp(self, block: Block, x: Tensor) -> Tensor:
        return block.mlp(x)

    def _everywhere(self, block: Block, positions: Tensor, x: Tensor) -> Tensor:
        """Global attention: (b, h, w, c) -> (b, h, w, c)."""
        return block.attn.proj(self._attention(block, positions, block.attn.qkv(x)))

    def _windows(self, block: Block, positions: Tensor, x: Tensor) -> Tensor:
        """Attention in windows: (b, h, w, c) -> (b, h, w, c).

        The package pads the tokens to whole windows with zeros. Here only real tokens are projected: a padded one is
        seen by the others, but its projection is the bias.
        """
        size, (b, h, w, c) = block.window_size, x.shape
        result = torch.empty_like(x)
        for top, bottom in _stretches(h, size):
            for left, right in _stretches(w, size):
                rows, columns = min(size, bottom - top), min(size, right - left)
                part = x[:, top:bottom, left:right].unflatten(1, (-1, rows)).unflatten(3, (-1, columns))
                tokens = block.attn.qkv(part.transpose(2, 3).reshape(-1, rows, columns, c))
                if rows < size or columns < size:
                    bias = block.attn.qkv.bias if block.attn.qkv.bias is not None else tokens.new_zeros(3 * c)
                    padded = bias.repeat(len(tokens), size, size, 1)
                    padded[:, :rows, :columns] = tokens
                    tokens = padded
                seen = block.attn.proj(self._attention(block, positions, tokens)[:, :rows, :columns])
                place = result[:, top:bottom, left:right].unflatten(1, (-1, rows)).unflatten(3, (-1, columns))
                place.copy_(seen.view(b, place.shape[1], place.shape[3], rows, columns, c).transpose(2, 3))
        return result

    def _attention(self, block: Block, positions: Tensor, qkv: Tensor) -> Tensor:
        """(b, h, w, 3 c) projected tokens -> (b, h, w, c)."""
        b, h, w, _ = qkv.shape
        heads = block.attn.num_heads
        q, k, v = qkv.view(b, h * w, 3, heads, -1).permute(2, 0, 3, 1, 4)
        if not positions.numel():
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            grid = q.view(b, heads, h, w, -1)
            rows = torch.einsum("bnhwc,hkc->bnhwk", grid, positions[0]).reshape(b, heads, h * w, h)
            columns = torch.einsum("bnhwc,wkc->bnhwk", grid, positions[1]).reshape(b, heads, h * w, w)
            if qkv.device.type != "cpu":
                bias = (rows[..., None] + columns[..., None, :]).view(b, heads, h * w, h * w)
                out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
            elif block.window_size:
                out = _within_windows(q, k, v, rows, columns)
            else:
                out = _in_pieces(q, k, v, rows, columns)
        return out.transpose(1, 2).reshape(b, h, w, -1)


def _within_windows(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Attention with relative positions, one window after the other.

    A key's row and column as one-hot codes behind it turn rows and columns, behind the query, into one matrix product.

    Args:
        q, k, v: (b, heads, h * w, d).
        rows, columns: (b, heads, h * w, h) and (b, heads, h * w, w), what each row and column adds to the scores.
    """
    h, w = rows.shape[-1], columns.shape[-1]
    place = torch.cat([torch.eye(h).repeat_interleave(w, 0), torch.eye(w).repeat(h, 1)], 1).to(q)
    free = q.new_zeros(1, 1, 1, -(q.shape[-1] + h + w) % _VECTOR)
    queries = torch.cat([q * q.shape[-1] ** -0.5, rows, columns, free.expand(*q.shape[:3], -1)], -1)
    codes = torch.cat([place, free[0, 0].expand(h * w, -1)], -1)
    keys = torch.cat([k, codes.expand(*k.shape[:2], -1, -1)], -1).transpose(-2, -1)
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    for index, values in enumerate(v.contiguous()):
        out[index] = torch.bmm(torch.bmm(queries[index], keys[index]).softmax(-1), values)
    return out


def _in_pieces(q: Tensor, k: Tensor, v: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """As `_within_windows`, for many tokens: `QUERIES` queries of one head after the other."""
    b, heads, n, d = q.shape
    h, w = rows.shape[-1], columns.shape[-1]
    q = (q * d**-0.5).reshape(-1, n, d)
    k, v = k.reshape(-1, n, d).transpose(1, 2), v.reshape(-1, n, d)
    rows, columns = rows.view(-1, n, h, 1), columns.view(-1, n, 1, w)
    out = torch.empty_like(q)
    for head in range(len(q)):
        for start in range(0, n, QUERIES):
            some = slice(start, start + QUERIES)
            scores = (rows[head, some] + columns[head, some]).view(-1, n).addmm_(q[head, some], k[head])
            out[head, some] = torch.mm(scores.softmax(-1), v[head])
    return out.view(b, heads, n, d)


def _stretches(length: int, size: int) -> list[tuple[int, int]]:
    """The part of a side that whole windows cover, and the rest, as far as there are any."""
    whole = length // size * size
    return [(start, end) for start, end in ((0, whole), (whole, length)) if start < end]
