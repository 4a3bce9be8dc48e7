"""Makes the ONNX files of this directory with PyTorch, and inputs with their outputs.

    python src/test/resources/onnx/generate.py

<name>.onnx is what torch.onnx.export writes, <name>.safetensors holds "input" and the "output" PyTorch computed in
float64 from the same weights, rounded once. Batch normalisation is kept as an operator in one file and folded in another.
Made with PyTorch 2.13.0, onnx 1.23.1, onnxscript and NumPy 2.4.6; *_dynamo by its newer exporter. The build never regenerates them.
"""

import copy
import io
import json
import pathlib

import numpy as np
import onnx
import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent


def relu_lenet():
    features = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2, 2))
    classifier = nn.Sequential(nn.Flatten(), nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))
    return nn.Sequential(features, classifier), (1, 28, 28)


def tanh_lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2, 2), nn.Sigmoid(), nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2, 2),
        nn.Sigmoid(), nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)), (1, 32, 32)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.blocks = nn.Sequential(Residual(8, 8, 1), Residual(8, 16, 2))
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        return self.head(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


def resnet():
    return ResNet(), (3, 20, 20)


class Inverted(nn.Module):
    """MobileNetV2's block: expand, depthwise, project, and the input added where shapes allow."""

    def __init__(self, inputs, outputs, stride, expand):
        super().__init__()
        hidden = inputs * expand
        self.add = stride == 1 and inputs == outputs
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(),
            nn.Conv2d(hidden, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.layers(x) if self.add else self.layers(x)


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
            Inverted(8, 8, 1, 2), Inverted(8, 12, 2, 3), Inverted(12, 12, 1, 3))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(12, 10))

    def forward(self, x):
        x = F.adaptive_avg_pool2d(self.features(x), 1)
        return F.log_softmax(self.classifier(x.view(-1, 12)), 1)


def mobilenet():
    return MobileNet(), (3, 24, 24)


class Sized(MobileNet):
    """Asks the tensor how many samples it holds, and takes the mean itself."""

    def forward(self, x):
        x = self.features(x)
        return self.classifier(F.relu6(x.mean((2, 3))) + F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1))


def sized():
    return Sized(), (3, 24, 24)


class Mixed(nn.Module):
    """What the others lack: concatenation, one axis, transposed convolution, products of matrices, broadcasting."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv1d(4, 6, 3, padding=2, dilation=2)
        self.right = nn.Conv1d(4, 2, 1)
        self.up = nn.ConvTranspose1d(8, 4, 3, 2, 1, output_padding=1)
        self.scale = nn.Parameter(torch.randn(4, 1))
        self.mix = nn.Linear(4, 3)

    def forward(self, x):
        x = torch.cat([F.elu(self.left(x)), F.softplus(self.right(x))], 1)
        x = F.leaky_relu(self.up(F.max_pool1d(x, 2)), 0.1) * self.scale
        x = self.mix(x.transpose(1, 2)).softmax(1)
        return torch.clamp(x, 0.001, 0.2) - 1


def mixed():
    return Mixed(), (4, 12)


def settle(network, shape):
    """Statistics of batch normalisation that are not 0 and 1."""
    network.train()
    for _ in range(5):
        network(torch.randn(32, *shape))
    return network.eval()


def safetensors(tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def main():
    cases = [  # network, operators' version, batch normalisation folded, batch fixed to one sample
        (relu_lenet, 17, True, False), (tanh_lenet, 13, True, False), (resnet, 17, False, False), (mobilenet, 17, True, True),
        (mixed, 11, True, False), (sized, 13, True, False)]
    for make in (resnet, sized):
        dynamo(make)
    for make, opset, folded, single in cases:
        network, x, y = made(make)
        file = io.BytesIO()
        torch.onnx.export(
            network, (x[:1],), file, opset_version=opset, input_names=["image"], output_names=["scores"], dynamo=False,
            dynamic_axes=None if single else {"image": {0: "batch"}, "scores": {0: "batch"}},
            training=torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=folded)
        write(make.__name__, onnx.load_from_string(file.getvalue()), x, y)


def made(make):
    """A network, images and what it makes of them in float64."""
    torch.manual_seed(7)
    network, shape = make()
    network = settle(network, shape)
    x = torch.randn(5, *shape)
    with torch.no_grad():
        return network, x, copy.deepcopy(network).double()(x.double())


def dynamo(make):
    network, x, y = made(make)
    program = torch.onnx.export(
        network, (x,), input_names=["image"], output_names=["scores"], dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},))
    write(make.__name__ + "_dynamo", program.model_proto, x, y)


def write(name, model, x, y):
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    (HERE / (name + ".onnx")).write_bytes(model.SerializeToString())
    arrays = {"input": x.numpy(), "output": y.numpy().astype(np.float32)}
    (HERE / (name + ".safetensors")).write_bytes(safetensors(arrays))
    print(name, sorted({node.op_type for node in model.graph.node}))


if __name__ == "__main__":
    main()
