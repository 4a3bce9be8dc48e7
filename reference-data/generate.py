"""Makes the golden tensors of this directory with PyTorch and NumPy; README.md says what the files hold.

    python reference-data/generate.py            writes <operator>/<case>.safetensors beside this file
    python reference-data/generate.py --check    compares instead of writing

Inputs are rounded to float32, everything is computed in float64, and results are rounded to float32 once. One
function per operator yields (case, metadata, tensors).
"""

import argparse
import json
import pathlib
import sys
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import graph_operators

HERE = pathlib.Path(__file__).resolve().parent
SAFETENSORS_TYPES = {"float32": "F32", "int32": "I32", "uint8": "U8"}


# Files and random numbers


def safetensors(metadata, tensors):
    """The bytes of a safetensors file. Written here because the Python package orders metadata at random."""
    header = {"__metadata__": {key: str(metadata[key]) for key in sorted(metadata)}}
    data = b""
    for name, tensor in sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0])):
        payload = np.ascontiguousarray(tensor).tobytes()
        header[name] = {
            "dtype": SAFETENSORS_TYPES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(payload)],
        }
        data += payload
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def stored(tensor):
    """A tensor as it is stored: real numbers as float32. Subnormals are refused: not every device has them."""
    array = tensor.detach().numpy() if isinstance(tensor, torch.Tensor) else np.asarray(tensor)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    if array.dtype == np.float32:
        magnitude = np.abs(array)
        assert not ((magnitude > 0) & (magnitude < np.finfo(np.float32).tiny)).any(), "subnormal result"
    return array


class Draw:
    """Random tensors of one case, float64 tensors that hold float32 values. The case's name is the seed."""

    def __init__(self, operator, case):
        self.random = np.random.default_rng(zlib.crc32(f"{operator}/{case}".encode()))

    def normal(self, *shape):
        return as_double(self.random.standard_normal(shape))

    def integers(self, low, high, *shape):
        return torch.from_numpy(self.random.integers(low, high, shape, endpoint=True).astype(np.float64))


def as_double(values):
    """Values rounded to float32, held in float64."""
    return torch.from_numpy(np.asarray(values, np.float64).astype(np.float32).astype(np.float64))


def differentiate(function, grad_output, *inputs):
    """The function's output and its gradients with respect to the inputs."""
    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    output = function(*leaves)
    return output, torch.autograd.grad(output, leaves, grad_output)


def window(kernel, stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1)):
    """Geometry that convolution and pooling share; pad is (top, left, bottom, right)."""
    names = ["kh", "kw", "stride_h", "stride_w", "pad_top", "pad_left", "pad_bottom", "pad_right", "dilation_h", "dilation_w"]
    return dict(zip(names, (*kernel, *stride, *pad, *dilation)))


def image(n, c, h, w):
    return {"n": n, "c": c, "h": h, "w": w}


def padded(tensor, g, value=0.0):
    return F.pad(tensor, (g["pad_left"], g["pad_right"], g["pad_top"], g["pad_bottom"]), value=value)


# Convolution and pooling


