package dev.clave.internal.opencl;

/** Tries JOCL without touching its classes before it is known that they are there. */
final class JoclBinding {
    private JoclBinding() {}

    static BindingAttempt open() {
        Module module;
        try {
            module = Class.forName("org.jocl.CL", false, JoclBinding.class.getClassLoader())
                    .getModule();
        } catch (ClassNotFoundException e) {
            return BindingAttempt.missing("org.jocl:jocl is not on the class path");
        }
        try {
            return BindingAttempt.taken(new JoclOpenCl(), "org.jocl");
        } catch (LinkageError e) {
            return BindingAttempt.missing(reason(e, module));
        }
    }

    /** The first failure is an UnsatisfiedLinkError; later ones only say that the class is unusable and carry it. */
    private static String reason(LinkageError error, Module module) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = String.valueOf(cause.getMessage());
        if (message.contains("IllegalCallerException")) {
            return "native access is denied, start Java with --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        }
        // JOCL's message is a page long and ends in what the system's linker said.
        String line = message.lines()
                .map(String::strip)
                .filter(text -> text.contains("libOpenCL") || text.contains("OpenCL.dll"))
                .findFirst()
                .orElse(message.lines().findFirst().orElse("no message"));
        return "the OpenCL library cannot be loaded (" + line
                + "); install an OpenCL loader, for example ocl-icd-libopencl1";
    }
}
