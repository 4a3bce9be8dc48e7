package dev.clave.op;

import dev.clave.Device;
import java.util.List;

/** What an operator computes: sizes and options, validated. Implementations are records, which threads may share. */
public interface Geometry {
    /** {@return name in the catalogue, for example {@code conv2d}} */
    String operator();

    /**
     * {@code forward} first, then the backward and other directions this geometry has.
     *
     * @return the lines
     */
    List<String> directions();

    /**
     * {@return the problem of one direction with its tensors}
     *
     * @param direction one of {@link #directions}
     * @param format type and layout of the real tensors
     * @throws IllegalArgumentException when there is no such direction; the message lists those there are
     */
    Problem problem(String direction, Format format);

    /**
     * {@return one direction in single precision and plain layout, ready to run by the fastest candidate that takes it;
     * other formats and candidates through {@link Operators#prepare}}
     *
     * @param device where its tensors live and it runs
     * @param direction one of {@link #directions}
     * @throws IllegalArgumentException when there is no such direction; the message lists those there are
     */
    default Invocation prepare(Device device, String direction) {
        return Operators.prepare(device, problem(direction, Format.NCHW));
    }
}
