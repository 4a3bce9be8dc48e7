package dev.clave.djl;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/**
 * The engine {@value #NAME}. DJL's devices say nothing of OpenCL: the option {@code device} of a model chooses where it runs,
 * by the names of {@link dev.clave.Device#open(String)}.
 */
public final class ClaveEngine extends Engine {
    /** Name for {@code Criteria.optEngine} and {@code Model.newInstance}. */
    public static final String NAME = "Clave";

    /** As the other engines that leave operations on arrays to another one. */
    static final int RANK = 10;

    private Engine alternative;
    private boolean looked;

    ClaveEngine() {}

    @Override
    public synchronized Engine getAlternativeEngine() {
        if (!looked) {
            Engine first = Engine.getInstance();
            alternative = first.getRank() < RANK ? first : null;
            looked = true;
        }
        return alternative;
    }

    @Override
    public String getEngineName() {
        return NAME;
    }

    @Override
    public int getRank() {
        return RANK;
    }

    @Override
    public String getVersion() {
        String version = dev.clave.Device.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }

    @Override
    public boolean hasCapability(String capability) {
        return false;
    }

    @Override
    public Model newModel(String name, Device device) {
        return new ClaveModel(name, newBaseManager(device));
    }

    @Override
    public NDManager newBaseManager() {
        return newBaseManager(null);
    }

    @Override
    public NDManager newBaseManager(Device device) {
        return ClaveNDManager.system().newSubManager(device);
    }

    @Override
    public String toString() {
        return NAME + " " + getVersion() + ", " + dev.clave.Device.bindingReport();
    }
}
