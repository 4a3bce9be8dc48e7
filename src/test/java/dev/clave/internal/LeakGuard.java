package dev.clave.internal;

import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** In every test: a leak report that the test did not expect fails it. */
public final class LeakGuard implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static LeakReports reports(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.create(LeakGuard.class))
                .computeIfAbsent(LeakReports.class, key -> new LeakReports(), LeakReports.class);
    }

    static void expectNone(LeakReports reports) {
        List<String> found = reports.take();
        if (!found.isEmpty()) {
            throw new AssertionError(String.join("\n", found));
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        reports(context);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        expectNone(reports(context));
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == LeakReports.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return reports(context);
    }
}
