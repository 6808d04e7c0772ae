"""Damage to files, drawn at random: what disks, spreadsheets, editors and strangers do to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

#: Files grow no larger than this, bytes.
LARGEST = 4_000_000

_NUMBER = re.compile(rb"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_WORDS = (
    *(b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"1e400", b"-1e400", b"1e308", b"1e-320"),
    *(b"0", b"-0.0", b"-1", b"1", b"2", b"255", b"65536", b"2147483647", b"2147483648"),
    *(b"4294967296", b"9223372036854775807", b"9223372036854775808", b"18446744073709551616"),
    *(b"1000000", b"1000000000", b"1_000", b"0x10", b"0,5", b"1.5.2", b"--1", b"1e", b"1e99999999"),
    *(b"true", b"null", b"None", b"{}", b"[]", b'""', b"'", b'"', b'"""', b"\\", b"\\u0000"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\r", b"\n", b"\r\n", b"\t", b";", b",", b"#", b"="),
    *("µ".encode(), "٣".encode(), "\u2028".encode(), "\ufeff".encode(), b"\x1a", b"\x0c", b"\x85"),
    *(b"9" * 30, b"9" * 400, b"9" * 5000, b"0." + b"1" * 400, b"-" + b"9" * 400),
)
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**62)
_FLOATS = (np.nan, np.inf, -np.inf, 1e308, 5e-324, -0.0, 1e30)

Rng = np.random.Generator


def _place(rng: Rng, content: bytes) -> int:
    # The front of a file is where its header is: it gets half of the damage.
    near = len(content) if rng.integers(2) else min(len(content), 300)
    return int(rng.integers(near + 1))


def _stretch(rng: Rng, content: bytes) -> tuple[int, int]:
    start = _place(rng, content)
    return start, min(len(content), start + int(2 ** rng.uniform(0, 12)))


