package dev.clave.op;

import java.util.List;

/** What an operator computes: sizes and options, validated. Implementations are records. */
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
     * @param direction {@code forward} or one of the backward ones
     * @param format precision and layout of the tensors
     */
    Problem problem(String direction, Format format);
}
