"""On a GPU: each Triton kernel computes what torch computes, and recorded passes what others do."""

from __future__ import annotations

import pytest
import torch
from peft import PeftModel
from small_decoders import DECODERS, documents, random_decoder
from torch import Tensor, nn

from engine.worker.batching.batches import plan_passes
from engine.worker.fast.decode import Form, Translator
from engine.worker.fast.forward import FastDecoder
from engine.worker.fast.ingredients import Ingredients, kernels_can_run
from engine.worker.fast.model import FastModel
from engine.worker.fast.parts.adapters import Adapters, FusedAdapter, Slot
from engine.worker.fast.parts.architecture import FAMILIES, Shape
from engine.worker.fast.parts.dropout import Dropout
from engine.worker.fast.parts.layout import lay_out
from engine.worker.fast.reference import decode as reference
from engine.worker.fast.reference.attention import FlexAttention, MaskedAttention
from engine.worker.fast.reference.linear import TorchLowRank
from engine.worker.fast.reference.loss import torch_cross_entropy
from engine.worker.fast.reference.pointwise import TorchPointwise, rotary_angles

pytestmark = pytest.mark.skipif(not kernels_can_run(), reason="needs a GPU and Triton")
CUDA = torch.device("cuda")


def _shape(name: str, head_dim: int = 64, cap: float | None = None) -> Shape:
    return Shape(FAMILIES[name], 192, 384, 4, 2, head_dim, 1000, 1e-6, 0.2, cap, cap, (None,))


def _close(found: Tensor, right: Tensor) -> None:
    """Within bfloat16's rounding."""
    assert (found.float() - right.float()).norm() <= 1e-2 * right.float().norm()


