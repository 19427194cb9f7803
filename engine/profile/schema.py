"""Profiles: what a profile TOML may hold, and what holds where it says nothing.

A profile says which base model is used and how it is prompted, loaded, tuned and judged. Every key
is explained in `profiles/tiny.toml` and checked by `engine.machine.checked_toml`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

_LARGEST = 2**31 - 1
"""Of counts: all libraries take it, and nobody means more."""
Positive = Annotated[int, Meta(ge=1, le=_LARGEST)]
NotNegative = Annotated[int, Meta(ge=0, le=_LARGEST)]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1)]
PositiveNumber = Annotated[float, Meta(gt=0)]
NotNegativeNumber = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]

TOKENS_PER_PASS = 4096
"""Of the plain engine, where a profile says 0."""


class Section(Struct, frozen=True):
    """One table of a profile. Unknown keys are refused in profiles, but not in run.toml, which a
    newer version may have written."""


class Model(Section, frozen=True):
    path: Annotated[str, Meta(min_length=1)]
    """Folder with config.json, tokenizer.json and safetensors, or a hub id `owner/name`."""
    revision: str = "main"
    """Branch, tag or commit on the hub."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Of computation; auto: bfloat16 on a GPU that has it, float32 on a CPU."""
    attention: Literal["eager", "sdpa"] = "eager"
    """Eager applies Gemma-2's attention soft-capping, which sdpa drops silently."""
    engine: Literal["auto", "plain", "fast"] = "auto"
    """Fast: our own kernels, for Gemma-2, Llama-3 and Qwen3 on NVIDIA GPUs; plain: transformers
    and peft, anywhere; auto: fast where it can run."""
    cached_weights: Literal["auto"] | bool = "auto"
    """Fast engine: keep the weights dequantised beside the 4-bit ones; auto: if memory permits."""
    gpu_memory: NotNegativeNumber = 0.0
    """GiB of the GPU's memory to use at most; 0: what is free."""


class Prompt(Section, frozen=True):
    template: Annotated[str, Meta(min_length=1)]
    """Parts: {system} {examples} {instruction}. The tokenizer's bos is put before it."""
    system: str = ""
    """Text for the {system} part."""
    example: str = "{instruction}\n{output}\n"
    """One few-shot example; parts: {instruction} {output} and {number}, counted from 1."""
    stop: tuple[str, ...] = ()
    """Special tokens that end an answer, besides the tokenizer's eos."""
    to_classical: str = "翻譯成文言文：\n{text}"
    """How a bare sentence becomes an instruction, modern to Classical Chinese."""
    to_modern: str = "翻譯成現代文：\n{text}"
    """The same, Classical Chinese to modern."""
    few_shot_template: str = ""
    """The template where there are examples, if it is another; its parts are the same."""
    trim: bool = False
    """Drop white space at both ends of instructions (and of examples' outputs), as the chat
    templates of Gemma and Llama do."""
    bos: Annotated[str, Meta(min_length=1)] = "own"
    """Token before the prompt: "own", the tokenizer's if it has one; "none"; or one by name."""


class Quantization(Section, frozen=True):
    method: Literal["none", "nf4", "fp4", "int8"] = "nf4"
    """Of the linear layers' weights, by bitsandbytes (Dettmers et al. 2023, QLoRA)."""
    double: bool = True
    """Quantise the quantisation constants too (4-bit only)."""
    compute_dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Of multiplications with 4-bit weights; auto: that of the model."""


class Lora(Section, frozen=True):
    rank: Positive = 16
    """Inner dimension of each adapter matrix pair (Hu et al. 2021)."""
    alpha: PositiveNumber = 32
    """The adapter's output is scaled by alpha / rank."""
    dropout: Share = 0.0
    """Share of the adapter's inputs dropped in training."""
    target_modules: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    """Layers that get an adapter: all linear ones but the head, or a list of names."""


