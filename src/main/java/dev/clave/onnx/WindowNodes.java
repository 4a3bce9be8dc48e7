package dev.clave.onnx;

import dev.clave.nn.Operation;
import dev.clave.nn.Parameter;
import dev.clave.nn.Value;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Convolutions and poolings of one or two axes; one axis is an image of height 1. */
final class WindowNodes extends NodeReader {
    WindowNodes(Importer importer, OnnxNode node, Attributes attributes) {
        super(importer, node, attributes);
    }

    /** Number of spatial axes of an input, 1 or 2. */
    private int spatial(int input) {
        int axes = extents(input).length - 2;
        if (axes < 1 || axes > 2) {
            throw attributes.refuse(
                    "takes images of one or two axes, '" + item(input).name() + "' has "
                            + (axes == 3 ? "three: 3-D is not supported" : String.valueOf(axes)));
        }
        return axes;
    }

    /** Extents of the last axes. */
    private static int[] last(int[] shape, int count) {
        return Arrays.copyOfRange(shape, shape.length - count, shape.length);
    }

    /** A value of one spatial axis with a height of 1 before it. */
    private Value image(Value value, int axes) {
        return axes == 2 ? value : view(value, widened(value.shape()));
    }

    private static int[] widened(int[] shape) {
        int[] wide = Arrays.copyOf(shape, shape.length + 1);
        wide[shape.length] = shape[shape.length - 1];
        wide[shape.length - 1] = 1;
        return wide;
    }

    /** Back to one spatial axis. */
    private Value restored(Value image, int axes) {
        return axes == 2 ? image : view(image, narrowed(image.shape()));
    }

    private static int[] narrowed(int[] shape) {
        int[] narrow = Arrays.copyOf(shape, shape.length - 1);
        narrow[narrow.length - 1] = shape[shape.length - 1];
        return narrow;
    }

    void convolution() {
        int axes = spatial(0);
        int[] weight = extents(1);
        if (weight.length != axes + 2 || weight[0] < 1 || weight[1] < 1) {
            throw attributes.refuse(
                    "the weight is " + Arrays.toString(weight) + ", expected [K, C/group" + ", KH".repeat(axes) + "]");
        }
        int group = attributes.small("group", 1);
        Value input = image(value(0), axes);
        Window window = new Spatial(attributes, axes, last(weight, axes)).window(last(value(0).shape(), axes));
        int channels = Math.multiplyExact(weight[1], group);
        Operation operation = new Operation.Convolution(channels, weight[0], window, group, has(2));
        int[] shape = axes == 2 ? weight : widened(weight);
        put(restored(weighted(operation, input, shape, true), axes));
    }

    /** Weight and bias as parameters where the file has them, else as values. */
    private Value weighted(Operation operation, Value input, int[] weight, boolean withBias) {
        boolean bias = withBias && has(2);
        if (isKnown(1) && (!bias || isKnown(2))) {
            Map<String, Parameter> parameters = new HashMap<>();
            parameters.put("weight", importer.parameter(item(1), true, weight));
            if (bias) {
                int outputs = weight[0];
                if (extents(2).length != 1 || extents(2)[0] != outputs) {
                    throw attributes.refuse(
                            "the bias is " + Arrays.toString(extents(2)) + ", expected [" + outputs + "]");
                }
                parameters.put("bias", importer.parameter(item(2), true, outputs));
            }
            return importer.append(node, operation, List.of(input), parameters);
        }
        if (lead() == 1) {
            throw attributes.refuse("weight and bias must be initialisers; run the model as a session");
        }
        Value weights = view(value(1), weight);
        return bias ? append(operation, input, weights, value(2)) : append(operation, input, weights);
    }

    void transposed() {
        int axes = spatial(0);
        int[] weight = extents(1);
        int group = attributes.small("group", 1);
        if (weight.length != axes + 2 || weight[0] < 1 || weight[1] < 1 || group < 1) {
            throw attributes.refuse("the weight is " + Arrays.toString(weight) + " with group " + group
                    + ", expected [C, K/group" + ", KH".repeat(axes) + "]");
        }
        Value input = image(value(0), axes);
        Spatial.Enlarged large =
                new Spatial(attributes, axes, last(weight, axes)).enlarged(last(value(0).shape(), axes));
        int outputs = Math.multiplyExact(weight[1], group);
        Operation operation =
                new Operation.ConvTranspose(weight[0], outputs, large.window(), group, large.height(), large.width());
        Value result = weighted(operation, input, axes == 2 ? weight : widened(weight), false);
        if (has(2)) {
            result = isKnown(2)
                    ? importer.append(
                            node,
                            new Operation.ChannelBias(),
                            List.of(result),
                            Map.of("bias", importer.parameter(item(2), true, outputs)))
                    : append(new Operation.ChannelBias(), result, value(2));
        }
        put(restored(result, axes));
    }

    void maxPool() {
        int axes = spatial(0);
        Value input = image(value(0), axes);
        int[] shape = input.shape();
        Window window = new Spatial(attributes, axes, null).window(last(value(0).shape(), axes));
        Value pooled = append(new Operation.MaxPool(window, attributes.whole("ceil_mode", 0) != 0), input);
        put(restored(pooled, axes));
        if (wants(1)) {
            Value argmax = restored(append(new Operation.Argmax(), pooled), axes);
            int[] result = pooled.shape();
            Item.Offsets offsets = new Item.Offsets(
                    shape[shape.length - 2] * shape[shape.length - 1],
                    result[result.length - 2] * result[result.length - 1],
                    attributes.whole("storage_order", 0) == 0 ? 0 : shape[shape.length - 1]);
            put(1, new Item(node.outputs().get(1), null, argmax, offsets));
        }
    }

