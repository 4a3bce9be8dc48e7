package dev.clave.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.internal.NDArrayEx;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** DJL's second interface of an array: stacking and joining are ours, the rest another engine's, where there is one. */
final class ArrayExtras {
    private ArrayExtras() {}

    /** {@code others} is another engine's, or null. */
    static NDArrayEx of(ClaveNDArray array, NDArrayEx others) {
        return (NDArrayEx) Proxy.newProxyInstance(
                ArrayExtras.class.getClassLoader(), new Class<?>[] {NDArrayEx.class}, (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "getArray":
                            return array;
                        case "stack":
                            return stack(array, (NDList) arguments[0], arguments.length > 1 ? (int) arguments[1] : 0);
                        case "concat":
                            return array.joined((NDList) arguments[0], arguments.length > 1 ? (int) arguments[1] : 0);
                        default:
                            break;
                    }
                    if (others != null) {
                        try {
                            return method.invoke(others, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }
                    if (method.isDefault()) {
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    throw NoOtherEngine.refusal(method.getName());
                });
    }

    private static NDArray stack(ClaveNDArray array, NDList others, int axis) {
        NDList more = new NDList();
        others.forEach(other -> more.add(array.getManager().from(other).expandDims(axis)));
        return ((ClaveNDArray) array.expandDims(axis)).joined(more, axis);
    }
}
