package dev.clave.check.junit;

import dev.clave.Device;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Runs a {@link GradientChecked} method once for each device. */
public final class GradientCheckExtension implements TestTemplateInvocationContextProvider {
    private static final Namespace NAMESPACE = Namespace.create(GradientCheckExtension.class);

    /** For JUnit. */
    public GradientCheckExtension() {}

    /** The devices of a whole run, by selector; opened when they are first asked for. JUnit closes them. */
    private static final class Devices implements AutoCloseable {
        private final Map<String, Device> opened = new LinkedHashMap<>();

        synchronized Device device(String selector) {
            return opened.computeIfAbsent(selector, Device::open);
        }

        @Override
        public synchronized void close() {
            opened.values().forEach(Device::close);
            opened.clear();
        }
    }

    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
        return context.getTestMethod()
                .map(method -> method.isAnnotationPresent(GradientChecked.class))
                .orElse(false);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(ExtensionContext context) {
        GradientChecked wanted = context.getRequiredTestMethod().getAnnotation(GradientChecked.class);
        Devices devices = devices(context);
        return selectors(wanted).stream().map(selector -> new Run(selector, devices));
    }

    private static List<String> selectors(GradientChecked wanted) {
        if (wanted.devices().length > 0) {
            return List.of(wanted.devices());
        }
        List<String> selectors = new ArrayList<>(List.of("cpu"));
        int count = Device.list().size();
        for (int i = 0; i < count; i++) {
            selectors.add(String.valueOf(i));
        }
        if (count == 0) {
            System.out.println("gradients are checked on the CPU alone: " + Device.listReason());
        }
        return selectors;
    }

    private static Devices devices(ExtensionContext context) {
        // Only what JUnit 5 and 6 both have.
        ExtensionContext.Store store = context.getRoot().getStore(NAMESPACE);
        synchronized (GradientCheckExtension.class) {
            Devices devices = store.get(Devices.class, Devices.class);
            if (devices == null) {
                devices = new Devices();
                store.put(Devices.class, devices);
            }
            return devices;
        }
    }

    /** One run of the method. */
    private record Run(String selector, Devices devices) implements TestTemplateInvocationContext {
        @Override
        public String getDisplayName(int index) {
            return "on " + devices.device(selector).name();
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(new Parameters(new Gradients(devices.device(selector))));
        }
    }

    /** Hands out the device and looks whether it was used. */
    private record Parameters(Gradients gradients) implements ParameterResolver, AfterTestExecutionCallback {
        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            Class<?> type = parameter.getParameter().getType();
            return type == Gradients.class || type == Device.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            return parameter.getParameter().getType() == Device.class ? gradients.device() : gradients;
        }

        @Override
        public void afterTestExecution(ExtensionContext context) {
            if (gradients.checks() == 0 && context.getExecutionException().isEmpty()) {
                throw new AssertionError(context.getDisplayName() + ": no gradient was checked");
            }
        }
    }
}
