"""Owns the vocabulary: one token a character, laid out as Gemma's tokenizer."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from corpus import read_table
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors

SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]

SPACE = "▁"
"""Stands for the space inside the vocabulary, as in Gemma's."""

WORDS = ["user", "model", "system", "assistant", "USER", "ASSISTANT"]
"""Roles of a conversation: one token each."""

PRINTABLE = [chr(code) for code in range(33, 127)]
SIGNS = list("\n\t▁，。、；：？！「」『』（）《》〈〉〔〕【】—…·～“”‘’○〇　℃％")
PROMPTS = list(
    "你是人工智慧助理以下是用戶和人工智能助理之間的對話你要對用戶的問題提供有用安全詳細和禮貌的回答"
    "將下麵句子翻譯成文言文現代文白話文古文幫我把這句話在中國古代怎麼說答案請語體原文譯例範"
)
"""Characters of prompts, of which a corpus of books may have none."""

COURSE_WEIGHT = 12
"""One character of the course's text counts as this many of the corpus."""

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n'"
    " + m['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)


def course_texts(path: Path) -> Iterable[str]:
    for item in json.loads(path.read_text(encoding="utf-8")):
        yield item["instruction"] + item.get("output", "")


def count_characters(texts: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text.replace(" ", SPACE))
    return counts


def beginnings(words: Iterable[str]) -> list[str]:
    """Every beginning of the words, from two characters on: the steps by which they merge."""
    return list(dict.fromkeys(word[:end] for word in words for end in range(2, len(word) + 1)))


def choose_tokens(characters: Counter[str], size: int) -> list[str]:
    """What every vocabulary has, then characters from the most frequent on."""
    by_frequency = sorted(characters, key=lambda c: (-characters[c], c))
    fixed = chain(SPECIAL, BYTES, PRINTABLE, SIGNS, PROMPTS, beginnings(WORDS))
    return list(dict.fromkeys(chain(fixed, by_frequency)))[:size]


def build(tokens: list[str]) -> Tokenizer:
    vocabulary = {token: number for number, token in enumerate(tokens)}
    merges = [(start[:-1], start[-1]) for start in beginnings(WORDS)]
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=False)
    )
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in SPECIAL]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A",
        pair="<bos> $A <bos> $B",
        special_tokens=[("<bos>", vocabulary["<bos>"])],
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        # GemmaTokenizer would add a token <mask> behind the last row of the embedding.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 1024,
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "extra_special_tokens": ["<start_of_turn>", "<end_of_turn>"],
        "chat_template": CHAT_TEMPLATE,
    }
    text = json.dumps(settings, ensure_ascii=False, indent=1) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="the pairs that corpus.py wrote")
    parser.add_argument("folder", type=Path, help="where to write the tokenizer's two files")
    parser.add_argument(
        "--course", type=Path, nargs="+", default=[], help="JSON whose characters count more"
    )
    parser.add_argument("--size", type=int, default=6400, help="tokens in the vocabulary")
    args = parser.parse_args()
    corpus = count_characters(pair.classical + pair.modern for pair in read_table(args.table))
    course = count_characters(text for path in args.course for text in course_texts(path))
    weighted = corpus + Counter({c: COURSE_WEIGHT * count for c, count in course.items()})
    tokens = choose_tokens(weighted, args.size)
    save(build(tokens), args.folder)
    covered = sum(corpus[token] for token in tokens) / corpus.total()
    print(f"{len(tokens):,} tokens cover {covered:.3%} of the corpus's characters")


if __name__ == "__main__":
    main()
