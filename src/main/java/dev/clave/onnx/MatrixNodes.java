package dev.clave.onnx;

import dev.clave.nn.Operation;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import dev.clave.op.Broadcast;
import dev.clave.op.Elementwise;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Products of matrices, and two tensors element by element. */
final class MatrixNodes extends NodeReader {
    MatrixNodes(Importer importer, OnnxNode node, Attributes attributes) {
        super(importer, node, attributes);
    }

    void gemm() {
        boolean transA = attributes.whole("transA", 0) != 0;
        boolean transB = attributes.whole("transB", 0) != 0;
        if (extents(0).length != 2 || extents(1).length != 2) {
            throw attributes.refuse(
                    "takes matrices, got " + Arrays.toString(extents(0)) + " and " + Arrays.toString(extents(1)));
        }
        if (lead() == 1) {
            if (transA || !isKnown(1) || (has(2) && !isKnown(2))) {
                throw attributes.refuse(
                        "B and C must be initialisers and A not transposed; run the model as a session");
            }
            put(dense(value(0), transB, attributes.real("alpha", 1), attributes.real("beta", 1)));
            return;
        }
        Value a = transA ? swapped(value(0)) : value(0);
        Value b = transB ? swapped(value(1)) : value(1);
        Value product = scaled(append(new Operation.Product(false, false), a, b), attributes.real("alpha", 1));
        if (has(2)) {
            Value c = scaled(value(2), attributes.real("beta", 1));
            int[] shape = product.shape();
            product = append(new Operation.Combine(Broadcast.Kind.ADD, false, false), product, c);
            if (!Arrays.equals(shape, product.shape())) {
                throw attributes.refuse(
                        "C " + Arrays.toString(extents(2)) + " does not broadcast to " + Arrays.toString(shape));
            }
        }
        put(product);
    }

    private Value swapped(Value matrix) {
        return append(new Operation.Permute(List.of(1, 0)), matrix);
    }

    private Value scaled(Value value, double factor) {
        return factor == 1 ? value : append(new Operation.MapElements(Elementwise.Kind.AFFINE, factor, 0), value);
    }

    /** A fully connected layer with known weights, held as [out, in]. */
    private Value dense(Value input, boolean transB, double alpha, double beta) {
        int[] shape = extents(1);
        int outputs = shape[transB ? 0 : 1];
        int inputs = shape[transB ? 1 : 0];
        Map<String, Parameter> parameters = new HashMap<>();
        parameters.put(
                "weight",
                transB && alpha == 1
                        ? importer.parameter(item(1), true, outputs, inputs)
                        : importer.parameter(
                                item(1),
                                weight(importer.floats(item(1)), outputs, inputs, transB, alpha),
                                outputs,
                                inputs));
        if (has(2)) {
            int[] c = extents(2);
            boolean row = c.length > 0 && c[c.length - 1] == outputs && product(c) == outputs;
            if (row && beta == 1) {
                parameters.put("bias", importer.parameter(item(2), true, outputs));
            } else {
                float[] from = importer.floats(item(2));
                if (!row && from.length != 1) {
                    throw attributes.refuse("C " + Arrays.toString(c) + " has a value per sample");
                }
                float[] bias = new float[outputs];
                for (int i = 0; i < outputs; i++) {
                    bias[i] = (float) (beta * from[row ? i : 0]);
                }
                parameters.put("bias", importer.parameter(item(2), bias, outputs));
            }
        }
        return importer.append(node, new Operation.Dense(inputs, outputs, has(2)), List.of(input), parameters);
    }

