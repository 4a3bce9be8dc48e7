package dev.clave.internal.opencl;

import dev.clave.Device;
import dev.clave.DeviceException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The OpenCL devices of this machine, found defensively: whatever is broken is skipped and named in the reason. */
public final class OpenClDevices {
    private final @Nullable OpenCl api;
    private final List<Entry> entries = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();

    private record Entry(Object platform, Object device, Device.Info info) {}

    private OpenClDevices(@Nullable OpenCl api) {
        this.api = api;
    }

    /** Looks at every platform. Never throws because of a broken installation. */
    public static OpenClDevices find() {
        OpenCl api;
        try {
            api = new JoclOpenCl();
        } catch (LinkageError e) {
            OpenClDevices none = new OpenClDevices(null);
            none.skipped.add("the OpenCL library cannot be loaded ("
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse("no message") + ")");
            return none;
        }
        OpenClDevices found = new OpenClDevices(api);
        found.scan(api);
        return found;
    }

    private void scan(OpenCl cl) {
        List<Object> platforms;
        try {
            platforms = cl.platforms();
        } catch (DeviceException e) {
            skipped.add(String.valueOf(e.getMessage()));
            return;
        } catch (LinkageError e) {
            skipped.add("the OpenCL library cannot be used (" + e.getMessage() + ")");
            return;
        }
        if (platforms.isEmpty()) {
            skipped.add("no OpenCL platform is installed");
        }
        for (Object platform : platforms) {
            try {
                String name = cl.platformString(platform, OpenCl.PLATFORM_NAME);
                List<Object> devices = cl.devices(platform);
                if (devices.isEmpty()) {
                    skipped.add("platform " + name + " has no device");
                }
                for (Object device : devices) {
                    add(cl, platform, name, device);
                }
            } catch (DeviceException e) {
                skipped.add("a platform does not answer: " + e.getMessage());
            }
        }
    }

    private void add(OpenCl cl, Object platform, String platformName, Object device) {
        String name = cl.deviceString(device, OpenCl.DEVICE_NAME);
        if (cl.deviceLong(device, OpenCl.DEVICE_COMPILER_AVAILABLE) == 0) {
            skipped.add(name + " has no compiler");
            return;
        }
        boolean fp64 = cl.deviceLong(device, OpenCl.DEVICE_DOUBLE_FP_CONFIG) != 0;
        int width = (int) cl.deviceLong(device, OpenCl.DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
        entries.add(new Entry(
                platform,
                device,
                new Device.Info(
                        "opencl",
                        platformName,
                        name,
                        cl.deviceString(device, OpenCl.DRIVER_VERSION),
                        cl.binding(),
                        fp64,
                        width)));
    }

    /** What was found, in the order of indices. */
    public List<Device.Info> infos() {
        return entries.stream().map(Entry::info).toList();
    }

    /** What was skipped and why; empty when nothing was. */
    public String reason() {
        return String.join("; ", skipped);
    }

    /** Opens the device of an index. */
    public Device open(int index) {
        if (api == null) {
            throw new DeviceException("no OpenCL device: " + reason());
        }
        Entry entry = entries.get(index);
        return new OpenClDevice(api, entry.platform(), entry.device(), entry.info());
    }
}
