"""Runs exported models in ONNX Runtime against the outputs computed here.

    python src/test/resources/onnx/check_export.py target/onnx-export

The folder is written by OnnxNetworkTest: <name>.onnx, and <name>.<batch>.safetensors with "input" and "output". Checked with
onnx 1.23.1 and ONNX Runtime 1.30.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

folder = pathlib.Path(sys.argv[1])
failed = 0
for path in sorted(folder.glob("*.onnx")):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for data in sorted(folder.glob(path.stem + ".*.safetensors")):
        tensors = load_file(data)
        got = session.run(None, {session.get_inputs()[0].name: tensors["input"]})[0]
        error = np.abs(got - tensors["output"]).max()
        fits = got.shape == tensors["output"].shape and np.allclose(got, tensors["output"], rtol=1e-4, atol=1e-5)
        failed += not fits
        print(f"{data.name:40} {'ok' if fits else 'DIFFERS'} {got.shape} largest difference {error:.1e}")
sys.exit(failed > 0)
