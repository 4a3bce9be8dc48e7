package dev.clave.djl;

import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDManager;
import java.lang.reflect.Proxy;
import java.util.Optional;

/** Stands where another engine's manager would, and refuses by name what would be left to it. */
final class NoOtherEngine {
    static final NDManager MANAGER = (NDManager) Proxy.newProxyInstance(
            NoOtherEngine.class.getClassLoader(), new Class<?>[] {NDManager.class}, (proxy, method, arguments) -> {
                if (method.getDeclaringClass() == Object.class) {
                    return switch (method.getName()) {
                        case "hashCode" -> System.identityHashCode(proxy);
                        case "equals" -> proxy == arguments[0];
                        default -> "no other engine";
                    };
                }
                if (method.getName().equals("close")) {
                    return null;
                }
                throw refusal(asked().orElse(method.getName()));
            });

    private NoOtherEngine() {}

    static UnsupportedOperationException refusal(String operation) {
        return new UnsupportedOperationException("Clave: NDArray." + operation
                + " is not supported without another engine; put one such as ai.djl.pytorch:pytorch-engine on the class path,"
                + " or compute on toFloatArray()");
    }

    /** The operation DJL's adapter was asked for. */
    private static Optional<String> asked() {
        return StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE)
                .walk(frames -> frames.filter(frame -> frame.getDeclaringClass() == NDArrayAdapter.class
                                && !frame.getMethodName().equals("getAlternativeArray"))
                        .map(StackWalker.StackFrame::getMethodName)
                        .findFirst());
    }
}