class Training(Section, frozen=True):
    epochs: Annotated[float, Meta(gt=0, le=1_000_000)] = 2.0
    """Passes over the training file; fractions allowed."""
    max_steps: NotNegative = 0
    """Optimizer steps at most; 0: as many as `epochs` asks for."""
    batch_size: Positive = 32
    """Pairs an optimizer step sees: the effective batch size."""
    tokens_per_pass: NotNegative = 0
    """Tokens, padding included, in one forward and backward pass; the memory dial. 0: as many as
    fit (fast engine), 4096 (plain)."""
    packing: bool = True
    """Put several pairs in one row, kept apart by positions and attention."""
    row_tokens: Positive = 256
    """Tokens in a packed row; a longer pair gets a row of its own."""
    learning_rate: PositiveNumber = 2e-4
    """Peak learning rate."""
    scheduler: Literal["constant", "linear", "cosine", "cosine_with_restarts"] = "cosine"
    """How the learning rate falls after warm-up."""
    scheduler_cycles: Positive = 1
    """Restarts of `cosine_with_restarts`."""
    warmup: Share = 0.03
    """Share of the steps in which the learning rate rises from 0."""
    weight_decay: NotNegativeNumber = 0.0
    """Decoupled weight decay (Loshchilov & Hutter 2019)."""
    max_grad_norm: NotNegativeNumber = 1.0
    """Gradients are scaled down to this norm; 0: never."""
    nonfinite: Literal["stop", "skip"] = "stop"
    """What a loss or a gradient that is nan or infinite does: it ends the run with the batch named,
    or that batch is skipped and counted."""
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit", "adafactor"] = "adamw"
    """The 8-bit ones are bitsandbytes'; adafactor with a fixed learning rate."""
    gradient_checkpointing: bool = False
    """Recompute activations in the backward pass: less memory, slower. The fast engine does so only
    where memory is short."""
    max_prompt_tokens: Positive = 1024
    """Longer prompts, bos included, are dealt with as `too_long` says."""
    max_output_tokens: Positive = 512
    """Longer outputs, eos included, are dealt with as `too_long` says."""
    seed: Seed = 0
    """Of adapter initialisation, data order and dropout."""
    evaluate_every: NotNegative = 0
    """Optimizer steps between evaluations (the learning curve); 0: a tenth of the run."""
    checkpoint_every: NotNegative = 0
    """Optimizer steps between checkpoints; 0: at each evaluation."""
    keep_checkpoints: NotNegative = 0
    """The newest so many are kept, two at least, and the best; 0: all."""
    too_long: Literal["leave_out", "cut"] = "leave_out"
    """What becomes of a pair that is too long: left out and counted, or cut from the right, which
    loses the end of the answer."""
    seed_bug_compatible: bool = False
    """Train as the seed homework's loop did, whose accumulation kept one micro-batch of eight."""
    patience: NotNegative = 0
    """Evaluations in a row without a better perplexity (by `evaluation.choose_by`) after which
    training ends; 0: it goes on to the end."""
    on_disk_full: Literal["wait", "stop"] = "wait"
    """What a run does when the disk is full, one that only scores too: wait until there is room and
    go on, its GPU kept; or end, to be resumed from its last checkpoint."""


class FewShot(Section, frozen=True):
    examples: NotNegative = 4
    """Examples in the prompt, k."""
    seed: Seed = 0
    """Of the draw from the training file."""
    choose: Literal["random", "nearest", "ids"] = "random"
    """Random: drawn once by the seed; nearest: for each item the training pairs most like it, by
    character n-grams (BM25); ids: those named in `ids`, all of them."""
    ids: tuple[str, ...] = ()
    """Training pairs to show, in this order."""
    direction: Literal["mixed", "same"] = "mixed"
    """Same: an item sees only examples of its own direction."""


class Evaluation(Section, frozen=True):
    max_tokens: Positive = 2048
    """Tokens of prompt and output; what is longer is cut from the right, as in the course."""
    tokens_per_pass: NotNegative = 0
    """Tokens, padding included, in one forward pass; 0: as many as fit, or 4096 (plain engine)."""
    choose_by: Literal["validation", "test", "last"] = "validation"
    """Which perplexity picks the checkpoint that becomes the result; test is peeking."""
    samples: NotNegative = 3
    """Items of the test file translated at every evaluation."""
    outputs: bool = True
    """Translate the whole file at the end, so that outputs stand beside references."""


class Generation(Section, frozen=True):
    max_new_tokens: Positive = 256
    """Tokens in an answer at most."""
    temperature: NotNegativeNumber = 0.0
    """0: greedy, the most probable token each time."""
    top_p: Share = 1.0
    """Sample from the smallest set of tokens with this probability."""
    top_k: NotNegative = 0
    """Sample from this many most probable tokens; 0: all."""
    batch_size: Positive = 16
    """Items translated at once when a whole file is."""


class Data(Section, frozen=True):
    train: str = ""
    """Training pairs: .json (course), .jsonl, .tsv, or two texts as `source.txt,target.txt`."""
    validation: str = ""
    """Chooses the checkpoint. The test file must not."""
    test: str = ""
    """What perplexity is reported on."""
    bad_records: Literal["error", "skip"] = "error"
    """What a bad record does; skipped ones are counted and shown."""
    validation_share: Share = 0.03
    """Share of the training file set aside as validation pairs where no file of them is named."""
    validation_seed: Seed = 0
    """Of that split."""


FROM_FILE = ("name", "folder")
"""What a profile has from its file's name and place; no keys of the file."""


class Profile(Section, frozen=True, kw_only=True):
    """A model and how to prompt, load, train and judge it."""

    name: str = ""
    """The file's name without .toml."""
    folder: str = ""
    """Where the file lies."""
    title: str = ""
    """One line for the list of profiles."""
    model: Model
    prompt: Prompt
    quantization: Quantization = Quantization()
    lora: Lora = Lora()
    training: Training = Training()
    few_shot: FewShot = FewShot()
    evaluation: Evaluation = Evaluation()
    generation: Generation = Generation()
    data: Data = Data()
