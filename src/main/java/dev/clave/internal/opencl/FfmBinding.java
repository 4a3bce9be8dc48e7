package dev.clave.internal.opencl;

/** The binding over java.lang.foreign as Java 17 to 21 sees it. The jar holds another one for 22 and newer. */
final class FfmBinding {
    private FfmBinding() {}

    static BindingAttempt open() {
        int feature = Runtime.version().feature();
        return BindingAttempt.missing(
                feature < 22
                        ? "needs JDK 22 or newer, this is " + feature
                        : "these classes hold none; take the jar, built by JDK 22 or newer");
    }
}