    private static float[] weight(float[] from, int outputs, int inputs, boolean transB, double alpha) {
        float[] weight = new float[from.length];
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                weight[o * inputs + i] = (float) (alpha * from[transB ? o * inputs + i : i * outputs + o]);
            }
        }
        return weight;
    }

    void matMul() {
        int[] left = extents(0);
        int[] right = extents(1);
        if (left.length == 0 || right.length == 0) {
            throw attributes.refuse("takes no scalars");
        }
        if (lead() == 1) {
            put(samples(left, right));
            return;
        }
        Value a = left.length == 1 ? view(value(0), 1, left[0]) : value(0);
        Value b = right.length == 1 ? view(value(1), right[0], 1) : value(1);
        Value product = append(new Operation.Product(false, false), a, b);
        int[] shape = product.shape();
        // The axes that vectors were given are taken away again.
        int rank = shape.length;
        int[] result = shape;
        if (right.length == 1) {
            result = Arrays.copyOf(result, rank - 1);
        }
        if (left.length == 1) {
            int[] shorter = new int[result.length - 1];
            int row = rank - 2;
            System.arraycopy(result, 0, shorter, 0, row);
            System.arraycopy(result, row + 1, shorter, row, result.length - row - 1);
            result = shorter;
        }
        put(view(product, result));
    }

    private Value samples(int[] left, int[] right) {
        boolean knownA = isKnown(0);
        boolean knownB = isKnown(1);
        if (left.length == 2 && !knownA && knownB && right.length == 2) {
            return dense(value(0), false, 1, 1);
        }
        int rank = knownA ? right.length : left.length;
        // Matrices behind the batch axis: a known one has no batch axis, so it is shorter by one at least.
        boolean fits = (knownA || knownB)
                ? Math.min(left.length, right.length) >= 2 && (knownA ? left : right).length < rank
                : left.length == right.length;
        if ((knownA && knownB) || rank < 3 || !fits) {
            throw attributes.refuse("multiplies along the batch axis; run the model as a session");
        }
        return append(new Operation.Product(knownA, knownB), valueOrShared(0), valueOrShared(1));
    }

    /** Two inputs, broadcast. */
    void combine(Broadcast.Kind kind) {
        if (attributes.has("axis") || attributes.has("broadcast")) {
            throw attributes.refuse("broadcasting as before version 7 is not supported");
        }
        put(combined(kind, 0, 1, null));
    }

    /** Any number of inputs added up. */
    void sum() {
        Value total = null;
        for (int i = 0; i < node.inputs().size(); i++) {
            total = i == 0 ? null : combined(Broadcast.Kind.ADD, 0, i, total);
        }
        put(total == null ? value(0) : total);
    }

    /** op(before or input a, input b). */
    Value combined(Broadcast.Kind kind, int a, int b, @Nullable Value before) {
        boolean knownA = before == null && isKnown(a);
        boolean knownB = isKnown(b);
        Value left = before == null ? aligned(a, extents(b)) : before;
        Value right = aligned(b, before == null ? extents(a) : importer.extents(Item.of("", before)));
        if (!knownA && !knownB && kind == Broadcast.Kind.ADD && Arrays.equals(left.shape(), right.shape())) {
            return append(new Operation.Sum(), left, right);
        }
        boolean share = lead() == 1;
        if (share && knownA && knownB) {
            throw attributes.refuse("computes with constants only; fold them when exporting");
        }
        return append(new Operation.Combine(kind, share && knownA, share && knownB), left, right);
    }

    /** An input as a value whose axes, counted from the last, meet those of the other. */
    private Value aligned(int input, int[] other) {
        if (lead() == 0) {
            return value(input);
        }
        int[] extents = extents(input);
        if (!isKnown(input)) {
            if (other.length > extents.length
                    || (other.length < extents.length && other.length > 0 && other[0] == -1)) {
                throw attributes.refuse("broadcasts along the batch axis; run the model as a session");
            }
            return value(input);
        }
        Value shared = valueOrShared(input);
        if (extents.length < other.length) {
            return shared;
        }
        if (extents.length > other.length || extents[0] != 1) {
            throw attributes.refuse("'" + item(input).name() + "' has a value per sample; run the model as a session");
        }
        return view(shared, Arrays.copyOfRange(extents, 1, extents.length));
    }
}
