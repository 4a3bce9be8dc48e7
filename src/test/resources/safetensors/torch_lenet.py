"""Both LeNets in PyTorch with weights files written here, and here with files written by Python's safetensors.

    python src/test/resources/safetensors/torch_lenet.py          checks, through ./clave predict --json
    python src/test/resources/safetensors/torch_lenet.py --write  writes python_relu.safetensors beside this file

The environment variable CLAVE names another launcher than the one of this checkout. Needs PyTorch and safetensors; made
with 2.13.0 and 0.8.0. The bound is that of LeNetTest: twice the unit roundoff times the longest sum (400 terms), relative to
the largest logit.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]
sys.path.insert(0, str(ROOT / "reference-data"))
from generate import relu_network, tanh_network  # noqa: E402

NETWORKS = {"relu": (relu_network, 0), "tanh": (tanh_network, 2)}
SAMPLES = 50


def clave(*arguments):
    command = os.environ.get("CLAVE", str(ROOT / "clave"))
    done = subprocess.run([command, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def scores(weights, images):
    answers = json.loads(clave("predict", "--model", weights, "--json", images))
    return torch.tensor([answer["scores"] for answer in answers], dtype=torch.float64)


def compare(what, network, pad, weights, images, pixels):
    values = F.pad((pixels.double().reshape(-1, 1, 28, 28) - 127.5) / 127.5, (pad,) * 4, value=-1.0)
    with torch.no_grad():
        expected = network.double()(values)
    difference = (scores(weights, images) - expected).abs().max().item()
    bound = 2 * 400 * 2.0**-24 * expected.abs().max().item()
    print(f"{what}: largest difference {difference:.2e}, bound {bound:.2e}, largest logit {expected.abs().max():.2f}")
    assert difference <= bound, what


def check(folder):
    torch.manual_seed(7)
    pixels = torch.randint(0, 256, (SAMPLES, 28 * 28), dtype=torch.uint8)
    images = folder / "random.idx"
    images.write_bytes(struct.pack(">4i", 0x803, SAMPLES, 28, 28) + pixels.numpy().tobytes())
    for name, (factory, pad) in NETWORKS.items():
        theirs = folder / f"python_{name}.safetensors"
        network = factory()
        save_file(network.state_dict(), theirs, metadata={"network": name})
        compare(f"{name}, Python to Clave", network, pad, theirs, images, pixels)

        ours = folder / f"clave_{name}.safetensors"
        clave("train", "--data", "digits", "--epochs", 1, "--network", name, "--verbose", 0, "--save", ours)
        network = factory()
        network.load_state_dict(load_file(ours), strict=True)
        with safe_open(ours, framework="pt") as file:
            assert file.metadata()["network"] == name
        compare(f"{name}, Clave to Python", network, pad, ours, images, pixels)


if sys.argv[1:] == ["--write"]:
    torch.manual_seed(1)  # the weights of reference-data/lenet/relu_weights.safetensors
    save_file(relu_network().state_dict(), HERE / "python_relu.safetensors", metadata={"network": "relu"})
else:
    with tempfile.TemporaryDirectory() as place:
        check(pathlib.Path(place))
