"""Accuracy of PyTorch by the recipe that Clave's networks are compared with.

    python bench/pytorch_accuracy.py --data DIR [--out bench/results/pytorch-accuracy.json]

DIR holds the four MNIST IDX files, plain or gzip. Trains both networks on one thread, for each seed from
PyTorch's default initial weights, and prints the test accuracy after every epoch and the mean over the seeds.
"""

import argparse
import gzip
import json
import math
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

RECIPE = {
    "optimizer": "Adam",
    "learningRate": 0.001,
    "batch": 64,
    "epochs": 5,
    "initialisation": "PyTorch default",
    "normalisation": "(x - 127.5) / 127.5",
    "shuffle": "every epoch",
    "dropLast": False,
}


def relu_network():
    features = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
    classifier = nn.Sequential(nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))
    return nn.Sequential(features, nn.Flatten(), classifier)


def tanh_network():
    features = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid(),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid(),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten())
    classifier = nn.Sequential(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))
    return nn.Sequential(features, classifier)


NETWORKS = {"relu": relu_network, "tanh": tanh_network}


def read_idx(directory, name, dimensions):
    """An IDX file of unsigned bytes as a numpy array."""
    path = directory / name
    raw = path.read_bytes() if path.exists() else gzip.decompress((directory / (name + ".gz")).read_bytes())
    if raw[:4] != bytes([0, 0, 8, dimensions]):
        raise ValueError(f"{name}: expected an IDX file of bytes with {dimensions} dimensions, got magic {raw[:4].hex()}")
    sizes = np.frombuffer(raw, ">u4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(sizes)


def load(directory, part):
    """Images [N,1,28,28] normalised to [-1, 1], and labels [N]."""
    images = torch.from_numpy(read_idx(directory, part + "-images-idx3-ubyte", 3).astype(np.float32))
    labels = torch.from_numpy(read_idx(directory, part + "-labels-idx1-ubyte", 1).astype(np.int64))
    return (images.unsqueeze(1) - 127.5) / 127.5, labels


@torch.no_grad()
def accuracy(network, images, labels):
    hits = [(network(x).argmax(1) == y).sum().item() for x, y in zip(images.split(1000), labels.split(1000))]
    return sum(hits) / len(labels)


def train(kind, seed, training, testing):
    """Test accuracy after each epoch."""
    torch.manual_seed(seed)
    network = NETWORKS[kind]()
    optimizer = torch.optim.Adam(network.parameters(), lr=RECIPE["learningRate"])
    images, labels = training
    accuracies = []
    for epoch in range(1, RECIPE["epochs"] + 1):
        start = time.perf_counter()
        for batch in torch.randperm(len(labels)).split(RECIPE["batch"]):
            optimizer.zero_grad()
            F.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
        seconds = time.perf_counter() - start
        accuracies.append(accuracy(network, *testing))
        print(f"{kind} seed {seed} epoch {epoch}: accuracy {accuracies[-1]:.4f}, {seconds:.1f} s "
              f"({1e3 * seconds / math.ceil(len(labels) / RECIPE['batch']):.2f} ms/step)", flush=True)
    return accuracies


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    training, testing = load(options.data, "train"), load(options.data, "t10k")
    results = {"torch": torch.__version__, "recipe": RECIPE, "networks": {}}
    for kind in options.networks:
        pad = 2 if kind == "tanh" else 0
        padded = [(F.pad(images, (pad,) * 4, value=-1.0), labels) for images, labels in (training, testing)]
        by_seed = {str(seed): train(kind, seed, *padded) for seed in options.seeds}
        means = np.mean(list(by_seed.values()), axis=0).round(6).tolist()
        results["networks"][kind] = {
            "parameters": sum(p.numel() for p in NETWORKS[kind]().parameters()),
            "inputPad": pad,
            "accuracyBySeedAndEpoch": by_seed,
            "meanByEpoch": means,
            "meanFinal": means[-1],
        }
        print(f"{kind}: mean accuracy after {RECIPE['epochs']} epochs {means[-1]:.5f} over seeds {options.seeds}", flush=True)
    if options.out:
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
