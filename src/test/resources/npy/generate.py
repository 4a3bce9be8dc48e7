"""Writes the files beside it with numpy 2.4; run by hand, never by the build. Values of every array: arange(24) - 5."""
import os
import zipfile

import numpy as np
from numpy.lib import format as npy

os.chdir(os.path.dirname(os.path.abspath(__file__)))
base = np.arange(24).reshape(2, 3, 4) - 5
for name in ("float32", "float64", "int32", "int64", "uint8"):
    np.save(f"{name}.npy", base.astype(name))
    np.save(f"{name}_fortran.npy", np.asfortranarray(base.astype(name)))
    np.save(f"{name}_big.npy", base.astype(np.dtype(name).newbyteorder(">")))
np.save("fortran_big.npy", np.asfortranarray(base.astype(">f8")))
np.save("scalar.npy", np.float32(2.5))
np.save("empty.npy", np.zeros((0, 3), np.float64))
np.save("vector.npy", np.arange(5, dtype=np.int64))
for version in ((2, 0), (3, 0)):
    with open(f"version{version[0]}.npy", "wb") as file:
        npy.write_array(file, base.astype(np.float32), version=version)
np.save("refused_bool.npy", base > 0)
np.save("refused_record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save("refused_object.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
arrays = {"weight": base.astype(np.float32), "label": np.arange(5, dtype=np.int64)}
np.savez("stored.npz", **arrays)
np.savez_compressed("deflated.npz", **arrays)
with zipfile.ZipFile("refused_text.npz", "w") as file:
    file.writestr("readme.txt", "no array")
