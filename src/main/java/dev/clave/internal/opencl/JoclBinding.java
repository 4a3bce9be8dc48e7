package dev.clave.internal.opencl;

/** Tries JOCL without touching its classes before it is known that they are there. */
final class JoclBinding {
    private JoclBinding() {}

    static BindingAttempt open() {
        try {
            Class.forName("org.jocl.CL", false, JoclBinding.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return BindingAttempt.missing("org.jocl:jocl is not on the class path");
        }
        try {
            return BindingAttempt.taken(new JoclOpenCl(), "org.jocl");
        } catch (LinkageError e) {
            return BindingAttempt.missing("the OpenCL library cannot be loaded (" + reason(e)
                    + "); install an OpenCL loader, for example ocl-icd-libopencl1");
        }
    }

    /** The first failure is an UnsatisfiedLinkError; later ones only say that the class is unusable and carry it. */
    private static String reason(LinkageError error) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return String.valueOf(cause.getMessage())
                .lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse("no message");
    }
}
