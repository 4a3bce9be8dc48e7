package dev.clave;

/** A file or stream breaks the rules of its format. */
public final class FormatException extends RuntimeException {
    /**
     * A one-line message.
     *
     * @param source file or other name of the input
     * @param offset byte at which the rule is broken, -1 when unknown
     * @param rule what was expected and what was found
     */
    public FormatException(String source, long offset, String rule) {
        super(source + (offset < 0 ? "" : " at byte " + offset) + ": " + rule);
    }
}
