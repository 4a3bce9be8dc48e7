package dev.clave.internal.opencl;

import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;

/** Tries java.lang.foreign; nothing here or below touches JOCL or JNI. */
final class FfmBinding {
    private FfmBinding() {}

    static BindingAttempt open() {
        if (ValueLayout.ADDRESS.byteSize() != 8) {
            return BindingAttempt.missing("needs a 64-bit JVM");
        }
        Module module = FfmBinding.class.getModule();
        boolean enabled = module.isNativeAccessEnabled();
        String flag = "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        try {
            StringBuilder name = new StringBuilder();
            SymbolLookup library = FfmLibrary.find(name);
            if (!enabled) {
                name.append("; the JVM may warn, start it with ").append(flag);
            }
            return BindingAttempt.taken(new FfmOpenCl(new FfmCalls(library), FfmSignals.save()), name.toString());
        } catch (IllegalCallerException e) {
            return BindingAttempt.missing("native access is denied, start Java with " + flag);
        } catch (FfmLibrary.NotFound e) {
            return BindingAttempt.missing(e.getMessage());
        }
    }
}
