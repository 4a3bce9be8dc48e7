package dev.clave.nn;

import dev.clave.DType;
import dev.clave.Device;
import dev.clave.FormatException;
import dev.clave.Shape;
import dev.clave.Tensor;
import dev.clave.internal.rng.Philox;
import dev.clave.io.Safetensors;
import dev.clave.op.Activation;
import dev.clave.op.AvgPool2d;
import dev.clave.op.Conv2d;
import dev.clave.op.Format;
import dev.clave.op.Geometry;
import dev.clave.op.Invocation;
import dev.clave.op.MaxPool2d;
import dev.clave.op.Operators;
import dev.clave.op.Problem;
import dev.clave.op.Slot;
import dev.clave.op.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A network compiled for a device and a batch: buffers, candidates and arguments are decided once, {@link #forward} and
 * {@link #backward} only enqueue. Parameters and gradients lie in one buffer each, so that an optimizer is one launch.
 */
final class Plan implements AutoCloseable {
    /** Where a parameter lies. */
    record Parameter(String name, Shape shape, int first, int fanIn) {}

    private final Device device;
    private final Format format;
    private final int batch;
    private final List<Tensor> owned = new ArrayList<>();
    private final List<Invocation> forward = new ArrayList<>();
    private final List<Invocation> backward = new ArrayList<>();
    private final List<Parameter> parameters = new ArrayList<>();
    private final Map<String, Tensor> views = new LinkedHashMap<>();
    private final Tensor parameterBuffer;
    private final @Nullable Tensor gradientBuffer;
    private final Tensor input;
    private final Tensor output;
    private final @Nullable Tensor outputGradient;

    /**
     * @param shared parameters of another plan of the same network on the same device, null to own them
     * @param training whether there is a backward pass
     */
    Plan(Device device, List<Layer> layers, int batch, int height, int width, @Nullable Plan shared, boolean training) {
        this.device = device;
        this.batch = batch;
        this.format =
                new Format(DType.F32, device.isOpenCl() ? lanes(device.info().vectorWidth()) : 1);
        int total = layout(layers, height, width);
        this.parameterBuffer =
                shared == null ? own(device.allocate(DType.F32, Shape.of(total))) : shared.parameterBuffer;
        this.gradientBuffer = training ? own(device.allocate(DType.F32, Shape.of(total))) : null;
        if (gradientBuffer != null) {
            gradientBuffer.write(new float[total]); // the gaps between parameters stay 0
        }
        int[] shape = {1, height, width};
        Tensor value = own(device.allocate(DType.F32, format.samples(batch, shape)));
        this.input = value;
        @Nullable Tensor gradient = null;
        List<List<Invocation>> backwardByLayer = new ArrayList<>();
        for (Layer layer : layers) {
            List<Invocation> steps = new ArrayList<>();
            Geometry geometry = geometry(layer, shape);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("input", value);
            bindParameters(layer, tensors);
            if (geometry instanceof AvgPool2d pool) {
                double[] reciprocals = pool.reciprocals();
                tensors.put(
                        "reciprocal",
                        own(device.allocate(DType.F32, Shape.of(reciprocals.length))
                                .write(reciprocals)));
            }
            forward.add(prepare(geometry, "forward", tensors));
            if (training) {
                Tensor made = java.util.Objects.requireNonNull(tensors.get("output"));
                Tensor gradOutput = own(device.allocate(DType.F32, made.shape()));
                tensors.put("gradOutput", gradOutput);
                if (gradient != null) {
                    tensors.put("gradInput", gradient);
                }
                for (String direction : geometry.directions()) {
                    boolean needless = direction.equals("backwardInput") && gradient == null;
                    if (!direction.equals("forward") && !needless) {
                        steps.add(prepare(geometry, direction, tensors));
                    }
                }
                gradient = gradOutput;
            }
            backwardByLayer.add(steps);
            value = java.util.Objects.requireNonNull(tensors.get("output"));
            shape = outputShape(geometry);
        }
        Collections.reverse(backwardByLayer);
        backwardByLayer.forEach(backward::addAll);
        this.output = value;
        this.outputGradient = gradient;
    }

    /** The device's vector width, at most 16 and at least 1, as a power of two. */
    private static int lanes(int width) {
        return Integer.highestOneBit(Math.max(1, Math.min(width, 16)));
    }

    private Tensor own(Tensor tensor) {
        owned.add(tensor);
        return tensor;
    }

    private Invocation prepare(Geometry geometry, String direction, Map<String, Tensor> tensors) {
        Problem problem = geometry.problem(direction, format);
        Invocation invocation = Operators.prepare(device, problem);
        for (Slot slot : problem.slots()) {
            Tensor tensor =
                    tensors.computeIfAbsent(slot.name(), name -> own(device.allocate(slot.dtype(), slot.shape())));
            invocation.bind(slot.name(), tensor);
        }
        return invocation;
    }

    private Geometry geometry(Layer layer, int[] in) {
        if (layer instanceof Layer.Convolution conv) {
            return new Conv2d(batch, in[0], in[1], in[2], conv.outputChannels(), conv.window());
        }
        if (layer instanceof Layer.Linear linear) {
            // A matrix product over samples is a 1x1 convolution of one pixel; flattening changes no address.
            return new Conv2d(batch, in[0] * in[1] * in[2], 1, 1, linear.outputs(), Window.of(1, 1));
        }
        if (layer instanceof Layer.Activate activate) {
            return new Activation(activate.kind(), batch, in[0] * in[1] * in[2], 0);
        }
        if (layer instanceof Layer.MaxPool pool) {
            return new MaxPool2d(batch, in[0], in[1], in[2], pool.window(), false);
        }
        return new AvgPool2d(batch, in[0], in[1], in[2], ((Layer.AveragePool) layer).window(), false, true);
    }

    private int[] lastShape = {1, 1, 1};

    private int[] outputShape(Geometry geometry) {
        if (geometry instanceof Conv2d g) {
            lastShape = new int[] {g.k(), g.oh(), g.ow()};
        } else if (geometry instanceof MaxPool2d g) {
            lastShape = new int[] {g.c(), g.oh(), g.ow()};
        } else if (geometry instanceof AvgPool2d g) {
            lastShape = new int[] {g.c(), g.oh(), g.ow()};
        }
        return lastShape.clone();
    }

    /** Assigns places to parameters and returns the length of their buffer. */
    private int layout(List<Layer> layers, int height, int width) {
        int[] shape = {1, height, width};
        int next = 0;
        int step = device.viewAlignment() / 4 + (device.viewAlignment() % 4 == 0 ? 0 : 1);
        for (Layer layer : layers) {
            Geometry geometry = geometry(layer, shape);
            if (geometry instanceof Conv2d g) {
                Shape weight = layer instanceof Layer.Linear ? Shape.of(g.k(), g.c()) : g.weightShape();
                int fanIn = weight.elements() / g.k();
                for (Object[] part : new Object[][] {{"weight", weight}, {"bias", Shape.of(g.k())}}) {
                    Shape extents = (Shape) part[1];
                    parameters.add(new Parameter(layer.name() + "." + part[0], extents, next, fanIn));
                    next += (extents.elements() + step - 1) / step * step;
                }
            }
            shape = outputShape(geometry);
        }
        return next;
    }

    private void bindParameters(Layer layer, Map<String, Tensor> tensors) {
        for (Parameter parameter : parameters) {
            if (parameter.name().startsWith(layer.name() + ".")) {
                String part = parameter.name().substring(layer.name().length() + 1);
                Tensor view = own(parameterBuffer.view(parameter.first(), parameter.shape()));
                views.put(parameter.name(), view);
                tensors.put(part, view);
                if (gradientBuffer != null) {
                    String slot = part.equals("weight") ? "gradWeight" : "gradBias";
                    Tensor gradient = own(gradientBuffer.view(parameter.first(), parameter.shape()));
                    views.put("grad." + parameter.name(), gradient);
                    tensors.put(slot, gradient);
                }
            }
        }
    }

    /** PyTorch's default: uniform in +-1/sqrt(fan in), weights and biases (He et al., 2015, with a = sqrt(5)). */
    void initialise(long seed) {
        float[] values = new float[parameterBuffer.shape().elements()];
        int stream = 1;
        for (Parameter parameter : parameters) {
            Philox random = new Philox(seed, stream++);
            float bound = (float) (1 / Math.sqrt(parameter.fanIn()));
            for (int i = 0; i < parameter.shape().elements(); i++) {
                values[parameter.first() + i] = (2 * random.nextFloat() - 1) * bound;
            }
        }
        parameterBuffer.write(values);
    }

    /** Takes weights; checks all of them before it changes any. */
    void load(String source, Safetensors weights) {
        for (Parameter parameter : parameters) {
            if (!weights.names().contains(parameter.name())) {
                throw new FormatException(
                        source, -1, "tensor '" + parameter.name() + "' is missing; is it another network?");
            }
            if (!weights.shape(parameter.name()).equals(parameter.shape())) {
                throw new FormatException(
                        source,
                        -1,
                        "tensor '" + parameter.name() + "' is " + weights.shape(parameter.name()) + ", expected "
                                + parameter.shape());
            }
        }
        if (weights.names().size() != parameters.size()) {
            throw new FormatException(
                    source, -1, weights.names().size() + " tensors, the network has " + parameters.size());
        }
        for (Parameter parameter : parameters) {
            tensor(parameter.name()).write(weights.floats(parameter.name()));
        }
    }

    void forward() {
        for (Invocation invocation : forward) {
            invocation.run();
        }
    }

    void backward() {
        for (Invocation invocation : backward) {
            invocation.run();
        }
    }

    /** A parameter by its name, or with {@code grad.} before it its gradient. */
    Tensor tensor(String name) {
        Tensor view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("no parameter '" + name + "'; there are " + views.keySet());
        }
        return view;
    }

    List<Parameter> parameters() {
        return Collections.unmodifiableList(parameters);
    }

    Format format() {
        return format;
    }

    Tensor input() {
        return input;
    }

    Tensor output() {
        return output;
    }

    Tensor outputGradient() {
        return java.util.Objects.requireNonNull(outputGradient, "plan without backward");
    }

    Tensor parameterBuffer() {
        return parameterBuffer;
    }

    Tensor gradientBuffer() {
        return java.util.Objects.requireNonNull(gradientBuffer, "plan without backward");
    }

    @Override
    public void close() {
        forward.forEach(Invocation::close);
        backward.forEach(Invocation::close);
        Collections.reverse(owned);
        owned.forEach(Tensor::close);
        owned.clear();
    }
}
