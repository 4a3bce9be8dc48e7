"""Golden data of the operators imported graphs need; part of generate.py, which says what the files hold.

Shapes in the metadata are those of one sample, "2x3" for [2,3] and "" for a scalar; a shared operand has no batch axis.
"""

import numpy as np
import torch


def text(shape):
    return "x".join(str(extent) for extent in shape)


def batched(draw, n, shape, shared):
    return draw.normal(*shape) if shared else draw.normal(n, *shape)


def spread(tensor, rank, shared):
    """With as many axes behind the batch as the result has, so that NumPy's broadcasting aligns them."""
    array = tensor.numpy()
    lead, sample = (1, array.shape) if shared else (array.shape[0], array.shape[1:])
    return array.reshape(lead, *[1] * (rank - len(sample)), *sample)


def operators(Draw):
    """The generator functions, given generate.py's source of random numbers."""

    def broadcast():
        functions = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "min": np.minimum, "max": np.maximum}
        cases = {  # kind, n, a, shared, b, shared
            "same": ("add", 3, (2, 5), 0, (2, 5), 0),
            "channel": ("mul", 3, (4, 3, 5), 0, (4, 1, 1), 1),
            "scalar": ("sub", 5, (7,), 0, (), 1),
            "left": ("sub", 2, (3,), 1, (4, 3), 0),
            "both": ("max", 2, (3, 1, 4), 0, (2, 1), 0),
            "crossed": ("min", 3, (1, 3, 1, 2, 1), 0, (2, 1, 3, 1, 2), 0),
            "nan": ("max", 2, (4,), 0, (4,), 0),
        }
        for case, (kind, n, a, shared_a, b, shared_b) in cases.items():
            draw = Draw("broadcast", case)
            x, y = batched(draw, n, a, shared_a), batched(draw, n, b, shared_b)
            if case == "nan":
                x[0, 1] = y[1, 2] = float("nan")
            rank = max(len(a), len(b))
            output = functions[kind](spread(x, rank, shared_a), spread(y, rank, shared_b))
            yield case, {"kind": kind, "n": n, "a": text(a), "shared_a": shared_a, "b": text(b), "shared_b": shared_b}, {
                "a": x, "b": y, "output": output}

    def transpose():
        cases = {
            "matrix": (3, (4, 5), (1, 0)), "rotate": (2, (2, 3, 4), (1, 2, 0)), "same": (5, (3, 4), (0, 1)),
            "five": (2, (2, 3, 2, 2, 3), (4, 2, 0, 3, 1)), "ones": (2, (1, 3, 1, 4), (3, 0, 2, 1))}
        for case, (n, shape, axes) in cases.items():
            x = Draw("transpose", case).normal(n, *shape)
            output = x.numpy().transpose(0, *[axis + 1 for axis in axes])
            yield case, {"n": n, "input_shape": text(shape), "axes": text(axes)}, {"input": x, "output": output}

    def concat():
        cases = {"channels": (3, 1, 2, 3, 5), "last": (2, 4, 3, 1, 1), "middle": (5, 2, 1, 2, 3)}
        for case, (n, outer, first, second, inner) in cases.items():
            draw = Draw("concat", case)
            a, b = draw.normal(n, outer, first, inner), draw.normal(n, outer, second, inner)
            yield case, {"n": n, "outer": outer, "first": first, "second": second, "inner": inner}, {
                "a": a, "b": b, "output": torch.cat([a, b], 2)}

    def matmul():
        cases = {
            "plain": (3, (4, 5), 0, (5, 2), 0), "weights": (2, (3, 4, 6), 0, (6, 5), 1), "left": (3, (4, 5), 1, (5, 3), 0),
            "stacks": (2, (2, 1, 3, 4), 0, (3, 4, 2), 0), "row": (5, (1, 7), 0, (7, 1), 1)}
        for case, (n, a, shared_a, b, shared_b) in cases.items():
            draw = Draw("matmul", case)
            x, y = batched(draw, n, a, shared_a), batched(draw, n, b, shared_b)
            rank = max(len(a), len(b))
            output = spread(x, rank, shared_a) @ spread(y, rank, shared_b)
            yield case, {"n": n, "a": text(a), "shared_a": shared_a, "b": text(b), "shared_b": shared_b}, {
                "a": x, "b": y, "output": output}

    def elementwise():
        def clip(x, p, q):
            return np.minimum(np.maximum(x, p), q)

        functions = {
            "elu": lambda x, p, q: np.where(x < 0, p * np.expm1(np.minimum(x, 0)), x),
            "softplus": lambda x, p, q: np.logaddexp(0, x),
            "clip": clip,
            "affine": lambda x, p, q: p * x + q}
        cases = {
            "elu": ("elu", 1, 0), "elu_half": ("elu", 0.5, 0), "softplus": ("softplus", 0, 0), "relu6": ("clip", 0, 6),
            "crossed": ("clip", 2, 1), "affine": ("affine", -0.25, 1.5)}
        for case, (kind, p, q) in cases.items():
            x = 4 * Draw("elementwise", case).normal(3, 17)
            x[0, 0], x[0, 1], x[0, 2], x[1, 0] = 0, 60, -60, float("nan")
            yield case, {"kind": kind, "n": 3, "features": 17, "p": p, "q": q}, {
                "input": x, "output": functions[kind](x.numpy(), p, q)}

    def batch_norm_inference():
        for case, (n, c, positions, epsilon) in {"image": (3, 4, 6, 1e-5), "flat": (5, 7, 1, 1e-3), "one": (1, 1, 1, 0)}.items():
            draw = Draw("batch_norm_inference", case)
            x, scale, bias, mean = draw.normal(n, c, positions), draw.normal(c), draw.normal(c), draw.normal(c)
            variance = draw.normal(c).abs() + 0.125
            variance = variance.float().double()
            output = torch.nn.functional.batch_norm(x, mean, variance, scale, bias, eps=epsilon)
            yield case, {"n": n, "c": c, "positions": positions, "epsilon": epsilon}, {
                "input": x, "scale": scale, "bias": bias, "mean": mean, "variance": variance, "output": output}

    def max_unpool2d():
        cases = {  # n, c, h, w, plane, output
            "halves": (3, 2, 2, 3, (4, 6), (4, 6)), "larger": (2, 1, 2, 2, (4, 4), (5, 6)), "one": (1, 1, 1, 1, (1, 1), (1, 1)),
            "repeated": (2, 1, 2, 2, (2, 3), (2, 3))}
        for case, (n, c, h, w, plane, size) in cases.items():
            draw = Draw("max_unpool2d", case)
            x = draw.normal(n, c, h, w)
            cells = plane[0] * plane[1]
            where = draw.integers(0, cells - 1, n, c, h, w).numpy().astype(np.int32)
            if case == "halves":  # counted over all planes, as ONNX does
                where += (np.arange(n * c, dtype=np.int32) * cells).reshape(n, c, 1, 1)
            if case == "repeated":
                where[0, 0, 0, 0] = -1
                where[1] = 4
            output = np.zeros((n, c, *size))
            for index in np.ndindex(*x.shape):
                if where[index] >= 0:
                    place = where[index] % cells
                    output[index[0], index[1], place // plane[1], place % plane[1]] = x[index]
            yield case, {"n": n, "c": c, "h": h, "w": w, "plane_h": plane[0], "plane_w": plane[1], "oh": size[0], "ow": size[1]}, {
                "input": x, "argmax": where, "output": output}

    return [broadcast, transpose, concat, matmul, elementwise, batch_norm_inference, max_unpool2d]
