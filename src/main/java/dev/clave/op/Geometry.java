package dev.clave.op;

import java.util.List;

/** What an operator computes: sizes and options, validated. Implementations are records. */
public interface Geometry {
    /** Name in the catalogue, for example {@code conv2d}. */
    String operator();

    /** {@code forward} first, then the backward and other directions this geometry has. */
    List<String> directions();

    /** The problem of one direction with its tensors. */
    Problem problem(String direction, Format format);
}
