"""Times of PyTorch on the CPU for the work that `clave bench --peers` compares.

    env -u OPENBLAS_CORETYPE python bench/pytorch.py [--quick] [--threads 2] [--out FILE]
    env -u OPENBLAS_CORETYPE python bench/pytorch.py --serve [--quick]
    python bench/pytorch.py --first-step

The first form times everything and prints a table; FILE gets it as JSON. With --serve it answers one line of work on
standard input with one JSON line, one sample each, so that the bench can alternate it with others. Work is

    train NETWORK BATCH STEPS      an epoch of STEPS steps with Adam, batch gathering included: microseconds a step
    infer BATCH                    the ReLU LeNet on values that lie ready: microseconds a batch
    gemm N                         a square product
    conv2d DIRECTION N C H W K R S STRIDE PAD GROUPS
                                   a layer without bias, K filters of RxS; forward, backwardInput or backwardWeight
"""

import argparse
import json
import sys
import time

import torch
from torch.nn import functional as F

from pytorch_accuracy import NETWORKS

SIDES = {"relu": 28, "tanh": 32}
CONVOLUTIONS = {
    "lenet1": "64 1 28 28 6 3 3 1 1 1",
    "lenet2": "64 6 14 14 16 5 5 1 0 1",
    "vgg64": "8 64 56 56 64 3 3 1 1 1",
    "vgg256": "8 128 56 56 256 3 3 1 1 1",
    "vgg512": "8 512 7 7 512 3 3 1 1 1",
    "res1x1": "8 64 56 56 256 1 1 1 0 1",
    "stem": "8 3 224 224 64 7 7 2 3 1",
    "res3x3-128": "8 128 28 28 128 3 3 1 1 1",
    "res3x3-256": "8 256 14 14 256 3 3 1 1 1",
    "res1x1-256-64": "8 256 56 56 64 1 1 1 0 1",
    "res1x1-128-512": "8 128 28 28 512 1 1 1 0 1",
    "res1x1-1024-256": "8 1024 14 14 256 1 1 1 0 1",
    "res1x1-512-2048": "8 512 7 7 2048 1 1 1 0 1",
    "depthwise28": "8 128 28 28 128 3 3 1 1 128",
    "depthwise112": "8 32 112 112 32 3 3 1 1 32",
    "depthwise112s2": "8 64 112 112 64 3 3 2 1 64",
    "depthwise14": "8 512 14 14 512 3 3 1 1 512",
}


def training(kind, batch, steps):
    """One epoch, as a call that returns seconds a step."""
    torch.manual_seed(1)
    network = NETWORKS[kind]()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
    images = torch.randn(batch * steps, 1, SIDES[kind], SIDES[kind])
    labels = torch.randint(10, (batch * steps,))

    def epoch():
        start = time.perf_counter()
        for chosen in torch.randperm(len(labels)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(network(images[chosen]), labels[chosen]).backward()
            optimizer.step()
        return (time.perf_counter() - start) / steps

    return epoch


def repeated(call, slice_seconds):
    """Runs for about a slice, as a call that returns seconds a run."""

    def sample():
        runs = 0
        start = time.perf_counter()
        while True:
            call()
            runs += 1
            seconds = time.perf_counter() - start
            if seconds >= slice_seconds:
                return seconds / runs

    return sample


def inference(batch):
    torch.manual_seed(1)
    network = NETWORKS["relu"]().eval()
    images = torch.randn(batch, 1, 28, 28)

    @torch.inference_mode()
    def call():
        network(images)

    return call


def product(n):
    a, b, c = torch.rand(n, n) - 0.5, torch.rand(n, n) - 0.5, torch.empty(n, n)
    return lambda: torch.mm(a, b, out=c)


def convolution(direction, n, c, h, w, k, r, s, stride, pad, groups):
    x, weight = torch.rand(n, c, h, w) - 0.5, torch.rand(k, c // groups, r, s) - 0.5
    if direction == "forward":
        return torch.inference_mode()(lambda: F.conv2d(x, weight, None, stride, pad, 1, groups))
    gradient = torch.rand_like(F.conv2d(x, weight, None, stride, pad, 1, groups)) - 0.5
    mask = {"backwardInput": (True, False, False), "backwardWeight": (False, True, False)}[direction]
    return lambda: torch.ops.aten.convolution_backward(
        gradient, x, weight, None, (stride, stride), (pad, pad), (1, 1), False, (0, 0), groups, mask)


def prepare(work, slice_seconds):
    """A call that returns seconds, warm."""
    what, *words = work.split()
    if what == "train":
        sample = training(words[0], int(words[1]), int(words[2]))
    elif what == "infer":
        sample = repeated(inference(int(words[0])), slice_seconds)
    elif what == "gemm":
        sample = repeated(product(int(words[0])), slice_seconds)
    elif what == "conv2d":
        sample = repeated(convolution(words[0], *map(int, words[1:])), slice_seconds)
    else:
        raise ValueError(f"unknown work '{work}'; there are train, infer, gemm and conv2d")
    sample()
    return sample


def serve(slice_seconds):
    prepared = {}
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        work = line.strip()
        if work not in prepared:
            prepared.clear()
            prepared[work] = prepare(work, slice_seconds)
        print(json.dumps({"micros": 1e6 * prepared[work]()}), flush=True)


def everything(quick):
    steps = 10 if quick else 150
    works = {f"train {kind}": f"train {kind} 64 {steps}" for kind in NETWORKS}
    works |= {f"infer {batch}": f"infer {batch}" for batch in (1, 64, 1024)}
    works |= {f"gemm {n}": f"gemm {n}" for n in (256, 512, 1024, 2048)}
    for name, shape in CONVOLUTIONS.items():
        for direction in ("forward", "backwardInput", "backwardWeight"):
            works[f"conv2d {name} {direction}"] = f"conv2d {direction} {shape}"
    return works


def flops(work):
    what, *words = work.split()
    if what == "gemm":
        return 2 * int(words[0]) ** 3
    if what == "conv2d":
        n, c, h, w, k, r, s, stride, pad, groups = map(int, words[1:])
        return 2 * n * c // groups * k * r * s * ((h + 2 * pad - r) // stride + 1) * ((w + 2 * pad - s) // stride + 1)
    return 0


def table(quick, slice_seconds):
    rows = []
    for name, work in everything(quick).items():
        sample = prepare(work, slice_seconds)
        samples = sorted(1e6 * sample() for _ in range(3 if quick else 7))
        median = samples[len(samples) // 2]
        rows.append({"work": name, "micros": samples, "median": median, "flops": flops(work)})
        gflops = f"{flops(work) / median / 1e3:8.1f} GFLOP/s" if flops(work) else ""
        print(f"{name:44} {median:10.1f} us ({samples[0]:.1f} to {samples[-1]:.1f}) {gflops}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--first-step", action="store_true", help="take one training step and say so")
    parser.add_argument("--out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    slice_seconds = 0.02 if options.quick else 0.1
    if options.first_step:
        training("relu", 64, 1)()
        print("first step", flush=True)
    elif options.serve:
        serve(slice_seconds)
    else:
        rows = table(options.quick, slice_seconds)
        if options.out:
            with open(options.out, "w", encoding="utf-8") as file:
                json.dump({"torch": torch.__version__, "threads": options.threads, "results": rows}, file, indent=2)
                file.write("\n")


if __name__ == "__main__":
    main()
