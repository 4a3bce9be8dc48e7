package dev.clave.onnx;

import dev.clave.Shape;
import dev.clave.nn.Operation;
import dev.clave.nn.Value;
import dev.clave.onnx.OnnxNode.Attribute;
import dev.clave.op.Activation;
import dev.clave.op.Broadcast;
import dev.clave.op.Elementwise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One node of a file as operations of a graph: which operators there are, and those that move or map elements. */
final class Nodes extends NodeReader {
    /** Largest mask of ones that dropout outside training is asked for. */
    private static final int MOST_MASK = 1 << 20;

    Nodes(Importer importer, OnnxNode node, Attributes attributes) {
        super(importer, node, attributes);
    }

    void record() {
        WindowNodes windows = new WindowNodes(importer, node, attributes);
        MatrixNodes matrices = new MatrixNodes(importer, node, attributes);
        ShapeNodes shapes = new ShapeNodes(importer, node, attributes);
        switch (node.type()) {
            case "Conv" -> windows.convolution();
            case "ConvTranspose" -> windows.transposed();
            case "MaxPool" -> windows.maxPool();
            case "AveragePool" -> windows.averagePool();
            case "GlobalMaxPool" -> windows.global(true);
            case "GlobalAveragePool" -> windows.global(false);
            case "ReduceMean" -> windows.mean();
            case "MaxUnpool" -> windows.maxUnpool();
            case "BatchNormalization" -> windows.batchNormalization();
            case "Gemm" -> matrices.gemm();
            case "MatMul" -> matrices.matMul();
            case "Add" -> matrices.combine(Broadcast.Kind.ADD);
            case "Sub" -> matrices.combine(Broadcast.Kind.SUB);
            case "Mul" -> matrices.combine(Broadcast.Kind.MUL);
            case "Sum" -> matrices.sum();
            case "Relu" -> activation(Activation.Kind.RELU, 0);
            case "LeakyRelu" -> activation(Activation.Kind.LEAKY_RELU, attributes.real("alpha", 0.01));
            case "Tanh" -> activation(Activation.Kind.TANH, 0);
            case "Sigmoid" -> activation(Activation.Kind.SIGMOID, 0);
            case "Elu" -> put(map(Elementwise.Kind.ELU, attributes.real("alpha", 1), 0));
            case "Softplus" -> put(map(Elementwise.Kind.SOFTPLUS, 0, 0));
            case "Clip" -> clip(matrices);
            case "Softmax" -> softmax(false);
            case "LogSoftmax" -> softmax(true);
            case "Dropout" -> dropout();
            case "Identity" -> put(0, item(0));
            case "Constant" -> constant();
            case "Flatten" -> flatten();
            case "Reshape" -> reshape();
            case "Transpose" -> transpose();
            case "Concat" -> concat(shapes);
            case "Shape" -> shapes.shape();
            case "Gather" -> shapes.gather();
            case "Slice" -> shapes.slice();
            case "Squeeze" -> shapes.squeeze();
            case "Unsqueeze" -> shapes.unsqueeze();
            case "Cast" -> shapes.cast();
            default -> throw attributes.refuse("operator " + node.type() + " is not supported");
        }
    }

    private void activation(Activation.Kind kind, double slope) {
        put(append(new Operation.Activate(kind, slope), value(0)));
    }

    private Value map(Elementwise.Kind kind, double p, double q) {
        return append(new Operation.MapElements(kind, p, q), value(0));
    }

    private void clip(MatrixNodes matrices) {
        boolean old = importer.opset() < 11;
        boolean known = (old || !has(1) || isKnown(1)) && (old || !has(2) || isKnown(2));
        if (known) {
            double least = old ? attributes.real("min", Double.NEGATIVE_INFINITY) : bound(1, Double.NEGATIVE_INFINITY);
            double most = old ? attributes.real("max", Double.POSITIVE_INFINITY) : bound(2, Double.POSITIVE_INFINITY);
            put(map(Elementwise.Kind.CLIP, least, most));
            return;
        }
        if (lead() == 1) {
            throw attributes.refuse("min and max must be initialisers or constants; run the model as a session");
        }
        Value raised = has(1) ? matrices.combined(Broadcast.Kind.MAX, 0, 1, null) : value(0);
        put(has(2) ? matrices.combined(Broadcast.Kind.MIN, 0, 2, raised) : raised);
    }

