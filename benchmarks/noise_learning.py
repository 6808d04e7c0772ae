"""Learning from noise: spinlearn against a plain PyTorch implementation of the same update.

Both train layers of leaky rectifiers on images of 28×28 grey levels (random ones: times do not
depend on them) by activity-based node perturbation: two passes with hidden-Markov noise of every
unit, one sample an example and pass, cross-entropy, Adam, batches of 64, with or without
decorrelation of every layer. float32, data in memory.

- spinlearn: `NoiseLearning.train`, compiled whole, a scan over batches. What both passes share,
  the first layer's sums, it computes once; and it decorrelates with two thin products in place of
  one of two square matrices, which is the same number (shown with a quarter of a batch's examples
  too).
- PyTorch, eager: both passes in turn, as one would write them; decorrelation (C - diag C) R with
  square matrices. Noise is drawn for a whole batch at once, not in a loop over examples.
- PyTorch, compiled: the same step through `torch.compile`.

Aims: 5 times the eager code, and 15 000 and 150 000 examples/s.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._measure import Row, best_time, parser, peak_memory, report, row, run_worker

PEERS = Path(__file__).resolve().parent.parent / ".venv-peers" / "bin" / "python"
BATCH = 64
# Sizes, decorrelated, aim in examples/s.
CASES: dict[str, tuple[tuple[int, ...], bool, float | None]] = {
    "3×500, decorrelated": ((784, 500, 500, 500, 10), True, 15_000.0),
    "3×500": ((784, 500, 500, 500, 10), False, None),
    "1×256": ((784, 256, 10), False, 150_000.0),
}
FASTER = 5.0
RATE, DECORRELATION = 1e-3, 1e-5
MEAN, AMPLITUDE, DEVIATION, FLIP = 0.042092104, 0.0059316154, 0.00090841466, 0.0809


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    shown = random.integers(0, 256, (count, 784), np.uint8)
    return shown, random.integers(0, 10, count).astype(np.int32)


def ours(case: str, count: int, repeats: int, examples: int) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from spinlearn.junctions import named_noise
    from spinlearn.networks import Feedforward, NoiseLearning

    sizes, decorrelated, _ = CASES[case]
    network = Feedforward(sizes, decorrelated=decorrelated, input_mean=127.5, input_deviation=73.9)
    learning = NoiseLearning(
        network,
        named_noise("koenders2025"),
        decorrelation_rate=DECORRELATION,
        decorrelation_examples=examples,
    )
    key = jax.random.key(0)
    shown, labels = map(jnp.asarray, images(count))
    state = learning.init(key=key)

    def epoch() -> Any:
        return jax.block_until_ready(
            learning.train(state, shown, labels, learning_rate=RATE, batch=BATCH, key=key)
        )

    epoch()
    time, (_, losses) = best_time(epoch, repeats)
    return {"rate": count / time, "loss": float(losses.mean()), "memory": peak_memory()}


def theirs(case: str, count: int, repeats: int, compiled: int) -> dict[str, Any]:
    import torch  # pyright: ignore[reportMissingImports]
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    torch.manual_seed(0)
    sizes, decorrelated, _ = CASES[case]
    layers = list(itertools.pairwise(sizes))
    weights = [(2 * torch.rand(post, pre) - 1) / pre**0.5 for pre, post in layers]
    biases = [(2 * torch.rand(post) - 1) / pre**0.5 for pre, post in layers]
    mixing = [torch.eye(pre) for pre, _ in layers]
    optimizer = torch.optim.Adam([*weights, *biases], lr=RATE)
    units = sum(sizes[1:])
    spins = 2.0 * (torch.rand(units) < 0.5) - 1

    def noise(spins: Any) -> tuple[Any, Any]:
        flips = (torch.rand(BATCH, units) < FLIP).cumsum(0) % 2
        states = spins * (1 - 2 * flips)
        return MEAN + AMPLITUDE * states + DEVIATION * torch.randn(BATCH, units), states[-1]

    def forward(x: Any, drawn: Any) -> tuple[list[Any], list[Any]]:
        inputs, sums, first = [], [], 0
        for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
            if decorrelated:
                x = x @ mixing[k].T
            inputs.append(x)
            a = x @ w.T + b + drawn[:, first : first + len(b)]
            first += len(b)
            sums.append(a)
            x = functional.leaky_relu(a, 0.01)
        return inputs, sums

    def gradient(x: Any, y: Any, spins: Any) -> Any:
        one, spins = noise(spins)
        other, spins = noise(spins)
        inputs, first = forward(x, one)
        again, second = forward(x, other)
        losses = functional.cross_entropy(first[-1], y, reduction="none")
        change = losses - functional.cross_entropy(second[-1], y, reduction="none")
        moved = [a - b for a, b in zip(first, second, strict=True)]
        squared: Any = sum((m * m).sum(1) for m in moved)
        scale = (units * change / squared.clamp_min(1e-30))[:, None]
        shared = [(a + b) / 2 for a, b in zip(inputs, again, strict=True)]
        steps = [(scale * m).T @ s for m, s in zip(moved, shared, strict=True)]
        news = []
        if decorrelated:
            for r, s in zip(mixing, shared, strict=True):
                products = s.T @ s / BATCH
                news.append(r - DECORRELATION * (products - torch.diag(products.diag())) @ r)
        return steps, [(scale * m).sum(0) for m in moved], news, spins, losses.mean()

    if compiled:
        gradient = torch.compile(gradient)
    shown, labels = images(count)
    grey, told = torch.from_numpy(shown), torch.from_numpy(labels).long()

    @torch.no_grad()
    def epoch() -> float:
        nonlocal spins
        total, order = 0.0, torch.randperm(count)
        for start in range(0, count - BATCH + 1, BATCH):
            at = order[start : start + BATCH]
            x = (grey[at].float() - 127.5) / 73.9
            steps, offsets, news, spins, loss = gradient(x, told[at], spins)
            for w, step in zip([*weights, *biases], [*steps, *offsets], strict=True):
                w.grad = step
            optimizer.step()
            for r, new in zip(mixing, news, strict=False):
                r.copy_(new)
            total += float(loss)
        return total / (count // BATCH)

    epoch()
    time, loss = best_time(epoch, repeats)
    return {"rate": count / time, "loss": loss, "memory": peak_memory()}


def worker(code: str, case: str, count: str, repeats: str, option: str) -> dict[str, Any]:
    act = {"ours": ours, "peer": theirs}[code]
    return act(case, int(count), int(repeats), int(option))


def measure(code: str, case: str, count: int, option: int, python: Path) -> Any:
    """A result, or why there is none."""
    foreign = code == "peer"
    if foreign and not python.exists():
        return "not installed: make peers"
    arguments = [code, case, str(count), "3", str(option)]
    try:
        return run_worker(
            __spec__.name, arguments, python=str(python) if foreign else None, double=False
        )
    except RuntimeError as error:
        if not foreign:
            raise
        return f"failed: {str(error).strip().splitlines()[-1][:60]}"


def compared(case: str, quick: bool, python: Path) -> list[Row]:
    """Rows of one network: the same update beside both peers, and with fewer examples."""
    count = 3_200 if quick else 12_800
    _, decorrelated, aim = CASES[case]
    own = measure("ours", case, count, 0, python)
    found = []
    peers = [("PyTorch, eager", 0)] + ([] if quick else [("PyTorch, compiled", 1)])
    for name, compiled in peers:
        other = measure("peer", case, count, compiled, python)
        told = isinstance(other, str)
        found.append(
            row(
                "examples learned a second",
                case,
                own["rate"],
                "1/s",
                peer=f"{name} ({other})" if told else name,
                peer_value=None if told else other["rate"],
                ratio=None if told else own["rate"] / other["rate"],
                bound=None if compiled else FASTER,
                peak_memory=own["memory"],
            )
        )
        if not told:
            found.append(
                row(
                    "peak memory",
                    case,
                    own["memory"] / 2**20,
                    "MiB",
                    peer=name,
                    peer_value=other["memory"] / 2**20,
                    ratio=other["memory"] / own["memory"],
                )
            )
    if aim is not None:
        text = "examples learned a second, over the aim"
        found.append(row(text, case, own["rate"], "1/s", ratio=own["rate"] / aim, bound=1.0))
    if decorrelated:
        few = measure("ours", case, count, BATCH // 4, python)
        text = "the same, decorrelation from 16 examples of 64"
        found.append(row(text, case, few["rate"], "1/s", ratio=few["rate"] / (aim or 1)))
    return found


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        print(json.dumps(worker(*sys.argv[2:])))
        return
    parsed = parser(__doc__)
    parsed.add_argument("--peers", type=Path, default=PEERS, help="Python with torch")
    options = parsed.parse_args()
    python = options.peers.absolute()
    cases = list(CASES)[:1] if options.quick else list(CASES)
    rows = [line for case in cases for line in compared(case, options.quick, python)]
    report(rows, options.json)


if __name__ == "__main__":
    main()