def conv2d():
    cases = {  # image [N,C,H,W], output channels, window, groups, bias
        "lenet_conv1": (image(3, 1, 28, 28), 6, window((3, 3), pad=(1, 1, 1, 1)), 1, 1),
        "lenet_conv2": (image(3, 6, 14, 14), 16, window((5, 5)), 1, 1),
        "stride2": (image(2, 3, 9, 8), 4, window((3, 3), stride=(2, 2), pad=(1, 1, 1, 1)), 1, 1),
        "asymmetric_pad": (image(2, 2, 6, 7), 3, window((3, 4), stride=(2, 1), pad=(0, 2, 1, 3)), 1, 1),
        "dilation": (image(2, 2, 9, 11), 3, window((3, 2), pad=(1, 0, 1, 0), dilation=(2, 3)), 1, 1),
        "groups": (image(2, 6, 7, 6), 9, window((3, 3), pad=(1, 1, 1, 1)), 3, 1),
        "depthwise": (image(2, 5, 8, 7), 5, window((3, 3), stride=(2, 1), pad=(1, 1, 1, 1)), 5, 1),
        "depthwise_multiplier": (image(1, 3, 6, 6), 6, window((3, 3)), 3, 1),
        "pointwise": (image(2, 7, 5, 5), 9, window((1, 1)), 1, 1),
        "one_dimensional": (image(2, 3, 1, 24), 4, window((1, 5), stride=(1, 2), pad=(0, 2, 0, 2)), 1, 1),
        "one_pixel": (image(1, 1, 1, 1), 1, window((1, 1)), 1, 1),
        "one_pixel_padded": (image(2, 3, 1, 1), 2, window((3, 3), pad=(1, 1, 1, 1)), 1, 1),
        "no_bias": (image(2, 3, 6, 6), 4, window((3, 3)), 1, 0),
        "pad_beyond_kernel": (image(1, 2, 4, 5), 3, window((3, 2), pad=(4, 3, 5, 4)), 1, 1),
        "stride_beyond_kernel": (image(2, 2, 11, 10), 3, window((2, 2), stride=(4, 3)), 1, 1),
        "kernel_is_image": (image(3, 16, 5, 5), 12, window((5, 5)), 1, 1),
        "channel_tail": (image(2, 5, 6, 7), 17, window((3, 3), pad=(1, 1, 1, 1)), 1, 1),
        "everything": (image(2, 4, 13, 12), 6, window((3, 2), (2, 3), (1, 0, 2, 3), (2, 2)), 2, 1),
        "small_integers": (image(2, 4, 8, 8), 5, window((3, 3), pad=(1, 1, 1, 1)), 1, 1),
    }
    for case, (size, k, win, groups, has_bias) in cases.items():
        g = {**size, "k": k, **win, "groups": groups, "bias": has_bias}
        draw = Draw("conv2d", case)
        numbers = (lambda *shape: draw.integers(-3, 3, *shape)) if case == "small_integers" else draw.normal

        def forward(input, weight, bias=None):
            return F.conv2d(
                padded(input, g), weight, bias, (g["stride_h"], g["stride_w"]), 0, (g["dilation_h"], g["dilation_w"]), groups)

        inputs = [numbers(g["n"], g["c"], g["h"], g["w"]), numbers(k, g["c"] // groups, g["kh"], g["kw"])]
        inputs += [numbers(k)] if has_bias else []
        grad_output = numbers(*forward(*inputs).shape)
        output, gradients = differentiate(forward, grad_output, *inputs)
        yield case, g, {
            **dict(zip(["input", "weight", "bias"], inputs)),
            "output": output,
            "gradOutput": grad_output,
            **dict(zip(["gradInput", "gradWeight", "gradBias"], gradients)),
        }


def pool_size(size, kernel, stride, before, after, dilation, ceil_mode):
    """Output size. In ceil mode the last window must start inside the input or the padding before it."""
    span = size + before + after - dilation * (kernel - 1) - 1
    count = (-(-span // stride) if ceil_mode else span // stride) + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= size + before else count


def pool_windows(g):
    """Output size, and per output position: offsets in the H*W plane, and how many positions lie in input or padding."""
    h, w, rows, columns = g["h"], g["w"], [], []
    for taps, size, axis, before, after in ((rows, h, "h", "top", "bottom"), (columns, w, "w", "left", "right")):
        kernel, stride, dilation = g["k" + axis], g["stride_" + axis], g["dilation_" + axis]
        count = pool_size(size, kernel, stride, g["pad_" + before], g["pad_" + after], dilation, g["ceil_mode"])
        for o in range(count):
            taps.append([o * stride - g["pad_" + before] + i * dilation for i in range(kernel)])
    windows = [
        (
            [y * w + x for y in ys for x in xs if 0 <= y < h and 0 <= x < w],
            sum(y < h + g["pad_bottom"] for y in ys) * sum(x < w + g["pad_right"] for x in xs),
        )
        for ys in rows
        for xs in columns
    ]
    return (len(rows), len(columns)), windows


def pytorch_can_pool(g):
    """PyTorch pads evenly and by no more than half the window."""
    even = g["pad_top"] == g["pad_bottom"] and g["pad_left"] == g["pad_right"]
    return even and 2 * g["pad_top"] <= g["kh"] and 2 * g["pad_left"] <= g["kw"]


def pool_arguments(g):
    return (g["kh"], g["kw"]), (g["stride_h"], g["stride_w"]), (g["pad_top"], g["pad_left"])


def pool_shapes(g, size):
    return (g["n"], g["c"], *size), (g["n"], g["c"], g["h"], g["w"])


def max_pool2d():
    """By rule in NumPy: numpy.argmax takes the first maximum, and the first NaN before any number. Checked by PyTorch."""
    cases = {
        "lenet": (image(2, 6, 10, 10), window((2, 2), (2, 2)), 0),
        "overlapping": (image(2, 2, 9, 8), window((3, 3), (2, 1), (1, 1, 1, 1)), 0),
        "ties": (image(2, 3, 8, 9), window((3, 3), (1, 2), (1, 1, 1, 1)), 0),
        "ceil_mode": (image(2, 2, 8, 7), window((3, 2), (3, 2)), 1),
        "ceil_mode_drops_last": (image(1, 2, 5, 6), window((2, 2), (3, 4), (1, 1, 1, 1)), 1),
        "asymmetric_pad": (image(2, 2, 6, 7), window((3, 2), (2, 2), (0, 1, 2, 0)), 0),
        "asymmetric_pad_ceil_mode": (image(1, 2, 7, 6), window((3, 3), (2, 2), (1, 0, 0, 2)), 1),
        "dilation": (image(1, 3, 9, 10), window((3, 2), (1, 2), (1, 1, 1, 1), (2, 3)), 0),
        "stride_beyond_kernel": (image(1, 2, 9, 10), window((2, 2), (3, 4)), 0),
        "window_in_padding": (image(1, 2, 3, 3), window((2, 2), (2, 2), (2, 2, 3, 3)), 0),
        "one_dimensional": (image(2, 2, 1, 15), window((1, 3), (1, 2), (0, 1, 0, 1)), 0),
        "whole_image": (image(2, 3, 5, 4), window((5, 4)), 0),
        "nan": (image(1, 2, 6, 6), window((3, 3), (2, 2), (1, 1, 1, 1)), 0),
        "negative_infinity": (image(1, 1, 4, 4), window((2, 2), (2, 2)), 0),
    }
    for case, (size, win, ceil_mode) in cases.items():
        g = {**size, **win, "ceil_mode": ceil_mode}
        draw = Draw("max_pool2d", case)
        out_size, windows = pool_windows(g)
        out_shape, in_shape = pool_shapes(g, out_size)
        input = draw.integers(-2, 2, *in_shape) if case == "ties" else draw.normal(*in_shape)
        if case == "nan":
            input[0, 0, 2, 3] = input[0, 1, 0, 0] = input[0, 1, 1, 1] = input[0, 1, 5, 5] = torch.nan
        if case == "negative_infinity":
            input[0, 0, :2, :] = -torch.inf
        grad_output = draw.normal(*out_shape)

        planes, argmax = input.numpy().reshape(-1, g["h"] * g["w"]), np.full(out_shape, -1, np.int32)
        output, grad_input = np.full(out_shape, -np.inf), np.zeros(planes.shape)
        flat = [array.reshape(len(planes), -1) for array in (output, argmax, grad_output.numpy())]
        for o, (offsets, _) in enumerate(windows):
            for p, plane in enumerate(planes if offsets else []):
                best = offsets[np.argmax(plane[offsets])]
                flat[0][p, o], flat[1][p, o] = plane[best], best
                grad_input[p, best] += flat[2][p, o]
        grad_input = grad_input.reshape(in_shape)
        if case != "nan":  # PyTorch takes the last NaN of a window
            check_max_pool(g, input, grad_output, output, argmax, grad_input)
        yield case, g, {
            "input": input, "output": output, "argmax": argmax, "gradOutput": grad_output, "gradInput": grad_input}


def check_max_pool(g, input, grad_output, output, argmax, grad_input):
    kernel, stride, pad = pool_arguments(g)
    dilation = (g["dilation_h"], g["dilation_w"])
    if pytorch_can_pool(g):
        indices = F.max_pool2d(input, kernel, stride, pad, dilation, bool(g["ceil_mode"]), return_indices=True)[1]
        assert np.array_equal(indices.numpy(), argmax)
    elif g["ceil_mode"]:
        return
    pool = lambda x: F.max_pool2d(
        x if pytorch_can_pool(g) else padded(x, g, -torch.inf), kernel, stride,
        pad if pytorch_can_pool(g) else 0, dilation, bool(g["ceil_mode"]))
    expected, (gradient,) = differentiate(pool, grad_output, input)
    assert np.array_equal(expected.detach().numpy(), output)
    np.testing.assert_allclose(gradient.numpy(), grad_input, rtol=1e-14)


def avg_pool2d():
    """By rule in NumPy, checked by PyTorch where it has the geometry: it knows no dilation and no uneven padding."""
    cases = {  # image, window, ceil mode, padding counted
        "lenet": (image(2, 6, 10, 10), window((2, 2), (2, 2)), 0, 1),
        "overlapping_counted": (image(2, 2, 9, 8), window((3, 3), (2, 1), (1, 1, 1, 1)), 0, 1),
        "overlapping_uncounted": (image(2, 2, 9, 8), window((3, 3), (2, 1), (1, 1, 1, 1)), 0, 0),
        "ceil_mode": (image(2, 2, 8, 7), window((3, 2), (3, 2)), 1, 1),
        "ceil_mode_counted": (image(1, 2, 6, 8), window((3, 3), (2, 3), (1, 1, 1, 1)), 1, 1),
        "ceil_mode_uncounted": (image(1, 2, 6, 8), window((3, 3), (2, 3), (1, 1, 1, 1)), 1, 0),
        "ceil_mode_drops_last": (image(1, 2, 5, 6), window((2, 2), (3, 4), (1, 1, 1, 1)), 1, 1),
        "asymmetric_pad_counted": (image(2, 2, 6, 7), window((3, 2), (2, 2), (0, 1, 2, 0)), 0, 1),
        "asymmetric_pad_uncounted": (image(2, 2, 6, 7), window((3, 2), (2, 2), (0, 1, 2, 0)), 0, 0),
        "asymmetric_pad_ceil_mode": (image(1, 2, 7, 6), window((3, 3), (2, 2), (1, 0, 0, 2)), 1, 1),
        "dilation_counted": (image(1, 3, 9, 10), window((3, 2), (1, 2), (1, 1, 1, 1), (2, 3)), 0, 1),
        "dilation_uncounted": (image(1, 3, 9, 10), window((3, 2), (1, 2), (1, 1, 1, 1), (2, 3)), 0, 0),
        "dilation_ceil_mode": (image(1, 2, 8, 9), window((2, 3), (3, 3), (1, 1, 1, 1), (3, 2)), 1, 1),
        "stride_beyond_kernel": (image(1, 2, 9, 10), window((2, 2), (3, 4)), 0, 1),
        "window_in_padding_counted": (image(1, 2, 3, 3), window((2, 2), (2, 2), (2, 2, 3, 3)), 0, 1),
        "window_in_padding_uncounted": (image(1, 2, 3, 3), window((2, 2), (2, 2), (2, 2, 3, 3)), 0, 0),
        "whole_image": (image(2, 3, 5, 4), window((5, 4)), 0, 1),
    }
    for case, (size, win, ceil_mode, counted) in cases.items():
        g = {**size, **win, "ceil_mode": ceil_mode, "count_include_pad": counted}
        draw = Draw("avg_pool2d", case)
        out_size, windows = pool_windows(g)
        out_shape, in_shape = pool_shapes(g, out_size)
        input, grad_output = draw.normal(*in_shape), draw.normal(*out_shape)

        planes = input.numpy().reshape(-1, g["h"] * g["w"])
        output, grad_input = np.zeros((len(planes), len(windows))), np.zeros(planes.shape)
        for o, (offsets, positions) in enumerate(windows):
            if offsets:
                divisor = positions if counted else len(offsets)
                output[:, o] = planes[:, offsets].sum(axis=1) / divisor
                grad_input[:, offsets] += grad_output.numpy().reshape(len(planes), -1)[:, [o]] / divisor
        output, grad_input = output.reshape(out_shape), grad_input.reshape(in_shape)
        if pytorch_can_pool(g) and g["dilation_h"] == g["dilation_w"] == 1:
            pool = lambda x: F.avg_pool2d(x, *pool_arguments(g), bool(ceil_mode), bool(counted))
            expected, (gradient,) = differentiate(pool, grad_output, input)
            np.testing.assert_allclose(output, expected.detach().numpy(), rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(grad_input, gradient.numpy(), rtol=1e-12, atol=1e-15)
        yield case, g, {"input": input, "output": output, "gradOutput": grad_output, "gradInput": grad_input}


def conv2d_pool2d():
    """A convolution, an activation or none, pooling, an activation or none; gradients of the convolution's result and its parameters."""
    cases = {  # image, output channels, window, groups, inner, pooling window, maximum, outer
        "lenet_relu": (image(2, 1, 12, 12), 6, window((3, 3), pad=(1, 1, 1, 1)), 1, None, window((2, 2), (2, 2)), 1, "relu"),
        "lenet_tanh": (image(2, 2, 12, 12), 4, window((5, 5)), 1, "tanh", window((2, 2), (2, 2)), 0, "sigmoid"),
        "overlapping": (image(1, 2, 9, 8), 3, window((2, 3)), 1, "sigmoid", window((3, 3), (2, 1), (1, 1, 1, 1)), 1, "tanh"),
        "groups_average": (
            image(2, 4, 9, 10), 6, window((3, 2), stride=(2, 1)), 2, "relu", window((2, 3), (2, 3)), 0, None),
    }
    functions = {None: lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    for case, (size, k, win, groups, inner, pool, maximum, outer) in cases.items():
        g = {**size, "k": k, **win, "groups": groups, "bias": 1}
        draw = Draw("conv2d_pool2d", case)
        input, weight, bias = (draw.normal(*shape) for shape in (
            (g["n"], g["c"], g["h"], g["w"]), (k, g["c"] // groups, g["kh"], g["kw"]), (k,)))
        weight.requires_grad_()
        bias.requires_grad_()
        conv = F.conv2d(padded(input, g), weight, bias, (g["stride_h"], g["stride_w"]), 0, 1, groups)
        hidden = functions[inner](conv)
        if maximum:
            pooled, argmax = F.max_pool2d(hidden, *pool_arguments(pool), return_indices=True)
        else:
            pooled = F.avg_pool2d(hidden, *pool_arguments(pool))
        output = functions[outer](pooled)
        grad_output = draw.normal(*output.shape)
        grad_conv, grad_weight, grad_bias = torch.autograd.grad(output, [conv, weight, bias], grad_output)
        metadata = {**g, "inner": inner or "none", "outer": outer or "none", "max": maximum}
        tensors = {"input": input, "weight": weight, "bias": bias, "output": output, "gradOutput": grad_output,
                   "gradConv": grad_conv, "gradWeight": grad_weight, "gradBias": grad_bias}
        if inner:
            tensors["hidden"] = hidden
        if maximum:
            tensors["argmax"] = argmax.to(torch.int32)
        yield case, {**metadata, **{"pool_" + name: value for name, value in pool.items()}}, tensors


# Pointwise operators and softmax


def activation():
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-30, -1e-30, 1e-6, -1e-6, 1, -1, 9, -9, 80, -80, 1e4, -1e4, 3e38, -3e38]
    functions = {
        "tanh": (torch.tanh, "tanh", "0"),
        "sigmoid": (torch.sigmoid, "sigmoid", "0"),
        "relu": (torch.relu, "relu", "0"),
        "leaky_relu": (lambda x: F.leaky_relu(x, float(np.float32(0.01))), "leaky_relu", "0.01"),
        "leaky_relu_steep": (lambda x: F.leaky_relu(x, 0.25), "leaky_relu", "0.25"),
    }
    for case, (function, kind, slope) in functions.items():
        draw = Draw("activation", case)
        input = torch.cat([as_double(special), 3 * draw.normal(64), 0.1 * draw.normal(45)])
        input = as_double(input)
        grad_output = draw.normal(len(input))
        output, (grad_input,) = differentiate(function, grad_output, input)
        if kind == "relu":
            output = output + 0.0  # x <= 0 ? 0 : x has no negative zero
        yield case, {"n": len(input), "kind": kind, "slope": slope}, {
            "input": input, "output": output, "gradOutput": grad_output, "gradInput": grad_input}


def softmax():
    yield from softmax_over_classes("softmax", F.softmax)


def log_softmax():
    yield from softmax_over_classes("log_softmax", F.log_softmax)


def softmax_over_classes(operator, function):
    cases = {"lenet": (4, 10), "one_class": (3, 1), "odd": (5, 7), "wide": (2, 1000), "one_sample": (1, 33)}
    draws = {case: 3 * Draw("softmax", case).normal(*shape) for case, shape in cases.items()}
    draws["large_values"] = [
        [1e4, 9.99e3, 1e4, -1e4], [1e38, -1e38, 0, 1], [80, 20, 0, 1], [-1e30, -1e30, -1e30, -1e30], [300, 299, 0, -300]]
    draws["equal"] = np.full((2, 6), 0.7)
    draws["special_values"] = [[1, -np.inf, 2, 0.5], [1, np.nan, 2, 0.5], [1, np.inf, 2, 0.5]]
    for case, values in draws.items():
        input = as_double(values)
        grad_output = Draw(operator, case + " gradient").normal(*input.shape)
        output, (grad_input,) = differentiate(lambda x: function(x, dim=1), grad_output, input)
        yield case, {"n": input.shape[0], "c": input.shape[1]}, {
            "input": input, "output": output, "gradOutput": grad_output, "gradInput": grad_input}


def softmax_cross_entropy():
    large = [[1e4, 9.99e3, 1e4], [1e38, -1e38, 0], [80, 20, 1], [-1e30, -1e30, -1e30]]
    cases = {  # samples, classes, reduction, ignored label, share of ignored samples
        "mean": (8, 10, "mean", -100, 0),
        "sum": (8, 10, "sum", -100, 0),
        "ignore_mean": (9, 5, "mean", -100, 0.4),
        "ignore_sum": (9, 5, "sum", -100, 0.4),
        "ignore_class": (12, 4, "mean", 2, 0.3),
        "all_ignored_sum": (3, 4, "sum", -100, 1),
        "large_values": (4, 3, "mean", -100, 0),
        "one_class": (3, 1, "mean", -100, 0),
        "wide": (3, 333, "mean", -100, 0),
    }
    for case, (n, c, reduction, ignore, share) in cases.items():
        draw = Draw("softmax_cross_entropy", case)
        logits = as_double(large) if case == "large_values" else as_double(3 * draw.normal(n, c))
        labels = draw.integers(0, c - 1, n).long()
        if case == "large_values":
            labels = torch.tensor([2, 0, 0, 1])
        labels[torch.from_numpy(draw.random.permutation(n)[: round(n * share)])] = ignore
        loss = F.cross_entropy(logits, labels, reduction="none", ignore_index=ignore)
        total, (grad_logits,) = differentiate(
            lambda x: F.cross_entropy(x, labels, reduction=reduction, ignore_index=ignore), None, logits)
        yield case, {"n": n, "c": c, "reduction": reduction, "ignore_index": ignore}, {
            "logits": logits,
            "labels": labels.int(),
            "loss": loss,
            "totalLoss": total.reshape(1),
            "gradLogits": grad_logits,
        }


def add():
    yield from with_sum(add_inputs())


def add_inputs():
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, 3e38]
    cases = {"plain": (3, 37), "one": (1, 1), "cancelling": (2, 50)}
    for case, shape in cases.items():
        draw = Draw("add", case)
        a, b = draw.normal(*shape), draw.normal(*shape)
        yield case, {"n": shape[0], "f": shape[1]}, {
            "a": a, "b": as_double(-a * (1 + 2.0**-12 * b)) if case == "cancelling" else b}
    pairs = np.array([(a, b) for a in special for b in special])
    yield "special_values", {"n": 7, "f": 7}, {"a": as_double(pairs[:, 0].reshape(7, 7)), "b": as_double(pairs[:, 1].reshape(7, 7))}


def with_sum(cases):
    """One rounding, by IEEE 754: the sum of two float32 numbers in float32."""
    with np.errstate(all="ignore"):
        for case, metadata, tensors in cases:
            a, b = (tensors[name].numpy().astype(np.float32) for name in "ab")
            yield case, metadata, {**tensors, "output": a + b}


def bias_add():
    cases = {  # samples, channels, positions
        "image": (3, 5, 12), "linear": (4, 84, 1), "one": (1, 1, 1), "one_sample": (1, 3, 50), "lane_tail": (17, 2, 7)}
    for case, (n, c, positions) in cases.items():
        draw = Draw("bias_add", case)
        input, bias, grad_output = draw.normal(n, c, positions), draw.normal(c), draw.normal(n, c, positions)
        output, gradients = differentiate(lambda x, b: x + b[:, None], grad_output, input, bias)
        yield case, {"n": n, "c": c, "positions": positions}, {
            "input": input, "bias": bias, "output": output,
            "gradOutput": grad_output, **dict(zip(["gradInput", "gradBias"], gradients))}


# Matrix product


def gemm():
    cases = {  # m, n, k, transposed A, transposed B, alpha, beta, extra columns of A, B, C, bias, activation
        "plain": (7, 9, 11, 0, 0, 1, 0, 0, 0, 0, 0, "none"),
        "trans_a": (7, 9, 11, 1, 0, 1, 0, 0, 0, 0, 0, "none"),
        "trans_b": (7, 9, 11, 0, 1, 1, 0, 0, 0, 0, 0, "none"),
        "trans_both": (7, 9, 11, 1, 1, 1, 0, 0, 0, 0, 0, "none"),
        "alpha_beta": (6, 5, 8, 0, 0, -1.5, 0.75, 0, 0, 0, 0, "none"),
        "accumulate": (6, 5, 8, 1, 0, 1, 1, 0, 0, 0, 0, "none"),
        "leading_dimensions": (5, 6, 7, 0, 0, 1, 0.5, 3, 2, 4, 0, "none"),
        "leading_dimensions_trans": (5, 6, 7, 1, 1, 2, 0.5, 1, 5, 3, 1, "relu"),
        "beta_zero_ignores_c": (4, 3, 5, 0, 0, 1, 0, 0, 0, 2, 0, "none"),
        "bias": (6, 10, 12, 0, 1, 1, 0, 0, 0, 0, 1, "none"),
        "bias_relu": (6, 10, 12, 0, 1, 1, 0, 0, 0, 0, 1, "relu"),
        "bias_tanh": (6, 10, 12, 0, 1, 0.5, 0, 0, 0, 0, 1, "tanh"),
        "lenet_linear": (4, 84, 120, 0, 1, 1, 0, 0, 0, 0, 1, "none"),
        "one": (1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, "none"),
        "row": (1, 19, 33, 0, 0, 1, 0, 0, 0, 0, 0, "none"),
        "column": (19, 1, 33, 0, 0, 1, 0, 0, 0, 0, 0, "none"),
        "outer": (13, 17, 1, 0, 0, 1, 0, 0, 0, 0, 0, "none"),
        "tile_tails": (33, 35, 37, 0, 1, 1, 0, 0, 0, 0, 1, "none"),
    }
    functions = {"none": lambda x: x, "relu": torch.relu, "tanh": torch.tanh}
    for case, (m, n, k, trans_a, trans_b, alpha, beta, extra_a, extra_b, extra_c, has_bias, kind) in cases.items():
        draw = Draw("gemm", case)
        a, b = draw.normal(*((k, m) if trans_a else (m, k))), draw.normal(*((n, k) if trans_b else (k, n)))
        c, bias = draw.normal(m, n + extra_c), draw.normal(n)
        if case == "beta_zero_ignores_c":
            c[:, :n] = torch.nan
        product = alpha * ((a.T if trans_a else a) @ (b.T if trans_b else b))
        if beta != 0:
            product = product + beta * c[:, :n]
        output = c.clone()
        output[:, :n] = functions[kind](product + bias if has_bias else product)
        metadata = {
            "m": m, "n": n, "k": k, "trans_a": trans_a, "trans_b": trans_b, "alpha": alpha, "beta": beta,
            "lda": a.shape[1] + extra_a, "ldb": b.shape[1] + extra_b, "ldc": n + extra_c,
            "bias": has_bias, "activation": kind}
        widen = lambda x, extra: F.pad(x, (0, extra), value=torch.nan)  # must never be read
        yield case, metadata, {
            "a": widen(a, extra_a), "b": widen(b, extra_b), "c": c, "output": output, **({"bias": bias} if has_bias else {})}


# Random numbers and dropout


def philox_bits(counter, seed):
    """Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) as uint32 [..., 4]."""
    low = np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = (np.asarray(word, np.uint64) for word in counter)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1), p0 & low)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3), axis=-1).astype(np.uint32)


def check_philox():
    ones = 0xFFFFFFFF
    known = [
        ((0, 0, 0, 0), 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((ones, ones, ones, ones), 0xFFFFFFFFFFFFFFFF, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), 0x299F31D0A4093822, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ]
    for counter, seed, words in known:
        assert " ".join(f"{word:08x}" for word in philox_bits(counter, seed)) == words


def philox():
    check_philox()
    streams = {"seed1": (1, 0, 64), "seed_zero": (0, 0, 64), "seed64": (0x9E3779B97F4A7C15, 7, 64), "tail": (42, 3, 61)}
    for name, (seed, stream, count) in streams.items():
        bits = philox_bits((np.arange(-(-count // 4)), 0, 0, stream), seed)
        top = (bits >> np.uint32(8)).astype(np.float64) * 2.0**-24
        radius, angle = np.sqrt(-2 * np.log(top[:, 0::2] + 2.0**-24)), 2 * np.pi * top[:, 1::2]
        normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
        for distribution, values in (("uniform", top), ("normal", normal)):
            metadata = {"distribution": distribution, "seed": seed, "stream": stream, "count": count}
            yield f"{distribution}_{name}", metadata, {
                "bits": bits.reshape(-1)[:count].view(np.int32), "output": values.reshape(-1)[:count]}


def dropout():
    cases = {  # samples, features, p, seed, layer, step, first sample
        "half": (3, 20, 0.5, 1, 0, 0, 0),
        "fifth": (4, 13, 0.2, 42, 2, 3, 7),
        "most": (2, 84, 0.9, 7, 1, 937, 59968),
        "seed64": (3, 17, 0.3, 0x9E3779B97F4A7C15, 5, 100000, 4294967290),
        "second_half_of_batch": (2, 20, 0.5, 1, 0, 0, 1),
        "none": (2, 9, 0.0, 3, 0, 1, 0),
        "all": (2, 9, 1.0, 3, 0, 1, 0),
    }
    for case, (n, features, p, seed, layer, step, first_sample) in cases.items():
        feature, sample = np.arange(features), first_sample + np.arange(n)[:, None]
        bits = philox_bits((feature // 4, sample, step, layer), seed)[:, feature, feature % 4]
        mask = (bits.astype(np.uint64) >= np.uint64(round(p * 2**32))).astype(np.uint8)
        scale = float(np.float32(1 / (1 - p))) if p < 1 else 0.0
        draw = Draw("dropout", case)
        input, grad_output = draw.normal(n, features), draw.normal(n, features)
        apply = lambda x: np.where(mask, x.numpy() * scale, 0.0)
        metadata = {
            "n": n, "f": features, "p": p, "seed": seed, "layer": layer, "step": step, "first_sample": first_sample,
            "scale": scale}
        yield case, metadata, {
            "input": input, "mask": mask, "output": apply(input), "gradOutput": grad_output, "gradInput": apply(grad_output)}


# Optimizers


def sgd():
    yield from optimizer_steps("sgd", torch.optim.SGD, {"plain": {"lr": 0.1}, "weight_decay": {"lr": 0.05, "weight_decay": 0.01}})


def momentum():
    plain = {"lr": 0.05, "momentum": 0.9, "nesterov": 0}
    cases = {
        "plain": plain,
        "weight_decay": {**plain, "weight_decay": 0.01},
        "nesterov": {**plain, "nesterov": 1},
        "nesterov_weight_decay": {**plain, "nesterov": 1, "weight_decay": 0.01},
    }
    yield from optimizer_steps("momentum", torch.optim.SGD, cases)


def adam():
    cases = {
        "plain": {"lr": 0.001},
        "weight_decay": {"lr": 0.01, "weight_decay": 0.05},
        "other_betas": {"lr": 0.1, "beta1": 0.5, "beta2": 0.9, "eps": 0.001},
    }
    yield from optimizer_steps("adam", torch.optim.Adam, cases)


def adamw():
    cases = {"plain": {"lr": 0.001, "weight_decay": 0.01}, "strong_decay": {"lr": 0.05, "weight_decay": 0.5}}
    yield from optimizer_steps("adamw", torch.optim.AdamW, cases)


def optimizer_steps(operator, factory, cases):
    """Five steps. Hyper-parameters are the decimal numbers of the metadata in float64: float32(0.999) is another beta2."""
    for case, given in cases.items():
        defaults = {"lr": 0.0, "weight_decay": 0.0}
        defaults |= {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8} if operator.startswith("adam") else {"momentum": 0.0, "nesterov": 0}
        hyper = {**defaults, **given}
        arguments = {"lr": hyper["lr"], "weight_decay": hyper["weight_decay"], "foreach": False}
        if operator.startswith("adam"):
            arguments |= {"betas": (hyper["beta1"], hyper["beta2"]), "eps": hyper["eps"]}
        else:
            arguments |= {"momentum": hyper["momentum"], "nesterov": bool(hyper["nesterov"])}
        draw = Draw(operator, case)
        size = 37
        parameter = draw.normal(size).requires_grad_()
        tensors = {"parameter0": parameter.detach().clone()}
        optimizer = factory([parameter], **arguments)
        for step in range(1, 6):
            gradient = draw.normal(size)
            gradient[0], gradient[1] = 0.0, gradient[1] * 2.0**-20
            parameter.grad = gradient.clone()
            optimizer.step()
            tensors |= {f"grad_{step}": gradient, f"parameter_{step}": parameter.detach().clone()}
        yield case, {"n": size, "steps": 5, **hyper}, tensors


# The networks


class LeNet(nn.Module):
    def __init__(self, features, classifier):
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Sequential(*classifier)

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


def relu_network():
    return LeNet(
        [nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)],
        [nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)])


def tanh_network():
    return LeNet(
        [nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid(),
         nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Sigmoid(),
         nn.Conv2d(16, 120, 5), nn.Tanh()],
        [nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)])


def lenet():
    for name, factory, pad in (("relu", relu_network, 0), ("tanh", tanh_network, 2)):
        torch.manual_seed(1)
        network = factory()
        weights = {key: value.clone() for key, value in network.state_dict().items()}
        metadata = {"network": name, "parameters": sum(value.numel() for value in weights.values())}
        yield name + "_weights", metadata, weights

        draw = Draw("lenet", name)
        pixels = draw.integers(0, 255, 4, 1, 28, 28)
        input = F.pad(as_double((pixels - 127.5) / 127.5), (pad,) * 4, value=-1.0)
        labels = torch.tensor([7, 2, 1, 0])
        network.double()
        logits = network(input)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        if name == "relu":
            check_margins(network, input)
        yield name, {**metadata, "n": 4}, {
            "input": input,
            "labels": labels.int(),
            "logits": logits,
            "loss": loss.reshape(1),
            **{"grad." + key: parameter.grad for key, parameter in network.named_parameters()},
        }


@torch.no_grad()
def check_margins(network, values, margin=3e-6):
    """No relu input so near zero, and no two values of a pooling window so near, that float32 could decide otherwise."""
    for layer in network.features:
        if isinstance(layer, nn.ReLU):
            assert values.abs().min() > margin, f"relu input {values.abs().min():.1e} from zero"
        if isinstance(layer, nn.MaxPool2d):
            windows = F.unfold(values.reshape(-1, 1, *values.shape[2:]), 2, stride=2)
            first, second = windows.topk(2, dim=1).values.unbind(1)
            gap = (first - second)[first > 0].min()
            assert gap > margin, f"pooling window with a gap of {gap:.1e}"
        values = layer(values)


OPERATORS = [
    conv2d, max_pool2d, avg_pool2d, conv2d_pool2d, activation, softmax, log_softmax, softmax_cross_entropy, add, bias_add,
    gemm, philox, dropout, sgd, momentum, adam, adamw, lenet, *graph_operators.operators(Draw)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    seen, different, total = set(), [], 0
    for operator in OPERATORS:
        for case, metadata, tensors in operator():
            path = HERE / operator.__name__ / (case + ".safetensors")
            metadata = {"operator": operator.__name__, "case": case, **metadata}
            content = safetensors(metadata, {name: stored(tensor) for name, tensor in tensors.items()})
            seen.add(path)
            total += len(content)
            if check and not (path.exists() and path.read_bytes() == content):
                different.append(path)
            if not check:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
    different += sorted(set(HERE.glob("*/*.safetensors")) - seen)
    for path in different:
        print("differs or is not made here:", path.relative_to(HERE))
    print(f"{len(seen)} files, {total} bytes, PyTorch {torch.__version__}, NumPy {np.__version__}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