    private double bound(int input, double otherwise) {
        Item item = optional(input);
        if (item == null) {
            return otherwise;
        }
        float[] values = importer.floats(item);
        if (values.length != 1) {
            throw attributes.refuse("'" + item.name() + "' holds " + values.length + " numbers, expected one");
        }
        return values[0];
    }

    private void softmax(boolean log) {
        Value input = value(0);
        int rank = extents(0).length;
        int[] shape = input.shape();
        if (importer.opset() < 13) {
            // Before version 13 the axes from the given one on are one.
            int axis = sampleAxis(axis(attributes.whole("axis", 1), rank));
            int[] flat = Arrays.copyOf(shape, axis + 1);
            flat[axis] = product(Arrays.copyOfRange(shape, axis, shape.length));
            put(view(append(new Operation.Normalise(log), view(input, flat)), shape));
            return;
        }
        int axis = sampleAxis(axis(attributes.whole("axis", -1), rank));
        if (axis == shape.length - 1) {
            put(append(new Operation.Normalise(log), input));
            return;
        }
        List<Integer> swap = new ArrayList<>();
        for (int i = 0; i < shape.length; i++) {
            swap.add(i);
        }
        Collections.swap(swap, axis, shape.length - 1);
        Value moved = append(new Operation.Permute(swap), input);
        put(append(new Operation.Permute(swap), append(new Operation.Normalise(log), moved)));
    }

    private void dropout() {
        boolean training = has(2) && wholes(2).length > 0 && wholes(2)[0] != 0;
        if (training) {
            Item ratio = optional(1);
            float[] p = ratio == null ? new float[] {0.5f} : importer.floats(ratio);
            if (p.length != 1 || p[0] != 0) {
                throw attributes.refuse("training mode draws a random mask, only inference is supported");
            }
        }
        put(0, Item.of(node.outputs().get(0), value(0)));
        if (wants(1)) {
            Shape shape = Shape.of(value(0).shape());
            if (lead() == 1 || shape.elements() > MOST_MASK) {
                throw attributes.refuse("a mask is made for sessions and up to " + MOST_MASK + " elements only");
            }
            long[] ones = new long[shape.elements()];
            Arrays.fill(ones, 1);
            String name = node.outputs().get(1);
            put(1, Item.of(new OnnxTensor(name, OnnxTensor.BOOL, shape, null, ones), name));
        }
    }

    private void constant() {
        String name = node.outputs().get(0);
        Attribute tensor = attributes.get("value", Attribute.TENSOR);
        Attribute real = attributes.get("value_float", Attribute.FLOAT);
        Attribute reals = attributes.get("value_floats", Attribute.FLOATS);
        Attribute whole = attributes.get("value_int", Attribute.INT);
        Attribute wholes = attributes.get("value_ints", Attribute.INTS);
        OnnxTensor value = tensor != null ? tensor.tensor() : null;
        if (real != null) {
            value = OnnxTensor.of(name, Shape.of(), new float[] {real.real()});
        } else if (reals != null) {
            value = OnnxTensor.of(name, Shape.of(reals.reals().length), reals.reals());
        } else if (whole != null) {
            value = OnnxTensor.of(name, Shape.of(), new long[] {whole.whole()});
        } else if (wholes != null) {
            value = OnnxTensor.of(name, Shape.of(wholes.wholes().length), wholes.wholes());
        }
        if (value == null) {
            throw attributes.refuse("holds no tensor, float or whole number");
        }
        put(0, Item.of(value, name));
    }

    private void flatten() {
        int rank = extents(0).length;
        long given = attributes.whole("axis", 1);
        int axis = given == rank ? rank : axis(given, rank);
        int[] shape = value(0).shape();
        if (lead() == 1) {
            if (axis != 1) {
                throw attributes.refuse("flattens the batch axis (axis " + given + "); run the model as a session");
            }
            put(view(value(0), product(shape)));
            return;
        }
        put(view(
                value(0), product(Arrays.copyOf(shape, axis)), product(Arrays.copyOfRange(shape, axis, shape.length))));
    }

    private void reshape() {
        int[] wanted;
        if (importer.opset() < 5) {
            int[] given = attributes.ints("shape", -1, null);
            if (given == null) {
                throw attributes.refuse("attribute 'shape' is missing");
            }
            wanted = given;
        } else {
            wanted = attributes.ints("shape", ShapeNodes.copyingBatch(wholes(1), attributes));
        }
        if (isKnown(0) && lead() == 1) {
            put(0, reshaped(item(0), wanted));
            return;
        }
        int[] from = extents(0);
        boolean zeros = attributes.whole("allowzero", 0) != 0;
        int elements = product(value(0).shape());
        if (lead() == 0) {
            put(view(value(0), resolved(wanted, from, elements, zeros)));
            return;
        }
        put(view(
                value(0),
                resolved(sample(wanted, elements), Arrays.copyOfRange(from, 1, from.length), elements, zeros)));
    }