def _flip(rng: Rng, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(int(rng.integers(1, 9)) if content else 0):
        at = min(_place(rng, content), len(content) - 1)
        damaged[at] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def _truncate(rng: Rng, content: bytes) -> bytes:
    return content[: _place(rng, content)]


def _behead(rng: Rng, content: bytes) -> bytes:
    return content[_place(rng, content) :]


def _delete(rng: Rng, content: bytes) -> bytes:
    start, end = _stretch(rng, content)
    return content[:start] + content[end:]


def _repeat(rng: Rng, content: bytes) -> bytes:
    start, end = _stretch(rng, content)
    times = int(2 ** rng.uniform(0, 9))
    times = max(1, min(times, LARGEST // max(1, end - start)))
    return content[:end] + content[start:end] * times + content[end:]


def _insert_noise(rng: Rng, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + rng.bytes(int(2 ** rng.uniform(0, 10))) + content[at:]


def _overwrite(rng: Rng, content: bytes) -> bytes:
    at = _place(rng, content)
    kind = str(rng.choice(["<u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8", "<f4", ">f4", "<f8"]))
    if "f" in kind:
        with np.errstate(over="ignore"):
            new = np.array(rng.choice(_FLOATS)).astype(kind).tobytes()
    else:
        size = int(kind[2])
        value = int(rng.choice(np.array(_EXTREMES, object))) % 256**size
        new = value.to_bytes(size, "little" if kind[0] == "<" else "big")
    return content[:at] + new + content[at + len(new) :]


def _blank(rng: Rng, content: bytes) -> bytes:
    """A stretch of zeros, as a disk leaves that lost power."""
    start, end = _stretch(rng, content)
    return content[:start] + bytes(end - start) + content[end:]


def _replace_number(rng: Rng, content: bytes) -> bytes:
    found = list(_NUMBER.finditer(content[:20_000]))
    if not found:
        return _insert_word(rng, content)
    chosen = found[int(rng.integers(len(found)))]
    return content[: chosen.start()] + _word(rng) + content[chosen.end() :]


def _word(rng: Rng) -> bytes:
    return _WORDS[int(rng.integers(len(_WORDS)))]


def _insert_word(rng: Rng, content: bytes) -> bytes:
    at = _place(rng, content)
    return content[:at] + _word(rng) + content[at:]


def _lines(rng: Rng, content: bytes) -> bytes:
    """Lines in another order, twice, or missing."""
    lines = content.split(b"\n")
    a, b = (int(rng.integers(min(len(lines), 60))) for _ in range(2))
    match int(rng.integers(4)):
        case 0:
            lines[a], lines[b] = lines[b], lines[a]
        case 1:
            lines.insert(a, lines[b])
        case 2:
            del lines[a]
        case _:
            lines.insert(a, b" " * int(rng.integers(4)))
    return b"\n".join(lines)


def _header_words(rng: Rng, content: bytes) -> bytes:
    """Words of one of the first lines in another order, twice, or missing."""
    lines = content.split(b"\n")
    k = int(rng.integers(min(len(lines), 4)))
    mark = (b",", b";", b"\t", b":", b" ", b"=")[int(rng.integers(6))]
    words = lines[k].split(mark)
    match int(rng.integers(3)):
        case 0:
            words = [words[int(j)] for j in rng.permutation(len(words))]
        case 1:
            words.append(words[int(rng.integers(len(words)))])
        case _:
            del words[int(rng.integers(len(words)))]
    lines[k] = mark.join(words)
    return b"\n".join(lines)


def _encode(rng: Rng, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    match int(rng.integers(9)):
        case 0:
            return text.encode("utf-16")
        case 1:
            return text.encode("utf-16-be", "replace")
        case 2:
            return text.encode("utf-32")
        case 3:
            return text.replace("m", "µ").encode("latin-1", "replace")
        case 4:
            return b"\xef\xbb\xbf" + content
        case 5:
            return content.replace(b"\n", b"\r\n")
        case 6:
            return content.replace(b"\n", b"\r")
        case 7:
            return content.replace(b".", b",")
        case _:
            return content.replace(b",", b";").replace(b".", b",")


def _nest(rng: Rng, content: bytes) -> bytes:
    """Brackets in brackets, closed or not."""
    opening, closing = ((b"[", b"]"), (b"{", b"}"), (b"{a=", b"}"), (b"(", b")"), (b'{"a":', b"}"))[
        int(rng.integers(5))
    ]
    depth = int(2 ** rng.uniform(1, 16))
    depth = min(depth, LARGEST // 10)
    new = opening * depth + b"1" + (closing * depth if rng.integers(2) else b"")
    numbers = list(_NUMBER.finditer(content[:20_000]))
    if numbers and rng.integers(2):
        chosen = numbers[int(rng.integers(len(numbers)))]
        return content[: chosen.start()] + new + content[chosen.end() :]
    at = _place(rng, content)
    return content[:at] + new + content[at:]


def _long(rng: Rng, content: bytes) -> bytes:
    """A line, a word or a number that goes on and on."""
    at = _place(rng, content)
    units = (b"x", b"1", b" ", b"a.", b"1,", b'"', b"#", b"-", b"\n", b"a=1\n")
    unit = units[int(rng.integers(len(units)))]
    return content[:at] + unit * int(2 ** rng.uniform(8, 18)) + content[at:]


def _empty(_rng: Rng, _content: bytes) -> bytes:
    return b""


_KINDS: Sequence[tuple[Callable[[Rng, bytes], bytes], float]] = (
    (_flip, 4),
    (_truncate, 2),
    (_behead, 0.5),
    (_delete, 3),
    (_repeat, 2),
    (_insert_noise, 2),
    (_overwrite, 4),
    (_blank, 1),
    (_replace_number, 6),
    (_insert_word, 4),
    (_lines, 3),
    (_header_words, 3),
    (_encode, 1.5),
    (_nest, 1),
    (_long, 1),
    (_empty, 0.1),
)
_WEIGHTS = np.array([weight for _, weight in _KINDS]) / sum(weight for _, weight in _KINDS)


def damaged(rng: Rng, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """A file's content after one to four mishaps; now and then with the end of another file."""
    for _ in range(int(rng.integers(1, 5))):
        content = _KINDS[int(rng.choice(len(_KINDS), p=_WEIGHTS))][0](rng, content)[:LARGEST]
    if others and rng.random() < 0.05:
        other = others[int(rng.integers(len(others)))]
        content = content[: _place(rng, content)] + other[_place(rng, other) :]
    return content
