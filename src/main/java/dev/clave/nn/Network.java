package dev.clave.nn;

import java.util.List;

/**
 * A layer with what it is fed: single-channel 28x28 images, padded by background.
 *
 * @param name in weights files and on the command line
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

    /** Names {@link #of} knows. */
    public static List<String> names() {
        return List.of("relu", "tanh");
    }

    /**
     * A fresh network of a name.
     *
     * @throws IllegalArgumentException when the name is unknown
     */
    public static Network of(String name) {
        return switch (name) {
            case "relu" -> new Network(name, LeNet.relu(CLASSES), SIDE, SIDE, 0);
            case "tanh" -> new Network(name, LeNet.tanh(CLASSES), SIDE, SIDE, 2);
            default -> throw new IllegalArgumentException("unknown network '" + name + "'; there are " + names());
        };
    }

    /** Shape of one sample as the first layer sees it. */
    public int[] inputShape() {
        return new int[] {1, height + 2 * pad, width + 2 * pad};
    }

    Graph graph() {
        return Graph.record(layer, inputShape());
    }
}