    /** The target without the batch axis; refuses one that mixes samples. */
    private int[] sample(int[] wanted, int elements) {
        String rule = "reshapes to " + Arrays.toString(wanted) + ", which mixes samples of " + elements
                + " elements; run " + "the model as a session";
        if (wanted.length < 1) {
            throw attributes.refuse(rule);
        }
        int[] rest = Arrays.copyOfRange(wanted, 1, wanted.length);
        long product = 1;
        boolean open = false;
        for (int i = 0; i < rest.length; i++) {
            open |= rest[i] == -1;
            product *=
                    rest[i] == 0 ? Math.max(1, i + 1 < extents(0).length ? extents(0)[i + 1] : 1) : Math.abs(rest[i]);
        }
        boolean same = open ? product > 0 && elements % product == 0 : product == elements;
        // 0 copies the batch; -1 is the batch when the rest is a sample; 1 is a model exported for one sample.
        boolean batch = wanted[0] == 0 || (wanted[0] == -1 && !open) || wanted[0] == 1;
        if (!batch || !same) {
            throw attributes.refuse(rule);
        }
        return rest;
    }

    private Item reshaped(Item item, int[] wanted) {
        OnnxTensor tensor = java.util.Objects.requireNonNull(item.constant());
        int[] from = tensor.shape().toArray();
        int[] shape = resolved(wanted, from, tensor.shape().elements(), attributes.whole("allowzero", 0) != 0);
        String name = node.outputs().get(0);
        return Item.of(new OnnxTensor(name, tensor.type(), Shape.of(shape), tensor.floats(), tensor.wholes()), name);
    }

    /** 0 copies an extent unless allowzero is set, one -1 takes what remains. */
    private int[] resolved(int[] wanted, int[] from, int elements, boolean zeros) {
        int[] shape = wanted.clone();
        int open = -1;
        long product = 1;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] == 0 && !zeros) {
                if (i >= from.length) {
                    throw attributes.refuse("reshape copies axis " + i + " of a tensor of rank " + from.length);
                }
                shape[i] = from[i];
            }
            if (shape[i] < -1 || (shape[i] == -1 && open >= 0)) {
                throw attributes.refuse("reshapes to " + Arrays.toString(wanted));
            }
            open = shape[i] == -1 ? i : open;
            product = shape[i] == -1 ? product : Math.multiplyExact(product, (long) shape[i]);
        }
        if (open >= 0) {
            if (product == 0 || elements % product != 0) {
                throw attributes.refuse("reshapes " + elements + " elements to " + Arrays.toString(wanted));
            }
            shape[open] = Math.toIntExact(elements / product);
            product *= shape[open];
        }
        if (product != elements) {
            throw attributes.refuse("reshapes " + elements + " elements to " + Arrays.toString(wanted));
        }
        return shape;
    }

    private void transpose() {
        int rank = extents(0).length;
        int[] reversed = new int[rank];
        Arrays.setAll(reversed, i -> rank - 1 - i);
        int @Nullable [] given = attributes.ints("perm", rank, reversed);
        int[] axes = given == null ? reversed : given;
        if (lead() == 1 && axes[0] != 0) {
            throw attributes.refuse("moves the batch axis; run the model as a session");
        }
        List<Integer> order = new ArrayList<>();
        for (int i = lead(); i < rank; i++) {
            order.add(axes[i] - lead());
        }
        put(append(new Operation.Permute(order), value(0)));
    }

    private void concat(ShapeNodes shapes) {
        if (node.inputs().isEmpty() || (!attributes.has("axis") && importer.opset() >= 4)) {
            throw attributes.refuse("attribute 'axis' or the inputs are missing");
        }
        if (shapes.isWhole(0)) {
            shapes.join();
            return;
        }
        int axis = sampleAxis(axis(attributes.whole("axis", 1), extents(0).length));
        Value joined = value(0);
        for (int i = 1; i < node.inputs().size(); i++) {
            joined = append(new Operation.Join(axis), joined, value(i));
        }
        put(joined);
    }
}
