package dev.clave.internal.opencl;

import dev.clave.Device;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The first device of this machine behind a driver that lies: limits of kernels are smaller, barriers do not hold. */
public final class PlantedDriver {
    private final Map<Long, String> kernels = new ConcurrentHashMap<>();
    private final List<String> launches = new ArrayList<>();
    private final long mostItems;
    private final boolean withoutBarriers;

    /**
     * A driver.
     *
     * @param mostItems what every kernel allows at most in a work-group
     * @param withoutBarriers takes barriers out of all sources
     */
    public PlantedDriver(long mostItems, boolean withoutBarriers) {
        this.mostItems = mostItems;
        this.withoutBarriers = withoutBarriers;
    }

    /** Kernel and size of the work-group of each launch. */
    public List<String> launches() {
        return launches;
    }

    /**
     * Opens it.
     *
     * @param folder for programs: those of this driver are no good for others
     */
    public OpenClDevice open(Path folder) {
        OpenCl real = Bindings.choose(Bindings.wanted()).api();
        OpenCl planted = (OpenCl) Proxy.newProxyInstance(
                OpenCl.class.getClassLoader(), new Class<?>[] {OpenCl.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("kernelWorkGroup")) {
                        return Math.min(mostItems, real.kernelWorkGroup((long) arguments[0], (long) arguments[1]));
                    }
                    if (method.getName().equals("buildProgram") && withoutBarriers) {
                        arguments[2] = ((String) arguments[2]).replaceAll("barrier\\(CLK_\\w+\\);", ";");
                    }
                    if (method.getName().equals("enqueue")) {
                        launches.add(kernels.get((long) arguments[1]) + " " + ((long[]) arguments[3])[0]);
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        if (method.getName().equals("createKernel")) {
                            kernels.put((long) result, (String) arguments[1]);
                        }
                        return result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        long platform = planted.platforms()[0];
        long device = planted.devices(platform)[0];
        Device.Info known = Device.list().get(0);
        return new OpenClDevice(
                planted,
                platform,
                device,
                new Device.Info(
                        "opencl",
                        "Planted",
                        known.name(),
                        known.driver(),
                        known.binding(),
                        known.fp64(),
                        known.vectorWidth()),
                ProgramCache.in(folder, 0));
    }
}