def _random(*size: int, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    return torch.randn(*size, device=CUDA, dtype=dtype)


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("rank", [8, 32, 256])
def test_low_rank_products(rank: int, share: float) -> None:
    """Of three linears of which the second has no adapter."""
    from engine.worker.fast.kernels.linear import KernelLowRank

    sizes = ((rank, 192), (32, rank), (160, rank))
    a, b, other_b = (nn.Parameter(_random(*size).float()) for size in sizes)
    slots = [
        Slot(a, b, slice(0, 32), slice(0, rank)),
        Slot(a, other_b, slice(96, 256), slice(rank, 2 * rank)),
    ]
    x, total, grad, inner = (_random(200, width) for width in (192, 192, 256, 2 * rank))
    drop = Dropout(share, torch.tensor([11], device=CUDA), salt=5) if share else None
    results = []
    for low_rank, dtype in ((KernelLowRank(), torch.bfloat16), (TorchLowRank(), torch.float32)):
        adapter = FusedAdapter(slots, 256, 2.0, 0.0, _random(1, dtype=dtype))
        Adapters([adapter], low_rank.copying).refresh()
        given = [part.to(dtype) for part in (x, inner, grad)]
        found = low_rank.gradients(*given, adapter, drop)
        down = low_rank.down(given[0], adapter.a, drop)
        more = low_rank.add_up(total.to(dtype, copy=True), given[1], adapter.a, drop)
        results.append([adapter.a, adapter.b, down, more, found.inner, found.a, *found.b])
    for one, right in zip(*results):
        assert one.shape == right.shape
        _close(one, right)


@pytest.mark.parametrize("cap", [None, 8.0])
def test_cross_entropy(cap: float | None) -> None:
    from engine.worker.fast.kernels.loss import kernel_cross_entropy

    logits, targets = 4 * _random(30, 1000), torch.randint(1000, (30,), device=CUDA)
    wide = logits.float()
    right = torch_cross_entropy(wide, targets, cap, gradient=True)
    _close(kernel_cross_entropy(logits, targets, cap, gradient=True), right)
    _close(logits, wide)


@pytest.mark.parametrize("tokens", [50, 100])
@pytest.mark.parametrize("name", FAMILIES)
def test_pointwise(name: str, tokens: int) -> None:
    from engine.worker.fast.kernels.pointwise import KernelPointwise

    shape = _shape(name)
    kernel, plain = KernelPointwise(shape), TorchPointwise(shape)
    own = _random(192) if shape.family.norms_outputs else None
    heads = (_random(64), _random(64)) if shape.family.norms_heads else (None, None)
    angles = rotary_angles(
        torch.arange(tokens, device=CUDA), torch.rand(32).cuda(), 1.0, torch.float32
    )
    following = _random(192)

    def both(way: str, *inputs: Tensor, rest: tuple[object, ...] = ()) -> None:
        results = []
        for one in (kernel, plain):
            leaves = [x.detach().clone().requires_grad_() for x in inputs]
            found = getattr(one, way)(*leaves, *rest)
            found = found if isinstance(found, tuple) else (found,)
            torch.manual_seed(1)
            sum((part * torch.randn_like(part)).sum() for part in found).backward()
            results.append([*found, *(leaf.grad for leaf in leaves)])
        for found, right in zip(*results):
            _close(found, right)

    both("join", _random(tokens, 192), _random(tokens, 192), rest=(own, following))
    both("gate", _random(tokens, 768))
    both("rotate", _random(tokens, 512), rest=(*angles, *heads))
    x = _random(tokens, 192)
    _close(kernel.norm(x, following), plain.norm(x, following))


@pytest.mark.parametrize("cap", [None, 8.0])
@pytest.mark.parametrize("head_dim", [64, 128, 256])
@pytest.mark.parametrize("share_within", [0, 99])
def test_attention(head_dim: int, cap: float | None, share_within: int) -> None:
    from engine.worker.fast.kernels.attention import KernelAttention

    shape = _shape("gemma2", head_dim, cap)
    (batch,) = plan_passes(
        documents(), row_tokens=999, tokens_per_pass=999, pad_id=0, share_within=share_within
    )
    spans = lay_out(batch, (None,)).to(CUDA).spans[None]
    size = spans.start.numel()
    inputs = [_random(size, heads, head_dim) for heads in (4, 2, 2)]
    grad = _random(size, 4 * head_dim)
    results = []
    for attention, dtype in (
        (KernelAttention(shape), torch.bfloat16),
        (MaskedAttention(shape), torch.float32),
    ):
        leaves = [x.detach().clone().to(dtype).requires_grad_() for x in inputs]
        out = attention(*leaves, spans)
        out.backward(grad.to(dtype))
        results.append([out, *(leaf.grad for leaf in leaves)])
    for found, right in zip(*results):
        _close(found, right)


def test_one_token() -> None:
    from engine.worker.fast.kernels import decode

    weight, x = _random(64, 256), _random(1, 256)
    _close(decode.multiply_dense(x, weight), x @ weight.t())
    q, k, v = _random(2, 4, 64), _random(2, 2, 64), _random(2, 2, 64)
    cache = _random(2, 2, 2, 256, 64)
    positions = torch.tensor([5, 200], device=CUDA)
    for window, cap in ((None, None), (20, 8.0)):
        right = reference.attend(q, k, v, *cache.clone(), positions, window, 0.2, cap)
        _close(decode.attend(q, k, v, *cache.clone(), positions, window, 0.2, cap), right)


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
@pytest.mark.parametrize("inputs", [192, 1024])
def test_one_token_by_four_bits(inputs: int, kind: str) -> None:
    import bitsandbytes as bnb

    from engine.worker.fast.kernels.decode import multiply_quantised
    from engine.worker.fast.parts.four_bits import put_together

    linears = [
        bnb.nn.Linear4bit(inputs, outputs, bias=False, quant_type=kind).cuda()
        for outputs in (64, 17, 40)
    ]
    x, inner, b = _random(1, inputs), _random(1, 16), _random(121, 16)

    def right() -> Tensor:
        matrices = [
            bnb.functional.dequantize_4bit(one.weight.data, one.weight.quant_state).float()
            for one in linears
        ]
        return x.float() @ torch.cat(matrices).t()

    before = right()
    weight = put_together(linears)
    assert torch.equal(right(), before)  # the linears' own codes have moved, not changed
    _close(multiply_quantised(x, weight, 121, None, None), before)
    _close(multiply_quantised(x, weight, 121, inner, b), before + inner.float() @ b.float().t())


def _on_the_gpu(name: str) -> PeftModel:
    model = random_decoder(DECODERS[name]()).to(CUDA, torch.bfloat16)
    for parameter in model.parameters():
        if parameter.requires_grad:  # the adapter, which trains in float32
            parameter.data = parameter.data.float()
    return model


@pytest.mark.parametrize("form", ["adapted", "merged"])
@pytest.mark.parametrize("name", DECODERS)
@torch.inference_mode()
def test_the_token_after_a_prompt(name: str, form: Form) -> None:
    """As near to float32 as transformers comes in bfloat16."""
    prompt = documents(1)[0].ids
    ids = torch.tensor([[*prompt, 7]], device=CUDA)
    right = random_decoder(DECODERS[name]()).to(CUDA)(ids).logits[0, -1]
    model = _on_the_gpu(name)
    theirs = (model(ids).logits[0, -1].float() - right).norm()
    translator = Translator(FastDecoder(model, Ingredients(kernels=True)), form)
    step = translator._step(1, 256)
    translator._read([prompt], step)
    assert (step(ids[0, -1:])[0] - right).norm() <= 2 * theirs


@pytest.mark.parametrize("cap", [None, 8.0])
def test_flex_attention(cap: float | None) -> None:
    """For head sizes that our own kernel does not know."""
    shape = _shape("llama", head_dim=32, cap=cap)
    (batch,) = plan_passes(documents(), row_tokens=512, tokens_per_pass=512, pad_id=0)
    layout = lay_out(batch, (None,)).to(CUDA)
    tokens = len(layout.ids)
    inputs = [_random(tokens, heads, 32) for heads in (4, 2, 2)]
    results = []
    for attention in (FlexAttention(shape), MaskedAttention(shape)):
        leaves = [x.clone().requires_grad_() for x in inputs]
        out = attention(*leaves, layout.spans[None])
        out.sum().backward()
        results.append([out, *(leaf.grad for leaf in leaves)])
    for found, right in zip(*results):
        assert found.dtype == torch.bfloat16
        _close(found, right)


def test_a_pass_is_recorded_while_the_graph_of_another_is_alive() -> None:
    model = _on_the_gpu("llama").train()
    ingredients = Ingredients(kernels=True, graphs=True, shared_prefix=False)
    computed = FastModel(model, ingredients)
    parameters = [p for p in model.parameters() if p.requires_grad]
    passes = computed.passes(documents(9), 0, 128, 0)
    assert len(passes) > 1
    found = []
    for _ in range(4):
        alive = []
        for part in passes:
            alive.append(computed.losses(part).sum())
            alive[-1].backward()
        found.append(torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]))
        model.zero_grad(set_to_none=True)
    for later in found[1:]:
        _close(later, found[0])
