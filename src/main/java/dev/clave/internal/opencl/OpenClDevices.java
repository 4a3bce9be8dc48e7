package dev.clave.internal.opencl;

import dev.clave.Device;
import dev.clave.DeviceException;
import java.util.ArrayList;
import java.util.List;

/** The OpenCL devices of this machine, found defensively: whatever is broken is skipped and named in the reason. */
public final class OpenClDevices {
    private final Bindings binding;
    private final List<Entry> entries = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private boolean opened;

    private record Entry(long platform, long device, Device.Info info, Device.Limits limits) {}

    private OpenClDevices(Bindings binding) {
        this.binding = binding;
    }

    /** The binding that {@code -Dclave.binding} asks for, {@code auto} when it does not. */
    public static String defaultBinding() {
        return Bindings.wanted();
    }

    /**
     * Looks at every platform. Never throws because of a broken installation, unless a binding was forced.
     *
     * @param binding {@code auto}, {@code jocl} or {@code ffm}
     */
    public static OpenClDevices find(String binding) {
        OpenClDevices found = new OpenClDevices(Bindings.choose(binding));
        OpenCl api = found.binding.api();
        if (api == null) {
            found.skipped.add(found.binding.report());
        } else {
            found.scan(api);
        }
        return found;
    }

    /** Refuses a name that {@link #find(String)} would refuse. */
    public static void checkBinding(String binding) {
        Bindings.checked(binding);
    }

    private void scan(OpenCl cl) {
        long[] platforms;
        try {
            platforms = cl.platforms();
        } catch (DeviceException e) {
            skipped.add(String.valueOf(e.getMessage()));
            return;
        } catch (LinkageError e) {
            skipped.add("the OpenCL library cannot be used (" + e.getMessage() + ")");
            return;
        }
        if (platforms.length == 0) {
            skipped.add("no OpenCL platform is installed");
        }
        for (long platform : platforms) {
            try {
                String name = cl.platformString(platform, OpenCl.PLATFORM_NAME);
                long[] devices = cl.devices(platform);
                if (devices.length == 0) {
                    skipped.add("platform " + name + " has no device"
                            + (name.equals("Portable Computing Language")
                                    ? "; PoCL says so too when it cannot write its cache, set POCL_CACHE_DIR to a"
                                            + " directory that can be written"
                                    : ""));
                }
                for (long device : devices) {
                    add(cl, platform, name, device);
                }
            } catch (DeviceException e) {
                skipped.add("a platform does not answer: " + e.getMessage());
            }
        }
    }

    private void add(OpenCl cl, long platform, String platformName, long device) {
        String name = cl.deviceString(device, OpenCl.DEVICE_NAME);
        if (cl.deviceLong(device, OpenCl.DEVICE_COMPILER_AVAILABLE) == 0) {
            skipped.add(name + " has no compiler");
            return;
        }
        entries.add(new Entry(
                platform,
                device,
                info(cl, platformName, device),
                new Device.Limits(
                        cl.platformString(platform, OpenCl.PLATFORM_VERSION),
                        cl.deviceString(device, OpenCl.DEVICE_VERSION),
                        cl.deviceString(device, OpenCl.DEVICE_OPENCL_C_VERSION),
                        cl.deviceLong(device, OpenCl.DEVICE_GLOBAL_MEM_SIZE),
                        cl.deviceLong(device, OpenCl.DEVICE_MAX_MEM_ALLOC_SIZE),
                        cl.deviceLong(device, OpenCl.DEVICE_LOCAL_MEM_SIZE),
                        cl.deviceLong(device, OpenCl.DEVICE_MAX_WORK_GROUP_SIZE),
                        (int) cl.deviceLong(device, OpenCl.DEVICE_MAX_COMPUTE_UNITS))));
    }

    /** What a device is called. */
    static Device.Info info(OpenCl cl, String platformName, long device) {
        return new Device.Info(
                "opencl",
                platformName,
                cl.deviceString(device, OpenCl.DEVICE_NAME),
                cl.deviceString(device, OpenCl.DRIVER_VERSION),
                cl.binding(),
                cl.deviceLong(device, OpenCl.DEVICE_DOUBLE_FP_CONFIG) != 0,
                (int) cl.deviceLong(device, OpenCl.DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
    }

    /** What was found, in the order of indices. */
    public List<Device.Info> infos() {
        return entries.stream().map(Entry::info).toList();
    }

    /** Versions and limits, in the order of {@link #infos}. */
    public List<Device.Limits> limits() {
        return entries.stream().map(Entry::limits).toList();
    }

    /** What was skipped and why; empty when nothing was. */
    public String reason() {
        return String.join("; ", skipped);
    }

    /** One line: which binding was taken, which was skipped and why. */
    public String bindingReport() {
        return binding.report();
    }

    /** Opens the device of an index; once per instance, since a binding belongs to one device. */
    public Device open(int index) {
        OpenCl api = binding.api();
        if (api == null || opened) {
            throw api == null
                    ? new DeviceException("no OpenCL device: " + reason())
                    : new IllegalStateException("a device was opened already; find the devices again for another");
        }
        Entry entry = entries.get(index);
        opened = true;
        return new OpenClDevice(api, entry.platform(), entry.device(), entry.info());
    }
}
