package dev.clave.nn;

import dev.clave.FormatException;
import java.nio.file.Path;
import java.util.List;

/**
 * A layer with what it is fed: single-channel 28x28 images, padded by background.
 *
 * @param name in weights files and on the command line
 * @param layer what computes
 * @param height pixels of an image from top to bottom, without padding
 * @param width pixels of an image from left to right, without padding
 * @param pad background pixels added on each side
 */
public record Network(String name, Layer layer, int height, int width, int pad) {
    private static final int SIDE = 28;
    private static final int CLASSES = 10;

    /** Checks sizes. */
    public Network {
        if (height < 1 || width < 1 || pad < 0) {
            throw new IllegalArgumentException("network " + name
                    + ": images are at least 1x1 and padding at least 0, got " + height + "x" + width + " and " + pad);
        }
    }

    /** {@return names {@link #of} knows} */
    public static List<String> names() {
        return List.of("relu", "tanh");
    }

    /**
     * {@return a fresh network of a name}
     *
     * @param name {@code relu} or {@code tanh}
     * @throws IllegalArgumentException when the name is unknown
     */
    public static Network of(String name) {
        return of(name, 0);
    }

    /**
     * {@return a fresh network of a name with dropout between its linear layers; the parameters are the same without}
     *
     * @param name {@code relu} or {@code tanh}
     * @param dropout share dropped in training, [0, 1)
     * @throws IllegalArgumentException when the name is unknown or the share out of range
     */
    public static Network of(String name, double dropout) {
        return switch (name) {
            case "relu" ->
                new Network(name, new LeNet(CLASSES, LeNet.Form.usual().dropout(dropout)), SIDE, SIDE, 0);
            case "tanh" -> new Network(name, LeNet.tanh(CLASSES, dropout), SIDE, SIDE, 2);
            default -> throw new IllegalArgumentException("unknown network '" + name + "'; there are " + names());
        };
    }

    /**
     * {@return the network whose weights a file holds, by its metadata}
     *
     * @param file the file
     * @throws FormatException when the file is broken or names no known network
     */
    public static Network of(Path file) {
        String name = WeightsFile.read(file).metadata().get("network");
        if (name == null) {
            throw new FormatException(
                    file.toString(), -1, "the metadata names no network; save weights with train --save");
        }
        if (!names().contains(name)) {
            throw new FormatException(file.toString(), -1, "holds network '" + name + "', known are " + names());
        }
        return of(name);
    }

    /** What {@link Model} is told of the input. */
    InputSpec input() {
        return InputSpec.image(1, height + 2 * pad, width + 2 * pad).padded(pad);
    }

    /** {@return shape of one sample as the first layer sees it} */
    public int[] inputShape() {
        return new int[] {1, height + 2 * pad, width + 2 * pad};
    }

    Graph graph() {
        return Graph.record(layer, inputShape());
    }
}