    void averagePool() {
        int axes = spatial(0);
        Value input = image(value(0), axes);
        Window window = new Spatial(attributes, axes, null).window(last(value(0).shape(), axes));
        boolean ceil = attributes.whole("ceil_mode", 0) != 0;
        boolean counted = attributes.whole("count_include_pad", 0) != 0;
        put(restored(append(new Operation.AveragePool(window, ceil, counted), input), axes));
    }

    /** Pooling over all spatial axes, any number of them. */
    void global(boolean max) {
        int[] shape = value(0).shape();
        int leading = 2 - lead();
        if (shape.length < leading + 1) {
            throw attributes.refuse("takes [N, C, ...], got rank " + (shape.length + lead()));
        }
        int[] result = shape.clone();
        Arrays.fill(result, leading, shape.length, 1);
        put(pooled(max, value(0), product(Arrays.copyOf(shape, leading)), result));
    }

    /** The mean along axes, as exporters write global pooling among others. */
    void mean() {
        int[] extents = extents(0);
        long[] axes = axes();
        if (axes == null || axes.length == 0) {
            if (attributes.whole("noop_with_empty_axes", 0) != 0) {
                put(value(0));
                return;
            }
            axes = LongStream.range(0, extents.length).toArray();
        }
        int[] shape = value(0).shape();
        boolean[] gone = new boolean[shape.length];
        for (long axis : axes) {
            gone[sampleAxis(axis(axis, extents.length))] = true;
        }
        List<Integer> order = new ArrayList<>();
        List<Integer> behind = new ArrayList<>();
        List<Integer> result = new ArrayList<>();
        int left = 1;
        boolean keep = attributes.whole("keepdims", 1) != 0;
        for (int i = 0; i < shape.length; i++) {
            (gone[i] ? behind : order).add(i);
            left *= gone[i] ? 1 : shape[i];
            if (keep || !gone[i]) {
                result.add(gone[i] ? 1 : shape[i]);
            }
        }
        order.addAll(behind);
        boolean sorted = order.equals(order.stream().sorted().toList());
        Value moved = sorted ? value(0) : append(new Operation.Permute(order), value(0));
        put(pooled(false, moved, left, result.stream().mapToInt(i -> i).toArray()));
    }

    /** Pools what lies behind the first {@code planes} elements, in the shape of the result. */
    private Value pooled(boolean max, Value input, int planes, int... result) {
        int count = product(input.shape()) / Math.max(1, planes);
        Value flat = lead() == 1 ? view(input, planes, 1, count) : view(input, 1, planes, 1, count);
        Window window = Window.of(1, count);
        return view(
                append(
                        max ? new Operation.MaxPool(window, false) : new Operation.AveragePool(window, false, false),
                        flat),
                result);
    }

    void maxUnpool() {
        int axes = spatial(0);
        Item offsets = item(1);
        if (offsets.value() == null || offsets.offsets() == null) {
            throw attributes.refuse("input '" + offsets.name() + "' must be an input or the Indices of MaxPool");
        }
        if (offsets.offsets().width() != 0) {
            throw attributes.refuse("Indices in column-major order (storage_order 1) are not supported here");
        }
        Value input = image(value(0), axes);
        int[] plane = new Spatial(attributes, axes, null).unpooled(last(value(0).shape(), axes));
        int[] output = plane;
        if (has(2)) {
            int[] wanted = attributes.ints("output_shape", wholes(2));
            if (wanted.length != axes + 2) {
                throw attributes.refuse("output_shape " + Arrays.toString(wanted) + " has another rank");
            }
            output = last(wanted, axes);
        }
        int from = axes - 1;
        Operation.Unpool unpool =
                new Operation.Unpool(axes == 2 ? plane[0] : 1, plane[from], axes == 2 ? output[0] : 1, output[from]);
        Value where = image(offsets.value(), axes);
        put(restored(append(unpool, input, where), axes));
    }

    void batchNormalization() {
        if (attributes.whole("training_mode", 0) != 0 || wants(1)) {
            throw attributes.refuse("training mode (statistics of the batch) is not supported, only inference");
        }
        if (importer.opset() < 9 && attributes.whole("spatial", 1) == 0) {
            throw attributes.refuse("statistics per element (spatial 0) are not supported");
        }
        int[] shape = value(0).shape();
        int leading = 2 - lead();
        if (shape.length < leading) {
            throw attributes.refuse("takes [N, C, ...], got rank " + (shape.length + lead()));
        }
        int[] flat = Arrays.copyOf(shape, leading + 2);
        flat[leading] = product(Arrays.copyOfRange(shape, leading, shape.length));
        flat[leading + 1] = 1;
        Operation norm = new Operation.ChannelNorm(attributes.real("epsilon", 1e-5));
        Value input = view(value(0), flat);
        boolean known = true;
        for (int i = 1; i <= 4; i++) {
            known &= isKnown(i);
        }
        Value result;
        if (known) {
            Map<String, Parameter> parameters = new HashMap<>();
            for (int i = 1; i <= 4; i++) {
                parameters.put(norm.slots().get(i), importer.parameter(item(i), false, flat[leading - 1]));
            }
            result = importer.append(node, norm, List.of(input), parameters);
        } else {
            if (lead() == 1) {
                throw attributes.refuse(
                        "scale, bias, mean and variance must be initialisers; run the model as a session");
            }
            result = append(norm, input, value(1), value(2), value(3), value(4));
        }
        put(view(result, shape));
    }
}
